/**
 * The kernel table: every kernel, described once. From it come the types of the bound kernels, the check that a Wasm
 * build matches the sources, the bounds check of pointers, the parity fuzz and the benchmarks.
 */
import { describe, SimdOptimError } from "./check.ts";
import type { Views } from "./heap.ts";
import { CHUNK } from "./reference/chunk.ts";
import type * as twins from "./reference/index.ts";

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

type Length = (sizes: Sizes) => number;
const all: Length = ({ n }) => n!;

function read(name: string, length: Length = all): Operand {
  return { kind: "operand", name, access: "in", type: "f32", length };
}

function write(name: string, length: Length = all): Operand {
  return { kind: "operand", name, access: "out", type: "f32", length };
}

function update(name: string, length: Length = all): Operand {
  return { kind: "operand", name, access: "inout", type: "f32", length };
}

function index(name: string, length: Length, below: Length): Operand {
  return { kind: "operand", name, access: "in", type: "u32", length, below };
}

function work(length: number | Length, type: "f32" | "f64" = "f32"): Operand {
  const lengthOf = typeof length === "number" ? () => length : length;
  return { kind: "operand", name: "work", access: "work", type, length: lengthOf };
}

/** Float64 results of a kernel that has several. */
function sums(count: number): Operand {
  return { kind: "operand", name: "sums", access: "out", type: "f64", length: () => count };
}

/** Bytes of an element of an operand, which is also its alignment. */
export function elementBytes({ type }: Operand): number {
  return type === "f64" ? 8 : 4;
}

function size(name: string): Scalar {
  return { kind: "size", name };
}

function reals(...names: string[]): Scalar[] {
  return names.map((name) => ({ kind: "real", name }));
}

function bits(...names: string[]): Scalar[] {
  return names.map((name) => ({ kind: "bits", name }));
}

/** Independent elements: operands, then n, then real scalars. */
function map(operands: Operand[], ...scalars: string[]): Kernel {
  return { kind: "map", args: [...operands, size("n"), ...reals(...scalars)] };
}

function fold(...operands: Operand[]): Kernel {
  return { kind: "fold", args: [...operands, size("n")] };
}

const area: Length = ({ rows, columns }) => rows! * columns!;
const rows: Length = ({ rows }) => rows!;
const columns: Length = ({ columns }) => columns!;

/** Rows and columns, and a table to pick rows from. */
const rowSizes: SizeChoice = {
  typical: (elements) => {
    const rows = Math.max(1, Math.floor(elements / 256));
    return { rows, columns: 256, height: rows };
  },
  random: (below) => ({ rows: below(150), columns: 1 + below(70), height: 1 + below(30) }),
};

/** A stack of matrices, and what belongs to each of their rows and columns. */
const stackSizes = ["batch", "rows", "columns"].map(size);
const stack: Length = ({ batch, rows, columns }) => batch! * rows! * columns!;
const stackRows: Length = ({ batch, rows }) => batch! * rows!;
const stackColumns: Length = ({ batch, columns }) => batch! * columns!;
const stackChoice: SizeChoice = {
  typical: (elements) => ({ batch: 1, rows: Math.max(1, Math.floor(elements / 1024)), columns: 1024 }),
  random: (below) =>
    below(4) === 0
      ? { batch: 1, rows: below(4), columns: below(3000) }
      : { batch: below(4), rows: below(40), columns: below(40) },
};

/** Every so many elements of an array. */
const strideSizes: SizeChoice = {
  typical: (elements) => ({ n: elements, every: 1 }),
  random: (below) => ({ n: below(4000), every: 1 + below(4) }),
};
const picked: Length = ({ n, every }) => Math.ceil(n! / every!);

/** Matrices, each of them transposed or not. */
const gemmSizes: SizeChoice = {
  typical: (elements) => {
    const side = Math.max(1, Math.floor(Math.sqrt(elements)));
    return { m: side, n: side, k: side, aRow: side, aColumn: 1, bRow: side, bColumn: 1 };
  },
  random: (below) => {
    // Now and then past each block size.
    const [m, n, k] = [
      [140, 30, 30],
      [30, 530, 30],
      [30, 30, 530],
      [60, 60, 60],
    ][below(4)]!.map(below) as [number, number, number];
    const [aRow, aColumn] = below(2) === 0 ? [k, 1] : [1, m];
    const [bRow, bColumn] = below(2) === 0 ? [n, 1] : [1, k];
    return { m, n, k, aRow, aColumn, bRow, bColumn };
  },
};

/** Elements that a strided matrix spans, from its first to its last. */
function extent(height: string, width: string, row: string, column: string): Length {
  return (s) => (s[height]! && s[width]! ? (s[height]! - 1) * s[row]! + (s[width]! - 1) * s[column]! + 1 : 0);
}

const ADABELIEF = ["scale", "l2", "decay", "pull", "beta2", "gain2", "floor", "step"];
const ADAM_L2 = ["scale", "l2", "beta1", "gain1", "beta2", "gain2", "step", "eps"];
const ADAM_DECAY = ["beta1", "gain1", "beta2", "gain2", "step", "eps", "decay"];
const ADAMAX = ["scale", "l2", "beta1", "gain1", "beta2", "step", "eps"];
const NADAM = ["scale", "l2", "beta1", "gain1", "beta2", "gain2", "stepG", "stepM", "eps", "decay"];
const RMSPROP = ["scale", "l2", "alpha", "gain2", "inside", "outside"];
const RMSPROP_CENTERED = ["scale", "l2", "alpha", "gain1", "gain2", "inside", "outside"];
const MIXED = ["beta1", "gain1", "beta2", "gain2", "beta3", "gain3", "step1", "step2", "eps", "decay"];
const SGD_BUFFERED = ["scale", "l2", "lr", "momentum"];

const LIKELIHOOD = ["eps", "constant", "scale"];

/** What a loss gives for each element, and for each row. */
const outcome = [write("losses"), write("gradient")];
const rowOutcome = [write("losses", rows), write("gradient", area)];

/** Elements of the workspace of kernels that map and sum at once. */
export { CHUNK };

const factors = [read("rowFactor", stackRows), read("columnFactor", stackColumns)];

/** Elements of the workspace of `gemm`: packed blocks of 128 x 256 and 256 x 512, and a tile of 4 x 8. */
export const GEMM_WORK = 128 * 256 + 256 * 512 + 4 * 8;

export const kernelTable = {
  adadelta: map([update("p"), update("v"), update("u"), read("g")], "scale", "l2", "rho", "gain", "eps", "lr"),
  adagrad: map([update("p"), update("s"), read("g")], "scale", "l2", "step", "inside", "outside"),
  adaBelief: map([update("p"), update("m"), update("v"), read("g")], ...ADABELIEF, "eps"),
  adaBeliefAmsgrad: map([update("p"), update("m"), update("v"), update("u"), read("g")], ...ADABELIEF, "eps"),
  adaBeliefMomentum: map([update("p"), update("m"), update("v"), read("g")], ...ADABELIEF),
  adaBound: map([update("p"), update("m"), update("v"), read("g")], ...ADAM_L2, "low", "high"),
  adaBoundAmsbound: map([update("p"), update("m"), update("v"), update("u"), read("g")], ...ADAM_L2, "low", "high"),
  adafactorMoments: {
    kind: "matrix",
    args: [
      ...[read("g", stack), update("row", stackRows), update("column", stackColumns)],
      ...[write("rowFactor", stackRows), write("columnFactor", stackColumns), work(columns, "f64")],
      ...stackSizes,
      ...reals("scale", "beta", "gain", "eps", "floor"),
    ],
    sizes: stackChoice,
  },
  adafactorMomentum: {
    kind: "rows",
    args: [
      ...[update("p", stack), update("m", stack), read("g", stack), ...factors, ...stackSizes],
      ...reals("cap", "decay", "beta1", "step"),
    ],
    sizes: stackChoice,
  },
  adafactorNorm: {
    kind: "fold",
    args: [read("g", stack), ...factors, work(1024), ...stackSizes, ...reals("cap")],
    sizes: stackChoice,
  },
  adafactorStep: {
    kind: "rows",
    args: [update("p", stack), read("g", stack), ...factors, ...stackSizes, ...reals("cap", "decay", "step")],
    sizes: stackChoice,
  },
  adafactorVariance: map([read("g"), update("v"), write("factor")], "scale", "beta", "gain", "eps"),
  adam: map([update("p"), update("m"), update("v"), read("g")], ...ADAM_L2),
  adamAmsgrad: map([update("p"), update("m"), update("v"), update("u"), read("g")], ...ADAM_L2),
  adamax: map([update("p"), update("m"), update("u"), read("g")], ...ADAMAX),
  adamw: map([update("p"), update("m"), update("v"), read("g")], ...ADAM_DECAY),
  adamwAmsgrad: map([update("p"), update("m"), update("v"), update("u"), read("g")], ...ADAM_DECAY),
  adan: map([update("p"), update("m"), update("d"), update("v"), update("last"), read("g")], "scale", ...MIXED),
  addBias: {
    kind: "rows",
    args: [read("bias", columns), update("y", area), size("rows"), size("columns")],
    sizes: rowSizes,
  },
  asgdAverage: map([update("p"), update("a"), read("g")], "scale", "l2", "eta", "mu"),
  asgdCopy: map([update("p"), write("a"), read("g")], "scale", "l2", "eta"),
  addSign: map([read("w"), update("g")], "strength"),
  ademamix: map([update("p"), update("fast"), update("slow"), update("v"), read("g")], ...MIXED),
  agdNorms: {
    kind: "fold",
    args: [read("g", area), write("norm", columns), work(columns, "f64"), size("rows"), size("columns")],
    sizes: rowSizes,
  },
  agdStep: {
    kind: "rows",
    args: [update("p", area), read("g", area), read("norm", columns), size("rows"), size("columns"), ...reals("step")],
    sizes: rowSizes,
  },
  axpy: map([read("x"), update("y")], "alpha"),
  binaryCrossEntropy: map([read("x"), read("t"), read("w"), ...outcome], "scale"),
  clamp: map([read("x"), write("y")], "low", "high"),
  contrastive: {
    kind: "rows",
    args: [
      ...[read("x1", area), read("x2", area), read("labels", rows), write("losses", rows)],
      ...[write("gradient1", area), write("gradient2", area), size("rows"), size("columns")],
      ...reals("margin", "similar", "dissimilar", "by"),
    ],
    sizes: rowSizes,
  },
  copy: map([read("x"), write("y")]),
  countNonFinite: fold(read("x")),
  dot: fold(read("x"), read("y")),
  exp: map([read("x"), write("y")]),
  fill: map([write("y")], "value"),
  firstOutOfRange: {
    kind: "fold",
    args: [index("index", all, ({ bound }) => bound! + 1), size("n"), size("bound")],
    sizes: {
      typical: (elements) => ({ n: elements, bound: 0xffffffff }),
      random: (below) => ({ n: below(1000), bound: 1 + below(2000) }),
    },
  },
  gatherRows: {
    kind: "rows",
    args: [
      read("table", ({ height, columns }) => height! * columns!),
      index("index", rows, ({ height }) => height!),
      write("out", area),
      size("rows"),
      size("columns"),
      size("height"),
    ],
    sizes: rowSizes,
  },
  gaussianNll: map([read("x"), read("t"), read("variance"), ...outcome, write("gradientVariance")], ...LIKELIHOOD),
  gemm: {
    kind: "matrix",
    args: [
      read("a", extent("m", "k", "aRow", "aColumn")),
      read("b", extent("k", "n", "bRow", "bColumn")),
      update("c", ({ m, n }) => m! * n!),
      work(GEMM_WORK),
      ...["m", "n", "k", "aRow", "aColumn", "bRow", "bColumn"].map(size),
      ...reals("alpha", "beta"),
    ],
    sizes: gemmSizes,
  },
  huber: map([read("x"), read("t"), ...outcome], "bound", "square", "linear", "scale"),
  l1: map([read("x"), read("t"), ...outcome], "scale"),
  lerp: map([read("x"), update("y")], "weight"),
  lambMoments: {
    kind: "fold",
    args: [
      ...[read("p"), update("m"), update("v"), read("g"), work(CHUNK), sums(2), size("n")],
      ...reals("beta1", "gain1", "beta2", "gain2", "step", "eps", "l2"),
    ],
  },
  lambStep: map([update("p"), read("m"), read("v")], "step", "eps", "l2", "rate"),
  laplaceNll: map([read("x"), read("t"), read("width"), ...outcome, write("gradientWidth")], ...LIKELIHOOD),
  lion: map([update("p"), update("m"), read("g")], "beta1", "gain1", "beta2", "gain2", "lr", "decay"),
  log: map([read("x"), write("y")]),
  maxAbs: fold(read("x")),
  mse: map([read("x"), read("t"), ...outcome], "scale"),
  nadam: map([update("p"), update("m"), update("v"), read("g")], ...NADAM),
  nagGs: map([update("p"), update("v"), read("g")], "b", "push", "a"),
  normalFromBits: map([update("y")], "mean", "deviation"),
  pick: {
    kind: "map",
    args: [read("x", ({ n, every }) => (n! === 0 ? 0 : (n! - 1) * every! + 1)), write("y"), size("n"), size("every")],
    sizes: strideSizes,
  },
  prodigyAccumulate: {
    kind: "fold",
    args: [...[read("p"), read("origin"), update("s"), read("g"), work(1024), sums(3), size("n")], ...reals("gain")],
  },
  prodigyAverage: map([write("p"), read("origin"), read("s")], "gamma"),
  prodigyGather: {
    kind: "fold",
    args: [
      ...[read("p"), update("m"), update("v"), read("origin", picked), update("s", picked), read("g")],
      ...[work(2 * 1024), sums(2), size("n"), size("every")],
      ...reals("scale", "l2", "beta1", "gain1", "beta2", "gain2", "beta3", "gain3"),
    ],
    sizes: strideSizes,
  },
  prodigyMeasure: fold(read("p"), read("origin"), read("g"), work(1024), sums(3)),
  prodigyStep: map([update("p"), read("m"), read("v")], "decay", "step", "eps"),
  randomBits: { kind: "map", args: [write("out"), size("n"), ...bits("first", "key0", "key1", "stream0", "stream1")] },
  rmsprop: map([update("p"), update("v"), read("g")], ...RMSPROP, "lr"),
  rmspropCentered: map([update("p"), update("v"), update("a"), read("g")], ...RMSPROP_CENTERED, "lr"),
  rmspropCenteredMomentum: map(
    [update("p"), update("v"), update("a"), update("b"), read("g")],
    ...RMSPROP_CENTERED,
    "lr",
    "momentum",
  ),
  rmspropMomentum: map([update("p"), update("v"), update("b"), read("g")], ...RMSPROP, "lr", "momentum"),
  rprop: map([update("p"), update("q"), update("s"), read("g")], "scale", "down", "up", "low", "high"),
  scale: map([read("x"), write("y")], "alpha"),
  scheduleFreeAdam: map(
    [update("y"), update("z"), update("v"), read("g")],
    ...["gain", "decay", "beta2", "gain2", "eps", "c", "pull", "lr"],
  ),
  scheduleFreeAdamInner: map(
    [update("y"), update("z"), update("m"), update("v"), read("g")],
    ...["gain", "decay", "beta1", "gain1", "beta2", "gain2", "eps", "c", "pull", "lr"],
  ),
  scheduleFreeSgd: map([update("y"), update("z"), read("g")], "scale", "decay", "c", "pull", "lr"),
  scheduleFreeWarmup: map(
    [update("y"), update("z"), update("v"), read("g")],
    ...["scale", "decay", "beta2", "gain2", "c", "pull", "lr"],
  ),
  scatterAddRows: {
    kind: "matrix",
    args: [
      read("x", area),
      index("index", rows, ({ height }) => height!),
      update("table", ({ height, columns }) => height! * columns!),
      size("rows"),
      size("columns"),
      size("height"),
    ],
    sizes: rowSizes,
  },
  sgd: map([update("p"), read("g")], "scale", "l2", "lr"),
  sgdMomentum: map([update("p"), update("b"), read("g")], "scale", "lr", "momentum"),
  sgdMomentumL2: map([update("p"), update("b"), read("g")], ...SGD_BUFFERED),
  sgdNesterov: map([update("p"), update("b"), read("g")], ...SGD_BUFFERED),
  sigmoidFocal: map([read("x"), read("t"), ...outcome], "gamma", "positive", "negative", "by"),
  signSgd: map([update("p"), read("g")], "scale", "lr", "decay"),
  softmaxCrossEntropy: {
    kind: "rows",
    args: [
      read("logits", area),
      index("targets", rows, columns),
      write("losses", rows),
      write("gradient", area),
      size("rows"),
      size("columns"),
      ...reals("weight"),
    ],
    sizes: rowSizes,
  },
  softmaxCrossEntropyDense: {
    kind: "rows",
    args: [
      ...[read("logits", area), read("targets", area), read("weights", columns)],
      ...[...rowOutcome, work(2 * CHUNK), size("rows"), size("columns")],
      ...reals("by", "confidence", "uniform"),
    ],
    sizes: rowSizes,
  },
  softmaxCrossEntropyWeighted: {
    kind: "rows",
    args: [
      // A target that is not below `columns` leaves its row out.
      ...[read("logits", area), index("targets", rows, ({ columns }) => columns! + 1), read("weights", columns)],
      ...[...rowOutcome, work(CHUNK), size("rows"), size("columns"), ...bits("ignored")],
      ...reals("by", "confidence", "uniform"),
    ],
    sizes: rowSizes,
  },
  softmaxFocal: {
    kind: "rows",
    args: [
      ...[read("logits", area), index("targets", rows, columns), read("weights", columns), ...rowOutcome],
      ...[size("rows"), size("columns"), ...reals("gamma", "by")],
    ],
    sizes: rowSizes,
  },
  softThreshold: map([update("w")], "threshold"),
  sophiaG: map(
    [update("p"), update("m"), read("h"), read("g")],
    ...["beta1", "gain1", "curvature", "eps", "lr", "decay"],
  ),
  sophiaGHessian: map([update("h"), read("g")], "beta2", "gain2"),
  sum: fold(read("x")),
  sumAbs: fold(read("x")),
  sumRows: {
    kind: "matrix",
    args: [read("x", area), update("out", columns), size("rows"), size("columns")],
    sizes: rowSizes,
  },
  sumSquares: fold(read("x")),
  svrg: map([update("p"), read("g"), read("s"), read("u")], "lr"),
  tanh: map([read("x"), write("y")]),
  tanhBackward: map([read("y"), read("dy"), write("dx")]),
  tile: {
    kind: "map",
    args: [read("x", columns), write("y"), size("n"), size("columns"), size("from")],
    sizes: {
      typical: (elements) => ({ n: elements, columns: 256, from: 0 }),
      random: (below) => ({ n: below(1000), columns: 1 + below(300), from: below(2000) }),
    },
  },
  triplet: {
    kind: "rows",
    args: [
      ...["a", "p", "n"].map((name) => read(name, area)),
      ...[write("losses", rows), ...["gradientA", "gradientP", "gradientN"].map((name) => write(name, area))],
      ...[...["rows", "columns", "form", "swap"].map(size), ...reals("margin", "eps", "by")],
    ],
    sizes: {
      typical: (elements) => ({ ...rowSizes.typical(elements), form: 2, swap: 0 }),
      random: (below) => ({ ...rowSizes.random(below), form: below(3), swap: below(2) }),
    },
  },
  uniformFromBits: map([update("y")], "low", "range"),
  unitRows: {
    kind: "rows",
    args: [read("x", area), write("y", area), write("norms", rows), size("rows"), size("columns"), ...reals("eps")],
    sizes: rowSizes,
  },
  unitRowsBackward: {
    kind: "rows",
    args: [
      ...[read("y", area), read("norms", rows), read("dy", area), write("dx", area), size("rows"), size("columns")],
      ...reals("eps"),
    ],
    sizes: rowSizes,
  },
  weightElements: map([read("w"), update("y")]),
  weightRows: {
    kind: "rows",
    args: [read("w", rows), update("y", area), size("rows"), size("columns")],
    sizes: rowSizes,
  },
  zLoss: {
    kind: "rows",
    args: [read("logits", area), ...rowOutcome, size("rows"), size("columns"), ...reals("strength", "weight")],
    sizes: rowSizes,
  },
} satisfies Record<keyof typeof twins, Kernel>;

export type KernelName = keyof typeof kernelTable;
export const kernelNames = Object.keys(kernelTable) as KernelName[];

type Bound<F> = F extends (memory: Views, ...args: infer A) => infer R ? (...args: A) => R : never;

/** Every kernel, bound to one memory. Pointers are byte addresses, a multiple of 4. */
export type Kernels = { readonly [K in KernelName]: Bound<(typeof twins)[K]> };

type Twin = (memory: Views, ...values: number[]) => number | undefined;

/** The twins over `views`, which must be kept up to date as memory grows. */
export function bindTwins(module: typeof twins, views: Views): Kernels {
  const bound = Object.entries(module).map(([name, twin]) => [name, (twin as Twin).bind(undefined, views)]);
  return Object.fromEntries(bound) as unknown as Kernels;
}

/** The kernels among the exports of a Wasm instance; refuses a build that does not match the table. */
export function bindWasm(exports: WebAssembly.Exports): Kernels {
  for (const name of kernelNames) {
    const kernel = exports[name];
    const expected = kernelTable[name].args.length;
    const arity = typeof kernel === "function" ? kernel.length : undefined;
    if (arity !== expected) {
      const found = arity === undefined ? "is missing" : `takes ${arity} arguments`;
      throw new SimdOptimError(
        "STALE_BUILD",
        `stale Wasm build: kernel ${name} ${found}, the table says ${expected}; run "npm run build"`,
      );
    }
  }
  return Object.fromEntries(kernelNames.map((name) => [name, exports[name]])) as unknown as Kernels;
}

/** The same kernels, refusing any call whose operands do not lie in memory, aligned, before it is made. */
export function checked(kernels: Kernels, views: Views): Kernels {
  return Object.fromEntries(
    kernelNames.map((name) => [
      name,
      (...values: number[]) => {
        checkOperands(name, values, views.u8.length);
        return (kernels[name] as (...values: number[]) => unknown)(...values);
      },
    ]),
  ) as unknown as Kernels;
}

/** The sizes among the arguments of a call. */
export function sizesOf(kernel: Kernel, values: readonly number[]): Sizes {
  return Object.fromEntries(kernel.args.flatMap((arg, i) => (arg.kind === "size" ? [[arg.name, values[i]!]] : [])));
}

function checkOperands(name: KernelName, values: readonly number[], bytes: number): void {
  const kernel: Kernel = kernelTable[name];
  const sizes = sizesOf(kernel, values);
  if (values.length !== kernel.args.length) {
    throw new SimdOptimError("BAD_ARGUMENT", `${name}: got ${values.length} arguments, expected ${kernel.args.length}`);
  }
  kernel.args.forEach((arg, i) => {
    const value = values[i]!;
    if (arg.kind === "size" && !(Number.isInteger(value) && value >= 0)) {
      throw new SimdOptimError("BAD_ARGUMENT", `${name}.${arg.name}: got ${describe(value)}, expected a whole number`);
    }
    if (arg.kind !== "operand") return;
    const width = elementBytes(arg);
    const end = value + width * arg.length(sizes);
    if (!(Number.isInteger(value) && value > 0 && value % width === 0 && end <= bytes)) {
      throw new SimdOptimError(
        "POINTER_OUT_OF_BOUNDS",
        `${name}.${arg.name}: got ${arg.length(sizes)} elements at ${describe(value)}, expected a multiple of ${width} inside ${bytes} bytes of memory`,
      );
    }
  });
}
