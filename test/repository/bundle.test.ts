/** What an import costs, as a bundler sees it, minified and gzipped, with the Wasm that is text in it. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

const root = new URL("../..", import.meta.url).pathname;
const KB = 1000;

/** What a bundle of this code fetches where there is SIMD. */
async function bundle(code: string, { splitting = true } = {}) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root },
    alias: { "simd-optim": `${root}src/index.ts`, "#optim": `${root}src/optim/index.ts` },
    bundle: true,
    splitting,
    format: "esm",
    minify: true,
    outdir: "/bundle",
    write: false,
    metafile: true,
  });
  const chunks = Object.entries(metafile.outputs).map(([name, { entryPoint, inputs }]) => ({
    entry: entryPoint !== undefined,
    inputs: Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    gzipped: gzipSync(outputFiles.find(({ path }) => name.endsWith(path.split("/").at(-1)!))!.contents).length,
  }));
  const entry = chunks.find((chunk) => chunk.entry)!;
  const simd = chunks.find((chunk) => chunk.inputs.includes("build/simd.js"))!;
  return { ...entry, fetched: entry === simd ? entry.gzipped : entry.gzipped + simd.gzipped };
}

test("importing AdamW takes less than 8.5 KB, and no other optimizer", async () => {
  const { gzipped, inputs } = await bundle('import { AdamW } from "simd-optim"; console.log(AdamW);');
  expect(inputs.filter((path) => /^src\/optim\/[^/]+$/.test(path))).toEqual(["src/optim/adam.ts"]);
  expect(gzipped).toBeLessThan(8.5 * KB);
});

test("what puts parameters back is there only with a rule that moves them elsewhere", async () => {
  const has = async (name: string) => {
    const { inputs } = await bundle(`import { ${name} } from "simd-optim"; console.log(${name});`);
    return inputs.includes("src/state/shadow.ts");
  };
  expect([await has("AdamW"), await has("SGD"), await has("ASGD")]).toEqual([false, true, true]);
});

test("twins and Wasm are loaded on demand", async () => {
  const { inputs } = await bundle('import { load } from "simd-optim"; console.log(await load());');
  expect(inputs.filter((path) => /reference\/|build\//.test(path))).toEqual([]);
  expect(inputs).toContain("src/kernels/engine.ts");
});

test("load and AdamW are under 40 KB, with the kernels that are fetched", async () => {
  const { fetched } = await bundle('import { AdamW, load } from "simd-optim"; console.log(AdamW, load);');
  expect(fetched).toBeLessThan(40 * KB);
});

test("load and all optimizers are under 90 KB", async () => {
  const { fetched } = await bundle('import { load } from "simd-optim"; export * from "#optim"; console.log(load);');
  expect(fetched).toBeLessThan(90 * KB);
});

test("in one file, with the kernels for all backends, load and AdamW are under 70 KB", async () => {
  const code = 'import { AdamW, load } from "simd-optim"; console.log(AdamW, load);';
  const { fetched } = await bundle(code, { splitting: false });
  expect(fetched).toBeLessThan(70 * KB);
});
