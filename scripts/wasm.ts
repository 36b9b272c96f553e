/**
 * Compiles assembly/ and wraps the outcome in modules. Each family of kernels has a SIMD build of its own, so that nobody
 * fetches what he does not use; simd.wasm and scalar.wasm have all of them.
 *
 * A wrapper holds the bytes as text, which every runtime and bundler can import without fetching, or, for the kinds of
 * hosts that forbid compiling bytes, imports the compiled module; package.json chooses under "imports". kernels.js has the
 * signatures of all kernels, as the sources have them.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import asc from "assemblyscript/asc";

const FAMILIES = ["base", "linalg", "nn"] as const;

/** Parameters of kernels: what their names are marked with in kernels.js, and their types in kernels.d.ts. */
const KINDS = {
  pointer: { mark: "*", type: "Pointer" },
  workspace: { mark: "*", type: undefined },
  size: { mark: "#", type: "Size" },
  bits: { mark: "%", type: "number" },
  real: { mark: "", type: "Real" },
} as const;

interface Signature {
  readonly parameters: readonly { readonly name: string; readonly kind: keyof typeof KINDS }[];
  readonly result: string | null;
}

/** Compiles an entry; the last signatures that the transform has left are those of its kernels. */
async function compile(entry: string, target: "simd" | "scalar", file: string): Promise<void> {
  const outputs = ["--outFile", `build/${file}.wasm`, "--textFile", `build/${file}.wat`];
  const { error, stderr } = await asc.main([
    `assembly/${entry}.ts`,
    "--target",
    target,
    "--transform",
    "./scripts/loops.mjs",
    ...outputs,
  ]);
  process.stderr.write(stderr.toString());
  if (error) throw error;
}

/**
 * Bytes as ASCII, 4 added to each: one character for what is below 88 then, and for others one after "}" or "~", which
 * stand for 88 and 176. So the prefix of SIMD instructions is one character, and gzip makes 1 % less of it.
 * Characters start at "#" and leave out "<" and the backslash, so that neither a string nor a script ends in the middle.
 * Whole bytes repeat where the code repeats, as gzip needs them to: this took 22 KB where base64 took 30.
 */
function asText(bytes: Uint8Array): string {
  const character = (digit: number) => String.fromCharCode(35 + digit + Number(digit >= 25) + Number(digit >= 56));
  const written = (byte: number) => (byte < 88 ? "" : byte < 176 ? "}" : "~") + character(byte % 88);
  return Array.from(bytes, (byte) => written((byte + 4) % 256)).join("");
}

/** What src/kernels/embedded.ts makes a module of. */
function embed(name: string): void {
  const bytes = readFileSync(`build/${name}.wasm`);
  const imported = (query: string) => `import module from "./${name}.wasm${query}";
export { module };
export const [size, text] = [0, ""];
`;
  writeFileSync(
    `build/${name}.js`,
    `// @ts-self-types="./${name}.d.ts"
export const module = undefined;
export const size = ${bytes.length};
export const text =
  "${asText(bytes)}";
`,
  );
  writeFileSync(`build/${name}.workerd.js`, imported(""));
  writeFileSync(`build/${name}.edge.js`, imported("?module"));
  writeFileSync(
    `build/${name}.d.ts`,
    `export declare const module: WebAssembly.Module | undefined;
export declare const size: number;
export declare const text: string;
`,
  );
}

/** The doc comments of kernels in their sources, by name. */
function docComments(): ReadonlyMap<string, string> {
  const paths = readdirSync("assembly", { recursive: true, encoding: "utf8" }).filter(
    // Lanes have functions of the same names there.
    (path) => path.endsWith(".ts") && path !== "math.ts",
  );
  const commented = /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\nexport function (\w+)/g;
  const found = paths.flatMap((path) => [...readFileSync(`assembly/${path}`, "utf8").matchAll(commented)]);
  return new Map(found.map(([, text, name]) => [name!, text!.replaceAll("\n", "\n  ")]));
}

const docs = docComments();

/** Where a source has no comment, what is made of it says so, or its name says it all. */
function docOf(name: string): string {
  const measured = /^(.*)Norms$/.exec(name)?.[1];
  const text =
    measured && `\`${measured}\`, which also adds the sums of squares of gradients, changes and new values to \`sums\``;
  return docs.get(name) ?? `/** ${text ?? `The kernel ${name} of assembly/`}. */`;
}

/** A declaration of what callers pass: workspaces are the engine's business. */
function declared(name: string, { parameters, result }: Signature): string {
  const passed = parameters.flatMap(({ name, kind }) => {
    const { type } = KINDS[kind];
    return type === undefined ? [] : [`${name}: ${type}`];
  });
  return `  ${docOf(name)}\n  ${name}(${passed.join(", ")}): ${result === null ? "void" : "number"};`;
}

function pointersOf(name: string, { parameters }: Signature): string {
  const names = parameters.flatMap((p) => (KINDS[p.kind].mark === "*" ? [JSON.stringify(p.name)] : []));
  return `  ${name}: ${names.join(" | ")};`;
}

function writeSignatures(): void {
  const all: Readonly<Record<string, Signature>> = JSON.parse(readFileSync("build/signatures.json", "utf8"));
  const families = FAMILIES.map((family) => {
    const module = new WebAssembly.Module(readFileSync(`build/${family}.wasm`));
    const kernels = WebAssembly.Module.exports(module).filter(({ kind }) => kind === "function");
    return { family, kernels: kernels.map(({ name }) => [name, all[name]!] as const) };
  });
  const words = ({ parameters }: Signature) =>
    parameters
      .map(({ name, kind }) => name + (KINDS[kind].mark || " "))
      .join("")
      .trimEnd();
  const values = families.map(
    ({ family, kernels }) =>
      `export const ${family} = {\n${kernels.map(([name, signature]) => `  ${name}: "${words(signature)}",`).join("\n")}\n};\n`,
  );
  const types = families.map(({ family, kernels }) => {
    const type = family[0]!.toUpperCase() + family.slice(1);
    return `/** The kernels of the family ${family}. */
export interface ${type} {
${kernels.map(([name, signature]) => declared(name, signature)).join("\n")}
}
export declare const ${family}: Readonly<Record<keyof ${type}, string>>;
`;
  });
  writeFileSync("build/kernels.js", `// @ts-self-types="./kernels.d.ts"\n${values.join("")}`);
  writeFileSync(
    "build/kernels.d.ts",
    `/** An address in linear memory, in bytes. What is no address is refused by the type where it has one of its own. */
export type Pointer = number & {
  /** Never there: it tells one type of numbers from another. */
  readonly kind?: "pointer";
};
/** A whole number of elements, rows, columns and the like. */
export type Size = number & {
  /** Never there: it tells one type of numbers from another. */
  readonly kind?: "size";
};
/** Any number. */
export type Real = number & {
  /** Never there: it tells one type of numbers from another. */
  readonly kind?: "real";
};
${types.join("")}/** The names of the pointers of every kernel, workspaces among them. */
export interface Operands {
${Object.entries(all)
  .map(([name, signature]) => pointersOf(name, signature))
  .join("\n")}
}
`,
  );
}

for (const family of FAMILIES) await compile(family, "simd", family);
await compile("index", "scalar", "scalar");
await compile("index", "simd", "simd");
for (const name of [...FAMILIES, "scalar"]) embed(name);
writeSignatures();
