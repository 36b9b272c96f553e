/** What a row of the kernel table says, and the words that rows are written in. */
import type { Operands } from "#wasm/kernels.js";
import type { ElementType } from "../memory/elementType.ts";

/** Elements that are summed at a time, and of the workspace of kernels that map and sum at once. */
export { CHUNK } from "./reference/chunk.ts";

/** The sizes in a call, by name: what operand lengths are computed from. */
export type Sizes = Readonly<Record<string, number>>;
export type Length = (sizes: Sizes) => number;

/** An array in linear memory: how it is used and how many elements it has. */
export interface Operand {
  /** "work" is a workspace whose contents mean nothing after the call. */
  readonly access: "in" | "out" | "inout" | "work";
  readonly type: ElementType;
  /** The bound of u32 elements that are indices. */
  readonly below?: Length;
  readonly length: Length;
}

/** What the source of a kernel cannot say. */
export interface Row<Pointers extends string = string> {
  /** What may be split over threads, and how: by elements, by chunks of a sum, by rows, or not. */
  readonly kind: "map" | "fold" | "rows" | "matrix";
  /** By the names that pointers have in the source. */
  readonly operands: Readonly<Record<Pointers, Operand>>;
}

/** Rows of a table, each with the pointers that the source of its kernel has. */
export type Rows<Names extends keyof Operands> = { readonly [K in Names]: Row<Operands[K]> };

/** An operand of a call, by its name. */
export interface OperandArgument extends Operand {
  readonly kind: "operand";
  readonly name: string;
}

/** A number in a call: a size in elements, any real number, or 32 random bits. */
export interface Scalar {
  readonly kind: "size" | "real" | "bits";
  readonly name: string;
}

/** A kernel: its row, with arguments in the order of the source. */
export interface Kernel extends Omit<Row, "operands"> {
  readonly args: readonly (OperandArgument | Scalar)[];
}

const MARKS = { "*": "operand", "#": "size", "%": "bits" } as const;

/** Joins what the sources say, such as "x*y*n#alpha beta", with what the rows do. */
export function tableOf<Names extends string>(
  signatures: Readonly<Record<Names, string>>,
  rows: Readonly<Record<Names, Row>>,
): Readonly<Record<Names, Kernel>> {
  const entries = Object.entries<string>(signatures).map(([kernel, words]) => {
    const { operands, ...row } = rows[kernel as Names];
    const args = [...words.matchAll(/(\w+)(\W?)/g)].map(([, name, mark]): OperandArgument | Scalar => {
      const kind = MARKS[mark as keyof typeof MARKS] ?? "real";
      return kind === "operand" ? { kind, name: name!, ...operands[name!]! } : { kind, name: name! };
    });
    return [kernel, { ...row, args }];
  });
  return Object.fromEntries(entries);
}

export const all: Length = ({ n }) => n!;

export function read(length: Length): Operand {
  return { access: "in", type: "f32", length };
}

export function write(length: Length): Operand {
  return { access: "out", type: "f32", length };
}

export function update(length: Length): Operand {
  return { access: "inout", type: "f32", length };
}

/** Of as many elements as the kernel works on. */
export const input = /* @__PURE__ */ read(all);
export const output = /* @__PURE__ */ write(all);
export const inout = /* @__PURE__ */ update(all);

export function index(length: Length, below: Length): Operand {
  return { access: "in", type: "u32", length, below };
}

export function work(length: number | Length, type: ElementType = "f32"): Operand {
  return { access: "work", type, length: typeof length === "number" ? () => length : length };
}

/** Float64 results of a kernel that has several; "inout" where it adds to them. */
export function sums(count: number, access: "out" | "inout" = "out"): Operand {
  return { access, type: "f64", length: () => count };
}

/** Independent elements. */
export function map<P extends string>(operands: Readonly<Record<P, Operand>>): Row<P> {
  return { kind: "map", operands };
}

export function fold<P extends string>(operands: Readonly<Record<P, Operand>>): Row<P> {
  return { kind: "fold", operands };
}

export const area: Length = ({ rows, columns }) => rows! * columns!;
export const rows: Length = ({ rows }) => rows!;
export const columns: Length = ({ columns }) => columns!;

export const picked: Length = ({ n, every }) => Math.ceil(n! / every!);

/** The sizes among the arguments of a call. */
export function sizesOf(args: Kernel["args"], values: readonly number[]): Sizes {
  const sizes: Record<string, number> = {};
  for (const [i, arg] of args.entries()) if (arg.kind === "size") sizes[arg.name] = values[i]!;
  return sizes;
}
