/** What scripts/loops.mjs makes of small sources: loops of maps, and messages for what is none. */
import { readFile } from "node:fs/promises";
import asc from "assemblyscript/asc";
import { describe, expect, test } from "vitest";

/** Compiles a source as assembly/small.ts, beside the files of assembly/. */
async function compile(text: string) {
  const files: Record<string, string | Uint8Array> = {};
  const said: string[] = [];
  const paths = ["--config", "none", "--transform", "./scripts/loops.mjs", "--outFile", "small.wasm"];
  const options = [
    "--runtime",
    "stub",
    "--enable",
    "simd",
    "--importMemory",
    "-O2",
    "--noColors",
    "--disableWarning",
    "112",
  ];
  await asc.main(["assembly/small.ts", ...paths, ...options], {
    readFile: async (name) => (name === "assembly/small.ts" ? text : await readFile(name, "utf8").catch(() => null)),
    writeFile: (name, contents) => void Object.assign(files, { [name]: contents }),
    listFiles: () => [],
    stderr: { write: (chunk) => void said.push(String(chunk)) },
  });
  return { files, said: said.join("") };
}

async function kernelsOf(files: Record<string, string | Uint8Array>, memory: WebAssembly.Memory) {
  const module = await WebAssembly.compile(files["small.wasm"] as Uint8Array<ArrayBuffer>);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  return exports as Record<string, (...values: number[]) => void>;
}

const IMPORTS = 'import { mul, splat } from "./lanes";\nimport { Pointer, Size } from "./words";\n';

/** y = alpha x, by hand; `vectors` is what runs before the tail. */
function scaleByHand(vectors: string): string {
  return `${IMPORTS}
function body<T>(x: usize, y: usize, alpha: f32): void {
  store<T>(y, mul<T>(splat<T>(alpha), load<T>(x)));
}
export function scale(x: Pointer, y: Pointer, n: Size, alpha: f32): void {
  const end = n << 2;
  let i: usize = 0;
  ${vectors}
  for (; i < end; i += 4) body<f32>(x + i, y + i, alpha);
}`;
}

function body(offset: number): string {
  return `body<v128>(x + i + ${offset}, y + i + ${offset}, alpha);`;
}

describe("a map", () => {
  test.each([
    ["Lane", `if (end >= 16) do { ${body(0)} i += 16; } while (i + 16 <= end);`],
    [
      "Lane, Unroll2",
      `if (end >= 32) do { ${body(0)} ${body(16)} i += 32; } while (i + 32 <= end);
       if (i + 16 <= end) { ${body(0)} i += 16; }`,
    ],
    [
      "Lane, Unroll4",
      `if (end >= 64) do { ${body(0)} ${body(16)} ${body(32)} ${body(48)} i += 64; } while (i + 64 <= end);
       while (i + 16 <= end) { ${body(0)} i += 16; }`,
    ],
  ])("of <%s> is the loop that one would write", async (marks, vectors) => {
    const marked = await compile(`${IMPORTS}
export function scale<${marks}>(x: Pointer, y: Pointer, n: Size, alpha: f32): void {
  store<Lane>(y, mul<Lane>(splat<Lane>(alpha), load<Lane>(x)));
}`);
    expect(marked.said).toBe("");
    expect(marked.files["small.wasm"]).toEqual((await compile(scaleByHand(vectors))).files["small.wasm"]);
  });

  test("may be called where it is, with n", async () => {
    const { files, said } = await compile(`${IMPORTS}
function clear<Lane>(y: Pointer, n: Size): void {
  store<Lane>(y, splat<Lane>(0));
}
export function clearRows(y: Pointer, rows: Size, columns: Size): void {
  for (; rows > 0; rows--, y += columns << 2) clear(y, columns);
}`);
    expect(said).toBe("");
    const memory = new WebAssembly.Memory({ initial: 1 });
    new Float32Array(memory.buffer).fill(1, 0, 20);
    const { clearRows } = await kernelsOf(files, memory);
    clearRows!(4, 3, 6);
    expect([...new Float32Array(memory.buffer, 0, 20)]).toEqual([1, ...new Array(18).fill(0), 1]);
  });
});

test.each([
  ["stores at p last", "store<Lane>(p, add<Lane>(load<Lane>(p), mul<Lane>(splat<Lane>(lr), load<Lane>(g))));"],
  ["stores at p elsewhere", "put<Lane>(p, add<Lane>(load<Lane>(p), mul<Lane>(splat<Lane>(lr), load<Lane>(g))));"],
])("a map with norms that %s adds what stepNorms adds", async (_, statement) => {
  const { files, said } = await compile(`${IMPORTS}
import { add } from "./lanes";
export { stepNorms } from "./norms";
function put<T>(at: Pointer, x: T): void {
  store<T>(at, x);
}
export function move<Lane, Norms>(p: Pointer, g: Pointer, n: Size, lr: f32): void {
  ${statement}
}`);
  expect(said).toBe("");
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { move, moveNorms, stepNorms } = await kernelsOf(files, memory);
  const n = 2053;
  const [p, g, before, work, sums, expected] = [16, 8400, 16800, 25200, 25280, 25312] as const;
  const array = (at: number) => new Float32Array(memory.buffer, at, n);
  const start = () => array(p).set(Float32Array.from({ length: n }, (_, i) => Math.sin(i)));
  array(g).set(Float32Array.from({ length: n }, (_, i) => Math.cos(3 * i)));
  start();
  array(before).set(array(p));
  move!(p, g, n, 0.1);
  stepNorms!(before, p, g, work, expected, n);
  const moved = array(p).slice();
  start();
  moveNorms!(p, g, work, sums, n, 0.1);
  expect(array(p)).toEqual(moved);
  const found = new Float64Array(memory.buffer, sums, 3);
  expect(found).toEqual(new Float64Array(memory.buffer, expected, 3));
  expect(Math.min(...found)).toBeGreaterThan(1);
});

test("signatures say what is passed, in the order of the exports", async () => {
  const { files, said } = await compile(`${IMPORTS}
export { sum } from "./fold";
export * from "./gradients/adaptiveClip";
export function drawn<Lane>(x: Pointer, n: Size, key: u32, scale: f32): void {
  store<Lane>(x, splat<Lane>(scale));
}`);
  expect(said).toBe("");
  const signatures = Object.entries(JSON.parse(String(files["build/signatures.json"])));
  const reals = [
    { name: "clipping", kind: "real" },
    { name: "eps", kind: "real" },
  ];
  const matrix = [
    { name: "rows", kind: "size" },
    { name: "columns", kind: "size" },
  ];
  const pointers = (...names: string[]) => names.map((name) => ({ name, kind: "pointer" }));
  const n = { name: "n", kind: "size" };
  expect(signatures).toEqual([
    ["sum", { parameters: [...pointers("x"), n], result: "f64" }],
    ["adaptiveClip", { parameters: [...pointers("p", "g"), ...matrix, ...reals], result: "u32" }],
    [
      "drawn",
      {
        parameters: [...pointers("x"), n, { name: "key", kind: "bits" }, { name: "scale", kind: "real" }],
        result: null,
      },
    ],
  ]);
});

describe("a message says where and what is wrong:", () => {
  test.each([
    [
      "export function f<Lane>(x: Pointer, n: Size): f32 { return 0; }",
      "f: a map stores what it makes, and returns void",
    ],
    ["export function f<Lane>(x: Pointer): void {}", "f: a map has a parameter n: Size"],
    ["export function f<Lane>(x: Pointer, n: f32): void {}", "f: a map has a parameter n: Size"],
    ["export function f<Lane>(n: Size, a: f32): void {}", "f: a map has a pointer before n"],
    [
      "export function f<Lane>(a: f32, x: Pointer, n: Size): void {}",
      "f: what stands before n in a map is one of Pointer; got f32",
    ],
    [
      "export function f<Lane>(x: usize, n: Size): void {}",
      "f: what stands before n in a map is one of Pointer; got usize",
    ],
    [
      "export function f<Lane>(x: Pointer, n: Size, y: Pointer): void {}",
      "f: what stands after n in a map is one of Workspace, Size, f32, f64, i32, u32; got Pointer",
    ],
    ["function f<Lane>(x: Pointer, n: Size): void {}", "f: a map is exported, or called where it is"],
    ["export function f<T, Lane>(x: Pointer, n: Size): void {}", "f: Lane is the first type parameter of a map"],
    ["export function f<Lane, Unroll3>(x: Pointer, n: Size): void {}", "f: a map has no type parameter Unroll3"],
    [
      "export function f<T>(x: Pointer): void {}",
      "f: a kernel has no type parameters but those of a map, of which Lane is first",
    ],
    [
      "export function f(x: usize): void {}",
      "f: the type of a parameter is one of Pointer, Workspace, Size, f32, f64, i32, u32; got usize",
    ],
    [
      "export function f(x: Pointer): u64 { return 0; }",
      "f: the type of a result is one of void, f32, f64, i32, u32; got u64",
    ],
    ["export function f<Lane>(x: Pointer, n: Size): void { store<f32>(x, f32(n)); }", "Cannot find name 'n'"],
  ])("%s", async (text, message) => {
    const { files, said } = await compile(`${IMPORTS}${text}`);
    expect(said).toContain(message);
    expect(said).toMatch(/assembly\/small\.ts\(3,\d+\)/);
    expect(files["small.wasm"]).toBeUndefined();
  });
});
