/** What a row of the kernel table says, and the words that rows are written in. */

/** Elements of the workspace of kernels that map and sum at once. */
export { CHUNK } from "./reference/chunk.ts";

/** The sizes in a call, by name: what operand lengths are computed from. */
export type Sizes = Readonly<Record<string, number>>;

/** An array in linear memory: how it is used and how many elements it has. */
export interface Operand {
  readonly kind: "operand";
  readonly name: string;
  /** "work" is a workspace whose contents mean nothing after the call. */
  readonly access: "in" | "out" | "inout" | "work";
  readonly type: "f32" | "u32" | "f64";
  /** The bound of u32 elements that are indices. */
  readonly below?: (sizes: Sizes) => number;
  readonly length: (sizes: Sizes) => number;
}

/** A number in a call: a size in elements, any real number, or 32 random bits. */
export interface Scalar {
  readonly kind: "size" | "real" | "bits";
  readonly name: string;
}

export interface Kernel {
  /** What may be split over threads, and how: by elements, by chunks of a sum, by rows, or not. */
  readonly kind: "map" | "fold" | "rows" | "matrix";
  readonly args: readonly (Operand | Scalar)[];
  /** How to choose sizes for kernels that have more than the single size n. */
  readonly sizes?: SizeChoice;
}

export interface SizeChoice {
  /** Sizes for a benchmark over about `elements` elements. */
  readonly typical: (elements: number) => Sizes;
  /** Sizes for a test; `below(bound)` draws a whole number below the bound. */
  readonly random: (below: (bound: number) => number) => Sizes;
}

export type Length = (sizes: Sizes) => number;
export const all: Length = ({ n }) => n!;

export function read(name: string, length: Length = all): Operand {
  return { kind: "operand", name, access: "in", type: "f32", length };
}

export function write(name: string, length: Length = all): Operand {
  return { kind: "operand", name, access: "out", type: "f32", length };
}

export function update(name: string, length: Length = all): Operand {
  return { kind: "operand", name, access: "inout", type: "f32", length };
}

export function index(name: string, length: Length, below: Length): Operand {
  return { kind: "operand", name, access: "in", type: "u32", length, below };
}

export function work(length: number | Length, type: "f32" | "f64" = "f32"): Operand {
  const lengthOf = typeof length === "number" ? () => length : length;
  return { kind: "operand", name: "work", access: "work", type, length: lengthOf };
}

/** Float64 results of a kernel that has several; "inout" where it adds to them. */
export function sums(count: number, access: "out" | "inout" = "out"): Operand {
  return { kind: "operand", name: "sums", access, type: "f64", length: () => count };
}

/** Bytes of an element of an operand, which is also its alignment. */
export function elementBytes({ type }: Operand): number {
  return type === "f64" ? 8 : 4;
}

export function size(name: string): Scalar {
  return { kind: "size", name };
}

export function reals(...names: string[]): Scalar[] {
  return names.map((name) => ({ kind: "real", name }));
}

export function bits(...names: string[]): Scalar[] {
  return names.map((name) => ({ kind: "bits", name }));
}

/** Independent elements: operands, then n, then real scalars. */
export function map(operands: Operand[], ...scalars: string[]): Kernel {
  return { kind: "map", args: [...operands, size("n"), ...reals(...scalars)] };
}

export function fold(...operands: Operand[]): Kernel {
  return { kind: "fold", args: [...operands, size("n")] };
}

export const area: Length = ({ rows, columns }) => rows! * columns!;
export const rows: Length = ({ rows }) => rows!;
export const columns: Length = ({ columns }) => columns!;

/** Rows and columns, and a table to pick rows from. */
export const rowSizes: SizeChoice = {
  typical: (elements) => {
    const rows = Math.max(1, Math.floor(elements / 256));
    return { rows, columns: 256, height: rows };
  },
  random: (below) => ({ rows: below(150), columns: 1 + below(70), height: 1 + below(30) }),
};

/** Every so many elements of an array. */
export const strideSizes: SizeChoice = {
  typical: (elements) => ({ n: elements, every: 1 }),
  random: (below) => ({ n: below(4000), every: 1 + below(4) }),
};
export const picked: Length = ({ n, every }) => Math.ceil(n! / every!);

/** The sizes among the arguments of a call. */
export function sizesOf(kernel: Kernel, values: readonly number[]): Sizes {
  return Object.fromEntries(kernel.args.flatMap((arg, i) => (arg.kind === "size" ? [[arg.name, values[i]!]] : [])));
}
