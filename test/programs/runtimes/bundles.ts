/** The program in the form that each kind of runtime takes. */
import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

const here = new URL(".", import.meta.url).pathname;
const root = new URL("../../..", import.meta.url).pathname;

/** What is imported compiled: the families of the SIMD build, and the scalar build. */
export const BUILDS = ["base", "linalg", "nn", "scalar"] as const;

export interface Bundles {
  readonly folder: string;
  readonly process: string;
  /** A folder with a page to visit. */
  readonly page: string;
  /** Imports the compiled modules that lie beside it. */
  readonly worker: string;
  /** A classic script that finds the compiled modules in the global `modules`. */
  readonly edge: string;
  readonly modules: readonly string[];
}

/** Takes compiled modules from a global, as the deployment of an edge function would provide them. */
const modulesFromGlobal: Plugin = {
  name: "modules from a global",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.wasm\?module$/ }, ({ path }) => ({ path, namespace: "provided" }));
    onLoad({ filter: /.*/, namespace: "provided" }, ({ path }) => ({
      contents: `export default globalThis.modules.${/(\w+)\.wasm/.exec(path)![1]};`,
    }));
  },
};

/** Reading a global costs a call in a virtual machine's context, which made the plain twins ten times slower there. */
const LOCALS = [
  "Array",
  "Float32Array",
  "Float64Array",
  "Map",
  "Math",
  "Number",
  "Object",
  "Uint32Array",
  "Uint8Array",
];
const globalsAsLocals = {
  banner: { js: `{ const { ${LOCALS.join(", ")} } = globalThis;` },
  footer: { js: "}" },
};

export async function makeBundles(): Promise<Bundles> {
  const folder = mkdtempSync(join(tmpdir(), "simd-optim-runtimes-"));
  const common = { bundle: true, target: "es2022", logLevel: "warning" } as const;
  const bundle = async (name: string, extension: string, options: Parameters<typeof build>[0]) => {
    const outfile = join(folder, `${name}${extension}`);
    await build({ ...common, entryPoints: [`${here}entries/${name}.ts`], outfile, ...options });
    return outfile;
  };
  const modules = BUILDS.map((name) => {
    const path = join(folder, `${name}.wasm`);
    copyFileSync(join(root, "build", `${name}.wasm`), path);
    return path;
  });
  await bundle("page", ".js", { format: "esm" });
  writeFileSync(join(folder, "index.html"), '<!doctype html><script type="module" src="page.js"></script>');
  return {
    folder,
    modules,
    process: await bundle("process", ".mjs", { format: "esm" }),
    page: folder,
    worker: await bundle("worker", ".mjs", { format: "esm", conditions: ["workerd"], external: ["*.wasm"] }),
    edge: await bundle("edge", ".js", {
      format: "iife",
      conditions: ["edge-light"],
      plugins: [modulesFromGlobal],
      ...globalsAsLocals,
    }),
  };
}
