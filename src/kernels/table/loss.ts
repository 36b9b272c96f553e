/** The kernels of losses. */
import {
  area,
  CHUNK,
  columns,
  index,
  inout,
  input,
  map,
  output,
  type Row,
  read,
  rowSizes,
  rows,
  update,
  work,
  write,
} from "../row.ts";

/** What a loss gives for each element, and for each row. */
const outcome = { losses: output, gradient: output };
const rowOutcome = { losses: write(rows), gradient: write(area) };

export const lossRows = {
  binaryCrossEntropy: map({ x: input, t: input, w: input, ...outcome }),
  contrastive: {
    kind: "rows",
    operands: {
      x1: read(area),
      x2: read(area),
      labels: read(rows),
      losses: write(rows),
      gradient1: write(area),
      gradient2: write(area),
    },
    sizes: rowSizes,
  },
  gaussianNll: map({ x: input, t: input, variance: input, ...outcome, gradientVariance: output }),
  huber: map({ x: input, t: input, ...outcome }),
  l1: map({ x: input, t: input, ...outcome }),
  laplaceNll: map({ x: input, t: input, width: input, ...outcome, gradientWidth: output }),
  mse: map({ x: input, t: input, ...outcome }),
  sigmoidFocal: map({ x: input, t: input, ...outcome }),
  softmaxCrossEntropy: {
    kind: "rows",
    operands: { logits: read(area), targets: index(rows, columns), losses: write(rows), gradient: write(area) },
    sizes: rowSizes,
  },
  softmaxCrossEntropyDense: {
    kind: "rows",
    operands: { logits: read(area), targets: read(area), weights: read(columns), ...rowOutcome, work: work(2 * CHUNK) },
    sizes: rowSizes,
  },
  softmaxCrossEntropyWeighted: {
    kind: "rows",
    operands: {
      logits: read(area),
      targets: index(rows, ({ columns }) => columns! + 1),
      weights: read(columns),
      ...rowOutcome,
      work: work(CHUNK),
    },
    sizes: rowSizes,
  },
  softmaxFocal: {
    kind: "rows",
    operands: { logits: read(area), targets: index(rows, columns), weights: read(columns), ...rowOutcome },
    sizes: rowSizes,
  },
  tile: {
    kind: "map",
    operands: { x: read(columns), y: output },
    sizes: {
      typical: (elements) => ({ n: elements, columns: 256, from: 0 }),
      random: (below) => ({ n: below(1000), columns: 1 + below(300), from: below(2000) }),
    },
  },
  triplet: {
    kind: "rows",
    operands: {
      a: read(area),
      p: read(area),
      n: read(area),
      losses: write(rows),
      gradientA: write(area),
      gradientP: write(area),
      gradientN: write(area),
    },
    sizes: {
      typical: (elements) => ({ ...rowSizes.typical(elements), form: 2, swap: 0 }),
      random: (below) => ({ ...rowSizes.random(below), form: below(3), swap: below(2) }),
    },
  },
  unitRows: { kind: "rows", operands: { x: read(area), y: write(area), norms: write(rows) }, sizes: rowSizes },
  unitRowsBackward: {
    kind: "rows",
    operands: { y: read(area), norms: read(rows), dy: read(area), dx: write(area) },
    sizes: rowSizes,
  },
  weightElements: map({ w: input, y: inout }),
  weightRows: { kind: "rows", operands: { w: read(rows), y: update(area) }, sizes: rowSizes },
  zLoss: { kind: "rows", operands: { logits: read(area), ...rowOutcome }, sizes: rowSizes },
} satisfies Record<string, Row>;
