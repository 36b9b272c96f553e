/** What an import costs, as a bundler sees it, minified and gzipped, with the Wasm that is text in it. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

const root = new URL("../..", import.meta.url).pathname;

/** What a bundle of this code fetches where there is SIMD: what the entry imports, and the kernels that `load` wants. */
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
  const { outputs } = metafile;
  const [entry] = Object.keys(outputs).filter((name) => outputs[name]!.entryPoint !== undefined);
  const inputsOf = (name: string) =>
    Object.entries(outputs[name]!.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []));
  const fetched = new Set([entry!, ...Object.keys(outputs).filter((name) => inputsOf(name).includes("build/base.js"))]);
  if (!/\bload\b/.test(code)) fetched.delete([...fetched].find((name) => name !== entry) ?? "");
  for (const name of fetched) {
    for (const { path, kind } of outputs[name]!.imports) if (kind === "import-statement") fetched.add(path);
  }
  const gzipped = (name: string) =>
    gzipSync(outputFiles.find(({ path }) => name.endsWith(path.split("/").at(-1)!))!.contents).length;
  return {
    bytes: [...fetched].reduce((sum, name) => sum + gzipped(name), 0),
    files: fetched.size,
    inputs: [...fetched].flatMap(inputsOf),
  };
}

/** What a user writes, the most that it may cost, in kB, and what must not come with it. */
const imports: readonly (readonly [what: string, code: string, kB: number, without: RegExp])[] = [
  ["AdamW", 'import { AdamW } from "simd-optim"; console.log(AdamW);', 9, /^build\/(?!kernels)|losses|nn\/|linalg/],
  [
    "load and AdamW",
    'import { AdamW, load } from "simd-optim"; console.log(AdamW, load);',
    27,
    /losses|nn\/|linalg|nn\.js|optim\/(?!adam|define)|checkpoint/,
  ],
  [
    "load and all optimizers",
    'import { load } from "simd-optim"; export * from "#optim"; console.log(load);',
    37,
    /losses|nn\/|linalg|nn\.js|checkpoint/,
  ],
  [
    "load and gemm",
    'import { gemm, load } from "simd-optim"; console.log(gemm, load);',
    23,
    /losses|nn\/|nn\.js|src\/optim/,
  ],
  [
    "load and l1Penalty",
    'import { l1Penalty, load } from "simd-optim"; console.log(l1Penalty, load);',
    21,
    /nn\/|nn\.js/,
  ],
  [
    "load, AdamW and mse",
    'import { AdamW, load, mse } from "simd-optim"; console.log(AdamW, load, mse);',
    46,
    /nn\/|linalg/,
  ],
  [
    "a perceptron",
    `import { AdamW, crossEntropy, Linear, load, Network, ReLU, Sequential } from "simd-optim";
     console.log(AdamW, crossEntropy, Linear, load, Network, ReLU, Sequential);`,
    51,
    /checkpoint|monitor/,
  ],
  ["everything", 'import * as all from "simd-optim"; console.log(all, all.load);', 101, /^$/],
];

describe("importing", () => {
  test.each(imports)("%s costs no more than it has to", async (_, code, kB, without) => {
    const { bytes, inputs } = await bundle(code);
    expect(inputs.filter((path) => without.test(path))).toEqual([]);
    expect(bytes).toBeLessThan(1000 * kB);
  });

  test("AdamW brings no other optimizer", async () => {
    const { inputs } = await bundle('import { AdamW } from "simd-optim"; console.log(AdamW);');
    expect(inputs.filter((path) => /^src\/optim\/[^/]+$/.test(path))).toEqual(["src/optim/adam.ts"]);
  });
  test("what puts parameters back is there only with a rule that moves them elsewhere", async () => {
    const has = async (name: string) => {
      const { inputs } = await bundle(`import { ${name} } from "simd-optim"; console.log(${name});`);
      return inputs.includes("src/state/shadow.ts");
    };
    expect([await has("AdamW"), await has("SGD"), await has("ASGD")]).toEqual([false, true, true]);
  });
});

test("twins are loaded on demand, and base kernels apart from the code that chooses them", async () => {
  const { inputs } = await bundle('import { load } from "simd-optim"; console.log(await load());');
  expect(inputs.filter((path) => path.includes("reference/index"))).toEqual([]);
  expect(inputs).toEqual(expect.arrayContaining(["src/kernels/engine.ts", "build/base.js"]));
});

test("load and AdamW are three files", async () => {
  const { files } = await bundle('import { AdamW, load } from "simd-optim"; console.log(AdamW, load);');
  expect(files).toBeLessThanOrEqual(3);
});

test("in one file, with the kernels for all backends, load and AdamW are under 60 kB", async () => {
  const code = 'import { AdamW, load } from "simd-optim"; console.log(AdamW, load);';
  const { bytes } = await bundle(code, { splitting: false });
  expect(bytes).toBeLessThan(60_000);
});
