/** The kernels of optimizers. */

import { CHUNK } from "../reference/chunk.ts";
import {
  area,
  columns,
  fold,
  type Kernel,
  type Length,
  map,
  picked,
  read,
  reals,
  rowSizes,
  type SizeChoice,
  size,
  strideSizes,
  sums,
  update,
  work,
  write,
} from "../row.ts";

const ADABELIEF = ["scale", "l2", "shrink", "pull", "beta2", "gain2", "floor", "step"];
const ADAM_L2 = ["scale", "l2", "beta1", "gain1", "beta2", "gain2", "step", "eps"];
const ADAM_DECAY = ["beta1", "gain1", "beta2", "gain2", "step", "eps", "shrink"];
const ADAMAX = ["scale", "l2", "beta1", "gain1", "beta2", "step", "eps"];
const NADAM = ["scale", "l2", "beta1", "gain1", "beta2", "gain2", "stepG", "stepM", "eps", "shrink"];
const RMSPROP = ["scale", "l2", "alpha", "gain2", "inside", "outside"];
const RMSPROP_CENTERED = ["scale", "l2", "alpha", "gain1", "gain2", "inside", "outside"];
const MIXED = ["beta1", "gain1", "beta2", "gain2", "beta3", "gain3", "step1", "step2", "eps", "shrink"];
const SGD_BUFFERED = ["scale", "l2", "lr", "momentum"];

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

const factors = [read("rowFactor", stackRows), read("columnFactor", stackColumns)];

/** Elements of the workspace of kernels that sum squares for monitoring. */
const NORM_PARTIALS = 12;

export const optimKernels = {
  adaBelief: map([update("p"), update("m"), update("v"), read("g")], ...ADABELIEF, "eps"),
  adaBeliefAmsgrad: map([update("p"), update("m"), update("v"), update("u"), read("g")], ...ADABELIEF, "eps"),
  adaBeliefMomentum: map([update("p"), update("m"), update("v"), read("g")], ...ADABELIEF),
  adaBound: map([update("p"), update("m"), update("v"), read("g")], ...ADAM_L2, "low", "high"),
  adaBoundAmsbound: map([update("p"), update("m"), update("v"), update("u"), read("g")], ...ADAM_L2, "low", "high"),
  adadelta: map([update("p"), update("v"), update("u"), read("g")], "scale", "l2", "rho", "gain", "eps", "lr"),
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
      ...reals("cap", "shrink", "beta1", "step"),
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
    args: [update("p", stack), read("g", stack), ...factors, ...stackSizes, ...reals("cap", "shrink", "step")],
    sizes: stackChoice,
  },
  adafactorVariance: map([read("g"), update("v"), write("factor")], "scale", "beta", "gain", "eps"),
  adagrad: map([update("p"), update("s"), read("g")], "scale", "l2", "step", "inside", "outside"),
  adam: map([update("p"), update("m"), update("v"), read("g")], ...ADAM_L2),
  adamAmsgrad: map([update("p"), update("m"), update("v"), update("u"), read("g")], ...ADAM_L2),
  adamax: map([update("p"), update("m"), update("u"), read("g")], ...ADAMAX),
  adamw: map([update("p"), update("m"), update("v"), read("g")], ...ADAM_DECAY),
  adamwAmsgrad: map([update("p"), update("m"), update("v"), update("u"), read("g")], ...ADAM_DECAY),
  adamwNorms: {
    kind: "fold",
    args: [
      ...[update("p"), update("m"), update("v"), read("g"), work(NORM_PARTIALS), sums(3, "inout"), size("n")],
      ...reals(...ADAM_DECAY),
    ],
  },
  adan: map([update("p"), update("m"), update("d"), update("v"), update("last"), read("g")], "scale", ...MIXED),
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
  asgdAverage: map([update("p"), update("a"), read("g")], "scale", "l2", "eta", "mu"),
  asgdCopy: map([update("p"), write("a"), read("g")], "scale", "l2", "eta"),
  lambMoments: {
    kind: "fold",
    args: [
      ...[read("p"), update("m"), update("v"), read("g"), work(CHUNK), sums(2), size("n")],
      ...reals("beta1", "gain1", "beta2", "gain2", "step", "eps", "l2"),
    ],
  },
  lambStep: map([update("p"), read("m"), read("v")], "step", "eps", "l2", "rate"),
  lion: map([update("p"), update("m"), read("g")], "beta1", "gain1", "beta2", "gain2", "lr", "shrink"),
  nadam: map([update("p"), update("m"), update("v"), read("g")], ...NADAM),
  nagGs: map([update("p"), update("v"), read("g")], "b", "push", "a"),
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
  prodigyStep: map([update("p"), read("m"), read("v")], "shrink", "step", "eps"),
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
  sgd: map([update("p"), read("g")], "scale", "l2", "lr"),
  sgdMomentum: map([update("p"), update("b"), read("g")], "scale", "lr", "momentum"),
  sgdMomentumL2: map([update("p"), update("b"), read("g")], ...SGD_BUFFERED),
  sgdNesterov: map([update("p"), update("b"), read("g")], ...SGD_BUFFERED),
  signSgd: map([update("p"), read("g")], "scale", "lr", "shrink"),
  sophiaG: map(
    [update("p"), update("m"), read("h"), read("g")],
    ...["beta1", "gain1", "curvature", "eps", "lr", "shrink"],
  ),
  sophiaGHessian: map([update("h"), read("g")], "beta2", "gain2"),
  stepNorms: fold(read("before"), read("p"), read("g"), work(NORM_PARTIALS), sums(3, "inout")),
  svrg: map([update("p"), read("g"), read("s"), read("u")], "lr"),
} satisfies Record<string, Kernel>;
