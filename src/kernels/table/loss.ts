/** The kernels of losses. */

import { CHUNK } from "../reference/chunk.ts";
import {
  area,
  bits,
  columns,
  index,
  type Kernel,
  map,
  read,
  reals,
  rowSizes,
  rows,
  size,
  update,
  work,
  write,
} from "../row.ts";

const LIKELIHOOD = ["eps", "constant", "scale"];

/** What a loss gives for each element, and for each row. */
const outcome = [write("losses"), write("gradient")];
const rowOutcome = [write("losses", rows), write("gradient", area)];

export const lossKernels = {
  addSign: map([read("w"), update("g")], "strength"),
  binaryCrossEntropy: map([read("x"), read("t"), read("w"), ...outcome], "scale"),
  contrastive: {
    kind: "rows",
    args: [
      ...[read("x1", area), read("x2", area), read("labels", rows), write("losses", rows)],
      ...[write("gradient1", area), write("gradient2", area), size("rows"), size("columns")],
      ...reals("margin", "similar", "dissimilar", "by"),
    ],
    sizes: rowSizes,
  },
  gaussianNll: map([read("x"), read("t"), read("variance"), ...outcome, write("gradientVariance")], ...LIKELIHOOD),
  huber: map([read("x"), read("t"), ...outcome], "bound", "square", "linear", "scale"),
  l1: map([read("x"), read("t"), ...outcome], "scale"),
  laplaceNll: map([read("x"), read("t"), read("width"), ...outcome, write("gradientWidth")], ...LIKELIHOOD),
  mse: map([read("x"), read("t"), ...outcome], "scale"),
  sigmoidFocal: map([read("x"), read("t"), ...outcome], "gamma", "positive", "negative", "by"),
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
} satisfies Record<string, Kernel>;
