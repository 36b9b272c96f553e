/** Writes each build/*.wasm as a module of base64 text, which every runtime and bundler can import without fetching. */
import { readFileSync, writeFileSync } from "node:fs";

for (const variant of ["simd", "scalar"]) {
  const base64 = readFileSync(`build/${variant}.wasm`).toString("base64");
  writeFileSync(`build/${variant}.js`, `export const base64 =\n  "${base64}";\n`);
  writeFileSync(`build/${variant}.d.ts`, "export declare const base64: string;\n");
}
