/** Browsers, which open a page that reports to its own server. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bundles } from "./bundles.ts";
import type { Outcome } from "./program.ts";
import { find, output, type Target } from "./target.ts";

const ANSWERS_WITHIN = 120_000;
const CHROMIUM = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

interface Browser {
  readonly name: string;
  readonly commands: readonly string[];
  /** False for one that needs a display, and so gets one that nobody sees. */
  readonly headless?: boolean;
  readonly args: (profile: string, url: string) => readonly string[];
}

const BROWSERS: readonly Browser[] = [
  {
    name: "Chromium",
    commands: ["chromium", "chromium-browser", "google-chrome"],
    args: (profile, url) => [...CHROMIUM, `--user-data-dir=${profile}`, url],
  },
  {
    name: "Firefox",
    commands: ["firefox-esr", "firefox"],
    args: (profile, url) => ["--headless", "--no-remote", "--profile", profile, url],
  },
  {
    name: "WebKitGTK",
    commands: ["/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"],
    headless: false,
    args: (_profile, url) => [url],
  },
];

/** Serves the page and waits for its report. */
function serve(script: string): {
  url: Promise<string>;
  report: Promise<Outcome[]>;
  close: () => void;
} {
  let deliver: (outcomes: Outcome[]) => void;
  let fail: (error: Error) => void;
  const report = new Promise<Outcome[]>((resolve, reject) => {
    deliver = resolve;
    fail = reject;
  });
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      let body = "";
      for await (const chunk of request) body += chunk;
      response.end();
      const answer = JSON.parse(body);
      if (answer.error) fail(new Error(answer.error));
      else deliver(answer);
    } else if (request.url === "/page.js") {
      response.setHeader("content-type", "text/javascript").end(readFileSync(script));
    } else {
      response
        .setHeader("content-type", "text/html")
        .end('<!doctype html><script type="module" src="/page.js"></script>');
    }
  });
  const url = new Promise<string>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as { port: number }).port}/`));
  });
  const timer = setTimeout(() => fail(new Error(`no answer within ${ANSWERS_WITHIN / 1000} s`)), ANSWERS_WITHIN);
  const close = () => {
    clearTimeout(timer);
    server.closeAllConnections();
    server.close();
  };
  return { url, report, close };
}

function target({ name, commands, headless = true, args }: Browser, { page }: Bundles): Target {
  return {
    name,
    run: async () => {
      const command = find(...commands);
      const profile = mkdtempSync(join(tmpdir(), "simd-optim-profile-"));
      const { url, report, close } = serve(page);
      const [program, ...options] = headless ? [command] : [find("xvfb-run"), "-a", command];
      const version = /[\d.]+/.exec(await output(program!, [...options, "--version"]))![0];
      const env = { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: "1" };
      const browser = spawn(program!, [...options, ...args(profile, await url)], {
        detached: true,
        stdio: "ignore",
        env,
      });
      try {
        return { outcomes: await report, version };
      } finally {
        close();
        process.kill(-browser.pid!, "SIGKILL");
      }
    },
  };
}

export function browsers(bundles: Bundles): Target[] {
  return BROWSERS.map((browser) => target(browser, bundles));
}
