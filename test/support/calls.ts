/**
 * One good call of everything that the package exports: what tests of arguments are driven from. An export that is not
 * here fails test/contracts/arguments.test.ts by its name.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as main from "../../src/index.ts";
import { saveCheckpoint } from "../../src/node/index.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";

// biome-ignore lint/suspicious/noExplicitAny: the calls are of every signature there is.
type Any = any;

/** A call: what is called and with what. Whatever is optional is given, so that it can be spoilt. */
export interface Call {
  readonly title: string;
  /** Makes the callee and good arguments anew. */
  readonly prepare: (rt: Runtime) => { readonly run: (args: readonly Any[]) => unknown; readonly args: readonly Any[] };
}

type Args = (rt: Runtime) => readonly Any[];

/** Tensors of values that are all different and in (0, 1): good for variances and probabilities as well. */
function t(rt: Runtime, ...shape: number[]): Any {
  const size = shape.reduce((product, extent) => product * extent, 1);
  serial++;
  return rt.tensor(shape, { values: Array.from({ length: size }, (_, i) => ((7 * i + serial) % 23) / 25 + 0.05) });
}
let serial = 0;

function indices(rt: Runtime, count: number, below: number): Any {
  return rt.tensor([count], { type: "u32", values: Array.from({ length: count }, (_, i) => i % below) });
}

const parameters = (rt: Runtime) => {
  const params = rt.parameters({ "fc.weight": [4, 3], "fc.bias": [4] });
  for (const { data, grad } of params) data.fill(0.5) && grad.fill(0.25);
  return params;
};
const adamw = (rt: Runtime) => new main.AdamW(parameters(rt), { lr: 0.1 });
const layers = () => new main.Sequential([new main.Linear(3, 2), new main.Tanh()]);
const source = { seed: 1, name: "x" };
const lossOptions = (rt: Runtime, shape: number[], count = shape) => ({
  reduction: "none",
  losses: t(rt, ...count),
  upstream: t(rt, ...count),
  accumulate: true,
  gradient: t(rt, ...shape),
});
const { gradient: _, ...noGradient } = { gradient: 0 };
const apart = (rt: Runtime, shape: number[], count: number[]) => {
  const { gradient, ...rest } = lossOptions(rt, shape, count);
  return { ...noGradient, ...rest };
};
const running = (rt: Runtime) => ({ mean: t(rt, 4), variance: t(rt, 4), batches: 3 });
const gradients = (rt: Runtime, shape: number[], channels: number[]) => ({
  dx: t(rt, ...shape),
  dWeight: t(rt, ...channels),
  dBias: t(rt, ...channels),
});
const images = (rt: Runtime) => t(rt, 2, 4, 5, 5);
const maps = (rt: Runtime) => t(rt, 2, 4, 4, 4);
const pooling = { stride: 1, padding: [1, 0], ceilMode: true };
const file = () => main.writeCheckpoint({ data: { a: 1 } }).bytes();

/** Good arguments of a function, with the same contents each time. */
export function argumentsOf(name: string, rt: Runtime): readonly Any[] {
  serial = 0;
  return functions[name]!(rt);
}

/** Functions by name. */
export const functions: Readonly<Record<string, Args>> = {
  addGradientNoise: (rt) => [parameters(rt), { seed: 1, step: 0, eta: 0.1, gamma: 0.5 }],
  addPositions: (rt) => [t(rt, 6, 3), t(rt, 2, 5, 3)],
  addPositionsBackward: (rt) => [t(rt, 2, 5, 3), t(rt, 6, 3)],
  addTo: (rt) => [t(rt, 5), t(rt, 5)],
  agdInit: (rt) => [rt.parameters({ weight: [4, 3] }), { seed: 1 }],
  avgPool2d: (rt) => [t(rt, 2, 4, 5, 5), [2, 2], t(rt, 2, 4, 6, 4), { ...pooling, countIncludePad: false }],
  avgPool2dBackward: (rt) => [t(rt, 2, 4, 6, 4), [2, 2], t(rt, 2, 4, 5, 5), { ...pooling, countIncludePad: false }],
  batchNorm: (rt) => {
    const options = { training: true, momentum: 0.1, eps: 1e-5 };
    return [images(rt), t(rt, 4), t(rt, 4), running(rt), images(rt), t(rt, 3, 4), options];
  },
  batchNormBackward: (rt) => [
    ...[images(rt), t(rt, 4), t(rt, 3, 4), images(rt), gradients(rt, [2, 4, 5, 5], [4])],
    { training: true },
  ],
  binaryCrossEntropyWithLogits: (rt) => [
    ...[t(rt, 6, 4), t(rt, 6, 4)],
    { ...lossOptions(rt, [6, 4]), posWeight: t(rt, 4), weight: t(rt, 6, 4) },
  ],
  causalAttention: (rt) => [t(rt, 2, 5, 12), { out: t(rt, 2, 5, 4), stats: t(rt, 2, 2, 5, 2) }, { heads: 2, scale: 1 }],
  causalAttentionBackward: (rt) => [
    ...[t(rt, 2, 5, 12), { out: t(rt, 2, 5, 4), stats: t(rt, 2, 2, 5, 2) }, t(rt, 2, 5, 4), t(rt, 2, 5, 12)],
    { heads: 2, scale: 1 },
  ],
  centralizeGradients: (rt) => [parameters(rt)],
  checkpoint: () => [layers()],
  clipGradAdaptive: (rt) => [parameters(rt), { clipping: 0.01, eps: 1e-3 }],
  clipGradNorm: (rt) => [parameters(rt), 1, { norm: 2 }],
  clipGradValue: (rt) => [parameters(rt), 1],
  clipGroupNorms: (rt) => [adamw(rt).groups, 1, { norm: 2 }],
  contrastive: (rt) => [
    ...[t(rt, 6, 4), t(rt, 6, 4), rt.tensor([6], { values: [0, 1, 0, 1, 1, 0] })],
    { ...apart(rt, [6, 4], [6]), margin: 1, form: "half", gradient1: t(rt, 6, 4), gradient2: t(rt, 6, 4) },
  ],
  conv2d: (rt) => [
    ...[images(rt), t(rt, 4, 2, 2, 2), t(rt, 4), maps(rt)],
    { stride: 1, padding: [0, 0], dilation: 1, groups: 2 },
  ],
  conv2dBackward: (rt) => [
    ...[images(rt), t(rt, 4, 2, 2, 2), maps(rt)],
    { dx: images(rt), dWeight: t(rt, 4, 2, 2, 2), dBias: t(rt, 4) },
    { stride: 1, padding: [0, 0], dilation: 1, groups: 2 },
  ],
  conv2dBytes: () => [[2, 4, 5, 5], [4, 2, 2, 2], { stride: 1, padding: [0, 0], dilation: 1, groups: 2 }],
  conv2dShape: () => [[2, 4, 5, 5], [4, 2, 2, 2], { stride: 1, padding: [0, 0], dilation: 1, groups: 2 }],
  crossEntropy: (rt) => [
    ...[t(rt, 6, 4), indices(rt, 6, 4)],
    { ...lossOptions(rt, [6, 4], [6]), weight: t(rt, 4), labelSmoothing: 0.1, ignoreIndex: -100 },
  ],
  dropout: (rt) => [t(rt, 5), t(rt, 5), { ...source, p: 0.5, step: 1 }],
  dropoutBackward: (rt) => [t(rt, 5), t(rt, 5), { ...source, p: 0.5, step: 1 }],
  embedding: (rt) => [t(rt, 4, 3), indices(rt, 5, 4), t(rt, 5, 3)],
  embeddingBackward: (rt) => [t(rt, 5, 3), indices(rt, 5, 4), t(rt, 4, 3)],
  findNonFinite: (rt) => [parameters(rt), { of: "value" }],
  gaussianNll: (rt) => [
    ...[t(rt, 6), t(rt, 6), t(rt, 6)],
    { ...lossOptions(rt, [6]), full: true, eps: 1e-3, gradientVariance: t(rt, 6) },
  ],
  gelu: (rt) => [t(rt, 5), t(rt, 5), t(rt, 5), { approximate: "tanh" }],
  gemm: (rt) => [t(rt, 3, 3), t(rt, 3, 3), t(rt, 3, 3), { transposeA: true, transposeB: false, alpha: 2, beta: 1 }],
  gpt2Recipe: (rt) => [parameters(rt), recipe],
  gradNorm: (rt) => [parameters(rt), { norm: 2 }],
  groupNorm: (rt) => [images(rt), 2, t(rt, 4), t(rt, 4), images(rt), t(rt, 3, 4), { eps: 1e-5 }],
  groupNormBackward: (rt) => [images(rt), 2, t(rt, 4), t(rt, 3, 4), images(rt), gradients(rt, [2, 4, 5, 5], [4])],
  groupTable: (rt) => [adamw(rt).groups],
  groupsBy: (rt) => [parameters(rt), [{ role: ["hidden", "bias"], weightDecay: 0.1 }]],
  huber: (rt) => [t(rt, 6), t(rt, 6), { ...lossOptions(rt, [6]), delta: 1 }],
  infoNce: (rt) => [
    ...[t(rt, 6, 4), t(rt, 6, 4)],
    { ...apart(rt, [6, 4], [6]), ...contrast, symmetric: true, gradientA: t(rt, 6, 4), gradientB: t(rt, 6, 4) },
  ],
  "init.calculateGain": () => ["leakyRelu", 0.01],
  "init.constant": (rt) => [t(rt, 3), 1],
  "init.eye": (rt) => [t(rt, 3, 3)],
  "init.fans": () => [[3, 4]],
  "init.gpt2": (rt) => [parameters(rt), { seed: 1, residual: { layers: 2, where: () => true } }],
  "init.kaimingNormal": (rt) => [t(rt, 3, 4), { ...source, ...kaiming }],
  "init.kaimingUniform": (rt) => [t(rt, 3, 4), { ...source, ...kaiming }],
  "init.normal": (rt) => [t(rt, 3), { ...source, mean: 0, deviation: 1 }],
  "init.ones": (rt) => [t(rt, 3)],
  "init.orthogonal": (rt) => [t(rt, 3, 4), { ...source, gain: 2 }],
  "init.truncatedNormal": (rt) => [t(rt, 3), { ...source, mean: 0, deviation: 1, low: -1, high: 1 }],
  "init.uniform": (rt) => [t(rt, 3), { ...source, low: 0, high: 1 }],
  "init.xavierNormal": (rt) => [t(rt, 3, 4), { ...source, gain: 1, fansOf: [3, 4] }],
  "init.xavierUniform": (rt) => [t(rt, 3, 4), { ...source, gain: 1, fansOf: [3, 4] }],
  "init.zeros": (rt) => [t(rt, 3)],
  instanceNorm: (rt) => {
    const options = { training: true, momentum: 0.1, eps: 1e-5 };
    return [images(rt), t(rt, 4), t(rt, 4), running(rt), images(rt), t(rt, 3, 8), options];
  },
  instanceNormBackward: (rt) => [
    ...[images(rt), t(rt, 4), t(rt, 3, 8), images(rt), gradients(rt, [2, 4, 5, 5], [4])],
    { training: true },
  ],
  jsonLines: () => [() => {}, { nonFinite: "null" }],
  l1: (rt) => [t(rt, 6), t(rt, 6), lossOptions(rt, [6])],
  l1Penalty: (rt) => [parameters(rt), 0.1],
  l1Prox: (rt) => [parameters(rt), 0.1],
  l2Penalty: (rt) => [parameters(rt), 0.1],
  laplaceNll: (rt) => [
    ...[t(rt, 6), t(rt, 6), t(rt, 6)],
    { ...lossOptions(rt, [6]), full: true, eps: 1e-3, gradientScale: t(rt, 6) },
  ],
  layerNorm: (rt) => {
    const options = { normalizedShape: [3, 4], eps: 1e-5 };
    return [t(rt, 5, 3, 4), t(rt, 3, 4), t(rt, 3, 4), t(rt, 5, 3, 4), t(rt, 3, 5), options];
  },
  layerNormBackward: (rt) => [
    ...[t(rt, 5, 3, 4), t(rt, 3, 4), t(rt, 3, 5), t(rt, 5, 3, 4), gradients(rt, [5, 3, 4], [3, 4])],
    { normalizedShape: [3, 4] },
  ],
  linear: (rt) => [t(rt, 5, 3), t(rt, 4, 3), t(rt, 4), t(rt, 5, 4)],
  linearBackward: (rt) => [
    ...[t(rt, 5, 3), t(rt, 4, 3), t(rt, 5, 4)],
    { dx: t(rt, 5, 3), dWeight: t(rt, 4, 3), dBias: t(rt, 4) },
  ],
  llamaRecipe: (rt) => [parameters(rt), recipe],
  load: () => [{ backend: "reference", maxBytes: 65536 }],
  loadParameters: (rt) => [bytesOf(rt), parameters(rt), { names: (name: string) => name, strict: true }],
  maxPool2d: (rt) => {
    const index = rt.tensor([2, 4, 6, 4], { type: "u32" });
    return [images(rt), [2, 2], t(rt, 2, 4, 6, 4), index, { ...pooling, dilation: 1 }];
  },
  maxPool2dBackward: (rt) => [t(rt, 2, 4, 4, 4), rt.tensor([2, 4, 4, 4], { type: "u32" }), images(rt)],
  mse: (rt) => [t(rt, 6), t(rt, 6), lossOptions(rt, [6])],
  mup: (rt) => [parameters(rt), { "fc.weight": [2, 3], "fc.bias": [2] }],
  mupGroups: (rt) => [
    ...[parameters(rt), { "fc.weight": [2, 3], "fc.bias": { shape: [2] } }],
    { optimizer: "adam", lr: 0.1, weightDecay: 0.1, independentWeightDecay: true },
  ],
  jaxOptimizer: (rt) => [rt, main.AdamW, { lr: 0.1 }],
  "node.loadCheckpoint": (rt) => [saved(rt), { model: parameters(rt) }, { strict: true }],
  "node.loadParametersFile": (rt) => [saved(rt), parameters(rt), { names: (name: string) => name, strict: true }],
  "node.openEventFile": () => [folder],
  "node.openLog": () => [join(folder, "log")],
  "node.saveCheckpoint": (rt) => [join(folder, "run"), { model: parameters(rt) }],
  "node.saveSafetensors": (rt) => [join(folder, "run"), main.writeCheckpoint({ model: parameters(rt) })],
  ntXent: (rt) => [t(rt, 6, 4), { ...apart(rt, [6, 4], [6]), ...contrast, gradient: t(rt, 6, 4) }],
  parseSchedule: () => ["cosine({ peak: 1, total: 10 })"],
  plan: () => [layers(), { shape: [5, 3], type: "f32" }, passing],
  pool2dShape: () => [[2, 4, 5, 5], [2, 2], { ...pooling, dilation: 1 }],
  readCheckpoint: () => [file(), {}, { strict: true }],
  readSafetensors: () => [file()],
  readTorchState: (rt) => {
    const optimizer = adamw(rt);
    optimizer.step();
    return [main.writeTorchState(optimizer).bytes(), optimizer, { step: 1, strict: true }];
  },
  relu: (rt) => [t(rt, 5), t(rt, 5)],
  reluBackward: (rt) => [t(rt, 5), t(rt, 5), t(rt, 5)],
  rmsNorm: (rt) => [t(rt, 5, 3), t(rt, 3), t(rt, 5, 3), t(rt, 5), { normalizedShape: [3], eps: 1e-5 }],
  rmsNormBackward: (rt) => [
    ...[t(rt, 5, 3), t(rt, 3), t(rt, 5), t(rt, 5, 3), { dx: t(rt, 5, 3), dWeight: t(rt, 3) }],
    { normalizedShape: [3] },
  ],
  runElsewhere: (rt) => [parameters(rt), () => {}, () => 1, () => {}],
  "schedules.adamScaling": () => [{ lr: 0.1, baseBatch: 32, batch: 64, betas: [0.9, 0.99], eps: 1e-8 }],
  "schedules.chain": () => [[() => 1, () => 2]],
  "schedules.constant": () => [1],
  "schedules.constantFactor": () => [{ value: 1, factor: 0.5, total: 5 }],
  "schedules.cooldown": () => [() => 1, { at: 5, steps: 5, shape: "linear", floor: 0.1 }],
  "schedules.cosine": () => [{ peak: 1, total: 10, floor: 0 }],
  "schedules.cosineAnnealing": () => [{ peak: 1, tMax: 10, floor: 0 }],
  "schedules.cosineWarmRestarts": () => [{ peak: 1, t0: 10, tMult: 2, floor: 0 }],
  "schedules.cyclic": () => [{ base: 0.1, max: 1, stepSizeUp: 5, stepSizeDown: 5, mode: "triangular2" }],
  "schedules.cyclicMomentum": () => [{ base: 0.1, max: 0.9, stepSizeUp: 5, stepSizeDown: 5, mode: "triangular2" }],
  "schedules.exponential": () => [{ value: 1, gamma: 0.9 }],
  "schedules.inversePower": () => [{ eta: 1, t0: 1, power: 0.5 }],
  "schedules.inverseSqrt": () => [{ peak: 1, warmup: 10, convention: "(t+1)/w" }],
  "schedules.lambda": () => [{ value: 1, factor: () => 1 }],
  "schedules.linear": () => [{ start: 1, end: 0, total: 10 }],
  "schedules.linearScaling": () => [{ lr: 0.1, baseBatch: 32, batch: 64 }],
  "schedules.multiStep": () => [{ value: 1, gamma: 0.1, milestones: [3, 5] }],
  "schedules.multiplicative": () => [{ value: 1, factor: () => 1 }],
  "schedules.noam": () => [{ dModel: 64, warmup: 10, factor: 1 }],
  "schedules.oneCycle": () => [{ peak: 1, total: 10, pctStart: 0.3, annealStrategy: "cos", threePhase: true }],
  "schedules.oneCycleMomentum": () => [{ base: 0.8, max: 0.9, total: 10, pctStart: 0.3, annealStrategy: "cos" }],
  "schedules.polynomial": () => [{ value: 1, total: 10, power: 2 }],
  "schedules.reduceOnPlateau": () => [{ value: 1, factor: 0.5, patience: 2, mode: "min" }],
  "schedules.robbinsMonro": () => [() => 1],
  "schedules.sequence": () => [[() => 1, () => 2], [3]],
  "schedules.sqrtScaling": () => [{ lr: 0.1, baseBatch: 32, batch: 64 }],
  "schedules.stepDecay": () => [{ value: 1, gamma: 0.9, every: 3 }],
  "schedules.warmup": () => [() => 1, 5, { shape: "linear", start: 0, convention: "t/w" }],
  "schedules.warmupCosine": () => [{ peak: 1, warmup: 2, total: 10, floor: 0, convention: "t/w" }],
  "schedules.warmupLinear": () => [{ peak: 1, warmup: 2, total: 10, floor: 0, convention: "t/w" }],
  "schedules.wsd": () => [{ peak: 1, warmup: 2, stable: 3, decay: 4, shape: "linear", floor: 0 }],
  sigmoid: (rt) => [t(rt, 5), t(rt, 5)],
  sigmoidBackward: (rt) => [t(rt, 5), t(rt, 5), t(rt, 5)],
  sigmoidFocal: (rt) => [t(rt, 6), t(rt, 6), { ...lossOptions(rt, [6]), gamma: 2, alpha: 0.25 }],
  silu: (rt) => [t(rt, 5), t(rt, 5), t(rt, 5)],
  slopeBackward: (rt) => [t(rt, 5), t(rt, 5), t(rt, 5)],
  smoothL1: (rt) => [t(rt, 6), t(rt, 6), { ...lossOptions(rt, [6]), beta: 1 }],
  softmax: (rt) => [t(rt, 5, 3), t(rt, 5, 3)],
  softmaxBackward: (rt) => [t(rt, 5, 3), t(rt, 5, 3), t(rt, 5, 3)],
  softmaxFocal: (rt) => [
    ...[t(rt, 6, 4), indices(rt, 6, 4)],
    { ...lossOptions(rt, [6, 4], [6]), gamma: 2, alpha: t(rt, 4) },
  ],
  steps: () => [{ from: 0, total: 3, signal: new AbortController().signal, hold: 10 }],
  tanh: (rt) => [t(rt, 5), t(rt, 5)],
  tanhBackward: (rt) => [t(rt, 5), t(rt, 5), t(rt, 5)],
  tensorBoard: () => [() => {}],
  tripletMargin: (rt) => [...triples(rt), { ...tripletOptions(rt), p: 1, eps: 1e-6 }],
  tripletSquared: (rt) => [...triples(rt), tripletOptions(rt)],
  wrap: (rt) => [rt, { weight: { data: new Float32Array(3), grad: new Float32Array(3), shape: [3] } }],
  writeCheckpoint: (rt) => [{ model: parameters(rt), data: { a: 1 } }],
  writeTorchState: (rt) => [adamw(rt)],
  zLoss: (rt) => [t(rt, 6, 4), { ...lossOptions(rt, [6, 4], [6]), beta: 1e-4 }],
};

const folder = mkdtempSync(join(tmpdir(), "calls-"));
function saved(rt: Runtime): string {
  const path = join(folder, "saved");
  saveCheckpoint(path, { model: parameters(rt) });
  return path;
}

const recipe = {
  ...{ peak: 0.1, warmup: 2, total: 10, floor: 0.01, weightDecay: 0.1 },
  ...{ betas: [0.9, 0.95], eps: 1e-8, clip: 1, nonFinite: "skip" },
};
const contrast = { temperature: 0.1, normalize: true };
const kaiming = { a: 0, mode: "fanIn", nonlinearity: "relu", fansOf: [3, 4] };
const passing = { training: true, gradients: true, inputGradient: true, step: 1 };
const triples = (rt: Runtime) => [t(rt, 6, 4), t(rt, 6, 4), t(rt, 6, 4)];
const tripletOptions = (rt: Runtime) => ({
  ...{ ...apart(rt, [6, 4], [6]), margin: 1, swap: true },
  ...{ gradientAnchor: t(rt, 6, 4), gradientPositive: t(rt, 6, 4), gradientNegative: t(rt, 6, 4) },
});
function bytesOf(rt: Runtime): Uint8Array {
  return main.writeCheckpoint({ model: parameters(rt) }).bytes();
}

/** What `new` takes, and the methods that take arguments. */
export interface ClassCalls {
  readonly new: Args;
  readonly methods?: Readonly<Record<string, Args>>;
}

const optimizerMethods: NonNullable<ClassCalls["methods"]> = {
  step: () => [{ norms: true }],
  stateDict: () => [{ copy: true }],
  loadStateDict: () => [undefined, { strict: true }],
  withEvalParams: () => [() => 1],
  withLookahead: () => [() => 1],
};

/** The methods of an optimizer class, all of which are alike. */
export function optimizerCalls(name: string): ClassCalls {
  // AGD has no rule for biases.
  const params = (rt: Runtime) => (name === "AGD" ? rt.parameters({ weight: [4, 3] }) : parameters(rt));
  return { new: (rt) => [params(rt), { maximize: false, nonFinite: "skip" }], methods: optimizerMethods };
}

const start = () => {};

/** Classes by name, optimizers left out: see `optimizerCalls`. */
export const classes: Readonly<Record<string, ClassCalls>> = {
  AvgPool2d: { new: () => [[2, 2], { ...pooling, countIncludePad: false }] },
  CausalSelfAttention: { new: () => [4, 2, { start, projectionStart: start }] },
  Conv2d: { new: () => [4, 4, [2, 2], { stride: 1, padding: 0, dilation: 1, groups: 2, bias: true, start }] },
  DeferredArray: { new: () => [3, () => {}], methods: { readInto: () => [new Float32Array(3)] } },
  Dropout: { new: () => [0.5] },
  EMA: { new: (rt) => [parameters(rt), { decay: 0.9 }], methods: averageMethods() },
  Embedding: { new: () => [4, 3, { start }] },
  Flatten: { new: () => [] },
  GELU: { new: () => [{ approximate: "tanh" }] },
  GradientAccumulator: {
    new: (rt) => [parameters(rt), { reduction: "sum" }],
    methods: { accumulate: () => [{ weight: 1 }], loadStateDict: () => [undefined] },
  },
  GradientNoiseScale: {
    new: () => [{ small: 1, big: 2, decay: 0.9 }],
    methods: { observe: () => [[1, 2], 1], loadStateDict: () => [undefined] },
  },
  LayerNorm: { new: () => [[3], { eps: 1e-5, elementwiseAffine: true, bias: true }] },
  Linear: { new: () => [3, 2, { bias: true, start, role: "head" }] },
  Lookahead: {
    new: (rt) => [adamw(rt), { k: 2, alpha: 0.5 }],
    methods: { step: () => [{ norms: true }], stateDict: () => [{ copy: true }], loadStateDict: () => [undefined] },
  },
  MaxPool2d: { new: () => [[2, 2], { ...pooling, dilation: 1 }] },
  Monitor: {
    new: () => [{ sinks: [() => {}], window: 3, flopsPerStep: 1, peakFlops: 1, now: () => 1, wallClock: () => 1 }],
    methods: {
      record: () => [
        { step: 1, applied: true },
        { loss: 1, tokens: 1, samples: 1, metrics: { a: 1 } },
      ],
      loadStateDict: () => [undefined],
    },
  },
  Network: {
    new: (rt) => [rt, layers(), { seed: 1 }],
    methods: {
      plan: () => [{ shape: [5, 3], type: "f32" }, passing],
      reserve: () => [{ shape: [5, 3], type: "f32" }, passing],
      forward: (rt) => [t(rt, 5, 3), passing],
      backward: (rt) => [t(rt, 5, 2)],
    },
  },
  Positions: { new: () => [5, 3, { start }] },
  RMSNorm: { new: () => [[3], { eps: 1e-5, elementwiseAffine: true }] },
  Random: { new: () => [1, "name"], methods: { below: () => [5], loadStateDict: () => [undefined] } },
  ReLU: { new: () => [] },
  Recompute: { new: () => [layers()] },
  Residual: { new: () => [new main.Linear(3, 3)] },
  SAM: {
    new: (rt) => [adamw(rt), { rho: 0.1 }],
    methods: { step: () => [{ norms: true }], stepWith: () => [() => {}, { norms: true }] },
  },
  SVRG: {
    new: (rt) => [parameters(rt), { lr: 0.1, innerSteps: 2, batchSize: 1, outerUpdate: "random", seed: 1 }],
    methods: { epoch: () => [{ samples: 2, gradient: () => {} }], loadStateDict: () => [undefined] },
  },
  SWA: { new: (rt) => [parameters(rt)], methods: averageMethods() },
  Safetensors: { new: () => [[["a", { data: new Float32Array(3), shape: [3], dtype: "F32" }]], [["key", "text"]]] },
  Sequential: { new: () => [[new main.Linear(3, 2), new main.Tanh()]] },
  SiLU: { new: () => [] },
  Sigmoid: { new: () => [] },
  Softmax: { new: () => [] },
  SpikeGuard: {
    new: (rt) => [
      adamw(rt),
      {
        ...{ policy: "rollback", window: 8, warmup: 2, lossRatio: 3, normRatio: 3, maxNorm: 10, clipRatio: 1 },
        ...{ stepsBack: 4, snapshotEvery: 2, skipBatches: 3, onEvent: () => {} },
      },
    ],
    methods: {
      step: () => [{ loss: 1, batch: 0, norms: true }],
      stateDict: () => [{ snapshots: true }],
      loadStateDict: () => [undefined],
    },
  },
  Tanh: { new: () => [] },
  TiedLinear: { new: () => [new main.Embedding(4, 3)] },
  WeightAverage: { new: (rt) => [parameters(rt), () => 0.5], methods: averageMethods() },
};

function averageMethods(): NonNullable<ClassCalls["methods"]> {
  return {
    withEvalParams: () => [() => 1],
    stateDict: () => [{ copy: true }],
    loadStateDict: () => [undefined],
  };
}

/** Methods of what a runtime makes, whose classes are not exported: the call, and good arguments. */
export const instances: Readonly<Record<string, (rt: Runtime) => { run: (...args: Any[]) => unknown; args: Any[] }>> = {
  "runtime.tensor": (rt) => ({
    run: (...args) => rt.tensor(...(args as [Any])),
    args: [[2, 2], { type: "u32", values: [1, 2, 3, 4] }],
  }),
  "runtime.parameters": (rt) => ({
    run: (...args) => rt.parameters(...(args as [Any])),
    args: [{ "fc.weight": [4, 3], "fc.bias": { shape: [4], role: "bias", frozen: false } }],
  }),
  "parameters.get": (rt) => ({ run: (name) => parameters(rt).get(name), args: ["fc.bias"] }),
  "parameters.where": (rt) => ({ run: (which) => parameters(rt).where(which), args: ["bias"] }),
  "parameter.frozen": (rt) => ({
    run: (frozen) => {
      parameters(rt).get("fc.bias").frozen = frozen;
    },
    args: [true],
  }),
  "group.lr": (rt) => ({
    run: (lr) => {
      adamw(rt).groups[0]!.lr = lr;
    },
    args: [0.5],
  }),
  "view.reshape": (rt) => ({ run: (shape) => t(rt, 2, 3).reshape(shape), args: [[3, 2]] }),
};

/** What there is no use in calling wrongly, and why. */
export const left: Readonly<Record<string, string>> = {
  SimdOptimError: "is thrown, not called",
  Optimizer: "is made by defineOptimizer",
  Recipe: "is made by the recipes",
  "node.LogFile": "is made by openLog and openEventFile",
  defineOptimizer: "takes a declaration, which is code",
  "init.orthogonalise": "is for agdInit",
  product: "takes addresses, which are the caller's to check, as kernels do",
  rowMajor: "takes an address, as kernels do",
  transpose: "takes what rowMajor gives",
  choice: "makes a declaration, which is code",
  flag: "makes a declaration, which is code",
  nullable: "makes a declaration, which is code",
  real: "makes a declaration, which is code",
  reals: "makes a declaration, which is code",
  whole: "makes a declaration, which is code",
};

/** Methods of layers, which passes call, and not their users. */
export const ofPasses: readonly string[] = ["forward", "backward"];
