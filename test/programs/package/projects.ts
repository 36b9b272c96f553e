/** Fresh projects with the package installed from its tarball, each with what its kind of tool does by itself. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { visit } from "../runtimes/browsers.ts";
import { BUILDS } from "../runtimes/bundles.ts";
import { askWorker } from "../runtimes/workerd.ts";
import { check } from "./checks.ts";
import { folder, root, run } from "./tools.ts";

const PACKAGE = '{ "private": true, "type": "module" }';
const node22 = `${root}test/programs/runtimes/node_modules/node22/bin/node`;
export const html = (script: string) => `<!doctype html><meta charset="utf-8"><body>${script}</body>`;
export const module = (src: string) => html(`<script type="module" src="${src}"></script>`);

interface Trained {
  readonly backend: string;
  readonly reason: string;
  readonly bits: string;
}

/** Refuses bits that are not those of Node's first run. */
export function sameBits(answer: unknown, bits: string, backend = "simd"): string {
  const trained = answer as Trained;
  if (trained.bits !== bits || trained.backend !== backend) {
    throw new Error(`got ${JSON.stringify(trained)}, expected ${bits} on ${backend}`);
  }
  return `${trained.bits} on ${trained.backend}`;
}

/** A project where the package is installed, from which the others are copied. */
export async function install(tarball: string): Promise<string> {
  const project = folder("installed", { "package.json": PACKAGE });
  await run(project, "npm", "install", "--offline", "--no-audit", "--no-fund", tarball);
  return project;
}

export function fresh(installed: string, name: string, files: Readonly<Record<string, string>> = {}): string {
  const project = folder(name, { "package.json": PACKAGE, ...files });
  cpSync(join(installed, "node_modules"), join(project, "node_modules"), { recursive: true });
  return project;
}

/** Runtimes with a command line, and workerd. Returns the bits that Node comes to. */
export async function checkRuntimes(installed: string): Promise<string> {
  const { bits } = JSON.parse(await run(installed, process.execPath, "command.js")) as Trained;
  const prints = (name: string, command: string, ...args: string[]) =>
    check(name, async () => sameBits(JSON.parse(await run(installed, command, ...args)), bits));
  await prints("Node", process.execPath, "command.js");
  await prints("Deno", "deno", "run", "command.js");
  await prints("Bun", "bun", "command.js");
  await check("Node 22, by require", async () => {
    const printed = await run(installed, node22, "required.cjs");
    if (printed !== "true") throw new Error(`printed ${printed}`);
  });
  await check("workerd", async () => {
    const project = fresh(installed, "workerd");
    // What wrangler does: the condition, and .wasm files left to be modules of the worker.
    const flags = ["--bundle", "--format=esm", "--conditions=workerd", "--external:*.wasm", "--outfile=worker.mjs"];
    await run(project, "esbuild", "worker.js", ...flags);
    for (const name of BUILDS) cpSync(`${root}build/${name}.wasm`, join(project, `${name}.wasm`));
    return sameBits((await askWorker(project)).answer, bits);
  });
  return bits;
}

/** What TypeScript makes of the types, with no leave for errors in them. */
export async function checkTypeScript(installed: string): Promise<void> {
  const settings = [
    { module: "node16", moduleResolution: "node16" },
    { module: "esnext", moduleResolution: "bundler" },
  ];
  for (const compilerOptions of settings) {
    const { moduleResolution } = compilerOptions;
    await check(`TypeScript, moduleResolution ${moduleResolution}, strict, types of the package checked`, async () => {
      const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
      const options = {
        target: "es2022",
        types: [],
        skipLibCheck: false,
        outDir: "out",
        ...strict,
        ...compilerOptions,
      };
      const tsconfig = JSON.stringify({ compilerOptions: options, files: ["typed.ts"] });
      const project = fresh(installed, `typescript-${moduleResolution}`, { "tsconfig.json": tsconfig });
      await run(project, `${root}node_modules/.bin/tsc`);
      const script = 'import { run } from "./out/typed.js"; console.log((await run()).applied);';
      const printed = await run(project, process.execPath, "--input-type=module", "-e", script);
      if (printed !== "true") throw new Error(`printed ${printed}`);
    });
  }
}

/** Bundlers as they come, and pages without one. What they make runs in Chromium. */
export async function checkBundlers(installed: string, bits: string): Promise<void> {
  const builds = (name: string, index: string, site: string, ...command: [string, ...string[]]) =>
    check(`${name}, in Chromium`, async () => {
      const project = fresh(installed, name.replaceAll(/\W+/g, "-"), { "index.html": index });
      await run(project, ...command);
      return sameBits((await visit("Chromium", join(project, site))).answer, bits);
    });
  await builds("Vite", module("/page.js"), "dist", "vite", "build");
  const classic = html('<script src="/dist/main.js"></script>');
  await builds("webpack", classic, ".", "webpack", "--mode", "production", "--entry", "./page.js");
  const esbuild = ["esbuild", "page.js", "--bundle", "--format=esm", "--outdir=dist"] as const;
  await builds("esbuild", module("/dist/page.js"), ".", ...esbuild);
  await builds("esbuild with splitting", module("/dist/page.js"), ".", ...esbuild, "--splitting", "--minify");
  const rollup = ["rollup", "page.js", "--dir", "dist", "--format", "es", "--plugin", "node-resolve"] as const;
  await builds("Rollup", module("/dist/page.js"), ".", ...rollup);
  const mapped = (imports: object) =>
    `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>
     <script type="module" src="/page.js"></script>`;
  const at = "/node_modules/simd-optim";
  await builds("no bundler, simd-optim/bundle", mapped({ "simd-optim": `${at}/dist/bundle.js` }), ".", "true");
  const imports = { "simd-optim": `${at}/dist/index.js`, "#wasm/": `${at}/build/` };
  await builds("no bundler, an import map", mapped(imports), ".", "true");
}
