/** Browsers, which open a page that reports to its own server. */
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bundles } from "./bundles.ts";
import type { Outcome } from "./program.ts";
import { serve } from "./site.ts";
import { find, output, type Target } from "./target.ts";

const CHROMIUM = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

interface Browser {
  readonly name: BrowserName;
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

export type BrowserName = "Chromium" | "Firefox" | "WebKitGTK";

/** What came of a visit to a site. */
export interface Visit {
  readonly version: string;
  /** What the page reported. */
  readonly answer: unknown;
  /** What the browser asked the site for. */
  readonly requests: readonly string[];
}

/** Opens the index page of a folder in a browser and waits for its report. */
export async function visit(name: BrowserName, folder: string, options?: Parameters<typeof serve>[1]): Promise<Visit> {
  const { commands, headless = true, args } = BROWSERS.find((browser) => browser.name === name)!;
  const command = find(...commands);
  const [program, ...before] = headless ? [command] : [find("xvfb-run"), "-a", command];
  const version = /[\d.]+/.exec(await output(program!, [...before, "--version"]))![0];
  const profile = mkdtempSync(join(tmpdir(), "simd-optim-profile-"));
  const { url, report, requests, close } = await serve(folder, options);
  const env = { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: "1" };
  const browser = spawn(program!, [...before, ...args(profile, url)], { detached: true, stdio: "ignore", env });
  try {
    return { version, answer: await report, requests };
  } finally {
    close();
    process.kill(-browser.pid!, "SIGKILL");
  }
}

export function browsers({ page }: Bundles): Target[] {
  return BROWSERS.map(({ name }) => ({
    name,
    run: async () => {
      const { version, answer } = await visit(name, page);
      return { version, outcomes: answer as Outcome[] };
    },
  }));
}
