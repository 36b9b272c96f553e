/** Pages and realms that forbid things, and what the package does there. docs/hosts.md says it in words. */
import { cpSync } from "node:fs";
import { type BrowserName, type Visit, visit } from "../runtimes/browsers.ts";
import { check } from "./checks.ts";
import { fresh, html, module, sameBits } from "./projects.ts";
import { root, run } from "./tools.ts";

const BROWSERS: readonly BrowserName[] = ["Chromium", "Firefox", "WebKitGTK"];
const POLICY = "default-src 'none'; connect-src 'self'; script-src 'self'";
const COLD_STARTS = 7;

function expectEqual(got: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`got ${a}, expected ${b}`);
}

/** What a visit fetched beside the index page and the icon that browsers look for. */
const fetched = ({ requests }: Visit) => requests.filter((path) => path !== "/" && path !== "/favicon.ico").sort();

async function checkPolicies(installed: string, bits: string): Promise<void> {
  const project = fresh(installed, "policy", { "index.html": module("/out/policy.js") });
  await run(project, "esbuild", "policy.js", "--bundle", "--format=esm", "--splitting", "--minify", "--outdir=out");
  const look = async (name: BrowserName, policy: string) => {
    const seen = await visit(name, project, { headers: { "content-security-policy": policy } });
    return { seen, ...(seen.answer as { trained: { reason: string }; explicit: string }) };
  };
  for (const name of BROWSERS) {
    await check(`CSP without wasm-unsafe-eval, in ${name}: reference, which says why`, async () => {
      const { trained, explicit } = await look(name, POLICY);
      expectEqual(explicit, "BACKEND_UNAVAILABLE");
      if (!/this runtime (forbids compiling|cannot run) WebAssembly \(/.test(trained.reason))
        throw new Error(trained.reason);
      return sameBits(trained, bits, "reference");
    });
    await check(`CSP with wasm-unsafe-eval, in ${name}: simd, and nothing fetched but modules`, async () => {
      const { trained, explicit, seen } = await look(name, `${POLICY} 'wasm-unsafe-eval'`);
      expectEqual(explicit, "simd");
      const paths = fetched(seen).map((path) => path.replace(/-\w+\.js$/, ".js"));
      const unknown = paths.filter((path) => !/^\/out\/(policy|base|chunk)\.js$/.test(path));
      expectEqual(unknown, []);
      return sameBits(trained, bits);
    });
  }
}

async function checkWorkers(installed: string, bits: string): Promise<void> {
  const project = fresh(installed, "workers", { "index.html": module("/workers.js") });
  await run(project, "esbuild", "webWorker.js", "--bundle", "--format=esm", "--splitting", "--outdir=out");
  await run(project, "esbuild", "webWorker.js", "--bundle", "--format=iife", "--outfile=serviceWorker.js");
  for (const name of BROWSERS) {
    await check(`a web worker and a service worker, in ${name}; one that would import on demand is told`, async () => {
      const { web, service, inChunks } = (await visit(name, project)).answer as Record<string, { message: string }>;
      sameBits(web, bits);
      if (!inChunks!.message.endsWith("put all code in one file, as simd-optim/bundle does")) {
        throw new Error(inChunks!.message);
      }
      return sameBits(service, bits);
    });
  }
}

async function checkTwice(installed: string): Promise<void> {
  const project = fresh(installed, "twice", { "index.html": module("/twice.js") });
  for (const copy of ["one", "other"]) cpSync(`${root}dist/bundle.js`, `${project}/${copy}.js`);
  await check("two copies on a page, in Chromium: both work, and refuse each other's objects", async () => {
    const message = "params: got an object of another copy of simd-optim, expected parameters, or a list of them";
    const { refused, ...rest } = (await visit("Chromium", project)).answer as { refused: { message: string } };
    if (!refused.message.startsWith(message)) throw new Error(refused.message);
    expectEqual(rest, { applied: true, other: "simd" });
  });
}

async function checkLockdown(installed: string, bits: string): Promise<void> {
  const ses = new URL("node_modules/ses/index.js", import.meta.url);
  const script = `import "${ses}"; lockdown(); await import("./command.js");`;
  await check("after SES lockdown()", async () =>
    sameBits(JSON.parse(await run(installed, process.execPath, "--input-type=module", "-e", script)), bits),
  );
}

async function checkColdStart(installed: string): Promise<void> {
  const project = fresh(installed, "cold-start", {
    "index.html": html('<script type="module" src="/out/coldStart.js"></script>'),
  });
  await run(project, "esbuild", "coldStart.js", "--bundle", "--format=esm", "--splitting", "--minify", "--outdir=out");
  await check("cold start to the first step, in Chromium", async () => {
    const times: { script: number; navigation: number }[] = [];
    for (let i = 0; i < COLD_STARTS; i++) times.push((await visit("Chromium", project)).answer as (typeof times)[0]);
    const text = (key: "script" | "navigation") => {
      const sorted = times.map((time) => time[key]).sort((a, b) => a - b);
      return `${sorted[0]!.toFixed(1)} ms (median ${sorted[COLD_STARTS >> 1]!.toFixed(1)})`;
    };
    return `${text("script")} from the start of the script, ${text("navigation")} from navigation`;
  });
}

export async function checkHostile(installed: string, bits: string): Promise<void> {
  await checkLockdown(installed, bits);
  await checkPolicies(installed, bits);
  await checkWorkers(installed, bits);
  await checkTwice(installed);
  await checkColdStart(installed);
}
