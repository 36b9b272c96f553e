/** The kernels of optimizers. */
import {
  CHUNK,
  fold,
  inout,
  input,
  type Length,
  map,
  output,
  picked,
  type Row,
  read,
  sums,
  update,
  work,
  write,
} from "../row.ts";

/** A stack of matrices, and what belongs to each of their rows and columns. */
const stack: Length = ({ batch, rows, columns }) => batch! * rows! * columns!;
const stackRows: Length = ({ batch, rows }) => batch! * rows!;
const stackColumns: Length = ({ batch, columns }) => batch! * columns!;
/** A gradient whose every position has a norm of its own. */
const positions: Length = ({ positions }) => positions!;
const unitArea: Length = ({ rows, positions }) => rows! * positions!;
const factors = { rowFactor: read(stackRows), columnFactor: read(stackColumns) };

/** Elements of the workspace of kernels that sum squares for monitoring. */
const NORM_PARTIALS = 12;

export const optimRows = {
  adaBelief: map({ p: inout, m: inout, v: inout, g: input }),
  adaBeliefAmsgrad: map({ p: inout, m: inout, v: inout, u: inout, g: input }),
  adaBeliefMomentum: map({ p: inout, m: inout, v: inout, g: input }),
  adaBound: map({ p: inout, m: inout, v: inout, g: input }),
  adaBoundAmsbound: map({ p: inout, m: inout, v: inout, u: inout, g: input }),
  adadelta: map({ p: inout, v: inout, u: inout, g: input }),
  adafactorMoments: {
    kind: "matrix",
    operands: {
      g: read(stack),
      row: update(stackRows),
      column: update(stackColumns),
      rowFactor: write(stackRows),
      columnFactor: write(stackColumns),
      acc: work(({ columns }) => columns!, "f64"),
    },
  },
  adafactorMomentum: {
    kind: "rows",
    operands: { p: update(stack), m: update(stack), g: read(stack), ...factors },
  },
  adafactorNorm: { kind: "fold", operands: { g: read(stack), ...factors, work: work(1024) } },
  adafactorStep: { kind: "rows", operands: { p: update(stack), g: read(stack), ...factors } },
  adafactorVariance: map({ g: input, v: inout, factor: output }),
  adagrad: map({ p: inout, s: inout, g: input }),
  adam: map({ p: inout, m: inout, v: inout, g: input }),
  adamAmsgrad: map({ p: inout, m: inout, v: inout, u: inout, g: input }),
  adamax: map({ p: inout, m: inout, u: inout, g: input }),
  adamw: map({ p: inout, m: inout, v: inout, g: input }),
  adamwAmsgrad: map({ p: inout, m: inout, v: inout, u: inout, g: input }),
  adamwNorms: {
    kind: "fold",
    operands: { p: inout, m: inout, v: inout, g: input, work: work(NORM_PARTIALS), sums: sums(3, "inout") },
  },
  adan: map({ p: inout, m: inout, d: inout, v: inout, last: inout, g: input }),
  ademamix: map({ p: inout, fast: inout, slow: inout, v: inout, g: input }),
  agdNorms: {
    kind: "fold",
    operands: { g: read(unitArea), norm: write(positions), acc: work(positions, "f64") },
  },
  agdStep: {
    kind: "rows",
    operands: { p: update(unitArea), g: read(unitArea), norm: read(positions) },
  },
  asgdAverage: map({ p: inout, a: inout, g: input }),
  asgdCopy: map({ p: inout, a: output, g: input }),
  lambMoments: { kind: "fold", operands: { p: input, m: inout, v: inout, g: input, work: work(CHUNK), sums: sums(2) } },
  lambStep: map({ p: inout, m: input, v: input }),
  lion: map({ p: inout, m: inout, g: input }),
  nadam: map({ p: inout, m: inout, v: inout, g: input }),
  nagGs: map({ p: inout, v: inout, g: input }),
  prodigyAccumulate: {
    kind: "fold",
    operands: { p: input, origin: input, s: inout, g: input, work: work(1024), sums: sums(3) },
  },
  prodigyAverage: map({ p: output, origin: input, s: input }),
  prodigyGather: {
    kind: "fold",
    operands: {
      p: input,
      m: inout,
      v: inout,
      origin: read(picked),
      s: update(picked),
      g: input,
      work: work(2 * 1024),
      sums: sums(2),
    },
  },
  prodigyMeasure: fold({ p: input, origin: input, g: input, work: work(1024), sums: sums(3) }),
  prodigyStep: map({ p: inout, m: input, v: input }),
  rmsprop: map({ p: inout, v: inout, g: input }),
  rmspropCentered: map({ p: inout, v: inout, a: inout, g: input }),
  rmspropCenteredMomentum: map({ p: inout, v: inout, a: inout, b: inout, g: input }),
  rmspropMomentum: map({ p: inout, v: inout, b: inout, g: input }),
  rprop: map({ p: inout, q: inout, s: inout, g: input }),
  scheduleFreeAdam: map({ y: inout, z: inout, v: inout, g: input }),
  scheduleFreeAdamInner: map({ y: inout, z: inout, m: inout, v: inout, g: input }),
  scheduleFreeSgd: map({ y: inout, z: inout, g: input }),
  scheduleFreeWarmup: map({ y: inout, z: inout, v: inout, g: input }),
  sgd: map({ p: inout, g: input }),
  sgdMomentum: map({ p: inout, b: inout, g: input }),
  sgdMomentumL2: map({ p: inout, b: inout, g: input }),
  sgdNesterov: map({ p: inout, b: inout, g: input }),
  signSgd: map({ p: inout, g: input }),
  sophiaG: map({ p: inout, m: inout, h: input, g: input }),
  sophiaGHessian: map({ h: inout, g: input }),
  stepNorms: fold({ before: input, p: input, g: input, work: work(NORM_PARTIALS), sums: sums(3, "inout") }),
  svrg: map({ p: inout, g: input, s: input, u: input }),
} satisfies Record<string, Row>;
