/** What an import costs, as a bundler sees it. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;

/** The first chunk of a bundle of this code: what is fetched before anything is loaded on demand. */
async function bundle(code: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root },
    alias: { "simd-optim": `${root}src/index.ts` },
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    outdir: "/bundle",
    write: false,
    metafile: true,
  });
  const entry = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint)!;
  const file = outputFiles.find(({ path }) => entry[0].endsWith(path.split("/").at(-1)!))!;
  const used = Object.entries(entry[1].inputs).filter(([, input]) => input.bytesInOutput > 0);
  return { gzipped: gzipSync(file.contents).length, inputs: used.map(([path]) => path) };
}

test("importing AdamW takes less than 8 KB gzipped, and no other optimizer", async () => {
  const { gzipped, inputs } = await bundle('import { AdamW } from "simd-optim"; console.log(AdamW);');
  expect(gzipped).toBeLessThan(8192);
  expect(inputs.filter((path) => path.includes("/optim/"))).toEqual(["src/optim/adam.ts"]);
});

test("twins and Wasm are loaded on demand", async () => {
  const { inputs } = await bundle('import { load } from "simd-optim"; console.log(await load());');
  expect(inputs.filter((path) => /reference\/|build\//.test(path))).toEqual([]);
  expect(inputs).toContain("src/engine.ts");
});
