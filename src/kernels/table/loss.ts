/** The kernels of losses. */
import {
  all,
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
  },
  firstOutOfRange: {
    kind: "fold",
    operands: { index: index(all, ({ bound }) => bound! + 1) },
  },
  firstOutside: { kind: "fold", operands: { x: input } },
  gaussianNll: map({ x: input, t: input, variance: input, ...outcome, gradientVariance: output }),
  huber: map({ x: input, t: input, ...outcome }),
  l1: map({ x: input, t: input, ...outcome }),
  laplaceNll: map({ x: input, t: input, width: input, ...outcome, gradientWidth: output }),
  mse: map({ x: input, t: input, ...outcome }),
  sigmoidFocal: map({ x: input, t: input, ...outcome }),
  softmaxCrossEntropy: {
    kind: "rows",
    operands: { logits: read(area), targets: index(rows, columns), losses: write(rows), gradient: write(area) },
  },
  softmaxCrossEntropyDense: {
    kind: "rows",
    operands: { logits: read(area), targets: read(area), weights: read(columns), ...rowOutcome, work: work(2 * CHUNK) },
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
  },
  softmaxFocal: {
    kind: "rows",
    operands: { logits: read(area), targets: index(rows, columns), weights: read(columns), ...rowOutcome },
  },
  tile: {
    kind: "map",
    operands: { x: read(columns), y: output },
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
  },
  unitRows: { kind: "rows", operands: { x: read(area), y: write(area), norms: write(rows) } },
  unitRowsBackward: {
    kind: "rows",
    operands: { y: read(area), norms: read(rows), dy: read(area), dx: write(area) },
  },
  weightElements: map({ w: input, y: inout }),
  weightRows: { kind: "rows", operands: { w: read(rows), y: update(area) } },
  zLoss: { kind: "rows", operands: { logits: read(area), ...rowOutcome } },
} satisfies Record<string, Row>;
