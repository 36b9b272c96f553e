/**
 * Wraps each build/*.wasm in modules that give it compiled: one that holds the bytes as text, which every runtime and
 * bundler can import without fetching, and one each for the kinds of hosts that forbid compiling bytes and import
 * compiled modules instead. package.json chooses under "imports".
 */
import { readFileSync, writeFileSync } from "node:fs";

/**
 * Bytes as ASCII: one character for a byte below 88, and for others one after "}" or "~", which stand for 88 and 176.
 * Characters start at "#" and leave out "<" and the backslash, so that neither a string nor a script ends in the middle.
 * Whole bytes repeat where the code repeats, as gzip needs them to: this took 22 KB where base64 took 30.
 */
function asText(bytes: Uint8Array): string {
  const character = (digit: number) => String.fromCharCode(35 + digit + Number(digit >= 25) + Number(digit >= 56));
  return Array.from(bytes, (byte) => (byte < 88 ? "" : byte < 176 ? "}" : "~") + character(byte % 88)).join("");
}

for (const variant of ["simd", "scalar"]) {
  const bytes = readFileSync(`build/${variant}.wasm`);
  const embedded = `// @ts-self-types="./${variant}.d.ts"
const text =
  "${asText(bytes)}";
function decode() {
  const bytes = new Uint8Array(${bytes.length});
  let length = 0;
  let base = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 124) base = (code - 124) * 88;
    else {
      bytes[length++] = base + code - 35 - (code > 60) - (code > 92);
      base = 0;
    }
  }
  return bytes;
}
export const compile = () => WebAssembly.compile(decode());
`;
  const imported = (query: string) => `import module from "./${variant}.wasm${query}";
export const compile = async () => module;
`;
  writeFileSync(`build/${variant}.js`, embedded);
  writeFileSync(`build/${variant}.workerd.js`, imported(""));
  writeFileSync(`build/${variant}.edge.js`, imported("?module"));
  writeFileSync(`build/${variant}.d.ts`, "export declare const compile: () => Promise<WebAssembly.Module>;\n");
}
