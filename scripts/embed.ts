/**
 * Wraps each build/*.wasm in modules that give it compiled: one that holds the bytes as text, which every runtime and
 * bundler can import without fetching, and one each for the kinds of hosts that forbid compiling bytes and import
 * compiled modules instead. package.json chooses under "imports".
 */
import { readFileSync, writeFileSync } from "node:fs";

for (const variant of ["simd", "scalar"]) {
  const base64 = readFileSync(`build/${variant}.wasm`).toString("base64");
  const embedded = `const base64 =
  "${base64}";
export const compile = () => WebAssembly.compile(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
`;
  const imported = (query: string) => `import module from "./${variant}.wasm${query}";
export const compile = async () => module;
`;
  writeFileSync(`build/${variant}.js`, embedded);
  writeFileSync(`build/${variant}.workerd.js`, imported(""));
  writeFileSync(`build/${variant}.edge.js`, imported("?module"));
  writeFileSync(`build/${variant}.d.ts`, "export declare const compile: () => Promise<WebAssembly.Module>;\n");
}
