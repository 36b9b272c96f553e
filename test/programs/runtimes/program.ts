/**
 * The fixed program: every kernel of the table, every optimizer for 50 steps, schedules, initialisers, and a network that
 * is trained and saved, with the same inputs wherever it runs. It hashes all bits of the results, so that one line says
 * whether a runtime agrees.
 */

import { writeCheckpoint } from "../../../src/checkpoint/write.ts";
import type { Backend } from "../../../src/kernels/engine.ts";
import type { Sizes } from "../../../src/kernels/row.ts";
import { type KernelName, kernelNames, kernelTable, type ListedKernel } from "../../../src/kernels/table.ts";
import { crossEntropy } from "../../../src/losses/crossEntropy.ts";
import {
  CausalSelfAttention,
  Dropout,
  Embedding,
  GELU,
  Linear,
  Positions,
  Recompute,
  Residual,
  Sequential,
} from "../../../src/nn/layers/index.ts";
import { Network } from "../../../src/nn/network.ts";
import { AdamW } from "../../../src/optim/adam.ts";
import { parseSchedule } from "../../../src/schedules/parse.ts";
import * as init from "../../../src/tensor/init.ts";
import { Random } from "../../../src/tensor/random.ts";
import { load, type Runtime } from "../../../src/tensor/runtime.ts";
import { drawCall, outcomeOf } from "../../support/kernelCalls.ts";
import { bitsOf } from "../../support/runtimes.ts";
import { optimizers } from "../../support/specs.ts";
import { run, smallParameters } from "../../support/training.ts";

export interface Outcome {
  readonly backend: Backend;
  /** SHA-256 over all bits, in hexadecimal. */
  readonly hash: string;
  /** The start of a hash of each part, to name the one that differs. */
  readonly parts: Readonly<Record<string, string>>;
}

const STEPS = 50;
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 15, 17, 64, 100, 1000, 1023, 1024, 1025, 2500];
const DRAWS = 12;
const ARENA_BYTES = 1 << 21;
/** One for each function that schedules are computed with. */
const SCHEDULES = [
  "warmupCosine({ peak: 0.003, warmup: 7, total: 60, floor: 0.0003 })",
  "exponential({ value: 0.1, gamma: 0.97 })",
  "polynomial({ value: 1, total: 55, power: 0.9 })",
  'wsd({ peak: 0.1, warmup: 5, stable: 20, decay: 30, shape: "1-sqrt" })',
  "oneCycle({ peak: 0.1, total: 60 })",
  "inversePower({ eta: 0.1, t0: 3, power: 0.75 })",
  "inverseSqrt({ peak: 0.01, warmup: 9 })",
  "cosineWarmRestarts({ peak: 0.1, t0: 7, tMult: 2 })",
];

/** Runs the program on one backend, which must be one that this runtime has. */
export async function program(backend: Backend): Promise<Outcome> {
  const runtime = await load({ backend });
  const parts = new Map<string, Uint32Array[]>();
  const { pointer } = runtime.heap.allocate(ARENA_BYTES);
  // In an order of their own, since bits are the same in any.
  for (const name of [...kernelNames].sort()) parts.set(`kernel ${name}`, runKernel(runtime, pointer, name));
  for (const Optimizer of optimizers) {
    const params = smallParameters(Optimizer, runtime);
    const optimizer = new Optimizer(params);
    run(params, optimizer, 0, STEPS);
    parts.set(`optimizer ${Optimizer.spec.name}`, [
      ...[...params].map(({ data }) => bitsOf(data)),
      ...Object.values(optimizer.stateDict().state).flatMap((slots) => Object.values(slots).map(bitsOf)),
    ]);
    optimizer.dispose();
    params.dispose();
  }
  parts.set("schedules", scheduleBits());
  parts.set("initialisers", initialiserBits(runtime));
  parts.set("network", networkBits(runtime));
  const hash = await sha256([...parts.values()].flat());
  const short = [...parts].map(async ([name, words]) => [name, (await sha256(words)).slice(0, 8)] as const);
  return { backend: runtime.backend, hash, parts: Object.fromEntries(await Promise.all(short)) };
}

/** The results of a kernel, and what it left in memory, over calls of many sizes. */
function runKernel(runtime: Runtime, pointer: number, name: KernelName): Uint32Array[] {
  const kernel: ListedKernel = kernelTable[name];
  const random = new Random(1, name);
  return sizesFor(kernel, random).flatMap((sizes, i) => {
    const call = drawCall(kernel, sizes, pointer, random, i % 2 === 0);
    const { result, after } = outcomeOf(runtime, name, call, pointer);
    return [doubleBits(result ?? 0), after];
  });
}

function sizesFor({ sizes }: ListedKernel, random: Random): Sizes[] {
  if (!sizes) return LENGTHS.map((n) => ({ n }));
  return Array.from({ length: DRAWS }, () => sizes.random((bound) => random.below(Math.max(bound, 1))));
}

function scheduleBits(): Uint32Array[] {
  return SCHEDULES.flatMap((text) => {
    const schedule = parseSchedule(text);
    return Array.from({ length: 60 }, (_, step) => doubleBits(schedule(step)));
  });
}

function initialiserBits(runtime: Runtime): Uint32Array[] {
  const source = { seed: 1, name: "w" };
  const fills = [init.orthogonal, init.xavierNormal, init.kaimingUniform, init.truncatedNormal];
  return fills.map((fill) => {
    const tensor = runtime.tensor([24, 17]);
    fill(tensor, source);
    return bitsOf(tensor.data);
  });
}

/** A small transformer after five steps: its parameters, and the file that it is saved as. */
function networkBits(runtime: Runtime): Uint32Array[] {
  const [vocabulary, width, context, batch] = [11, 12, 7, 3];
  const block = new Residual(
    new Sequential([new Linear(width, 20), new GELU(), new Dropout(0.1), new Linear(20, width)]),
  );
  const layers = new Sequential({
    wte: new Embedding(vocabulary, width),
    wpe: new Positions(context, width),
    attention: new Residual(new CausalSelfAttention(width, 3)),
    block: new Recompute(block),
    head: new Linear(width, vocabulary),
  });
  const network = new Network(runtime, layers, { seed: 1 });
  const optimizer = new AdamW(network.parameters, { lr: 0.01 });
  const random = new Random(1, "text");
  const draw = () => Array.from({ length: batch * context }, () => random.below(vocabulary));
  for (let step = 0; step < 5; step++) {
    const inputs = runtime.tensor([batch, context], { type: "u32", values: draw() });
    const targets = runtime.tensor([batch * context], { type: "u32", values: draw() });
    network.parameters.zeroGrad();
    const y = network.forward(inputs, { step });
    const logits = y.reshape([batch * context, vocabulary]);
    crossEntropy(logits, targets, { gradient: logits });
    network.backward(y);
    optimizer.step();
  }
  const file = writeCheckpoint({ model: network.parameters, optimizer, random }).bytes();
  return [...[...network.parameters].map(({ data }) => bitsOf(data)), Uint32Array.from(file)];
}

/** The bits of a float64, with every NaN made the same. */
function doubleBits(value: number): Uint32Array {
  return Number.isNaN(value) ? new Uint32Array([0, 0x7ff80000]) : new Uint32Array(new Float64Array([value]).buffer);
}

async function sha256(arrays: readonly Uint32Array[]): Promise<string> {
  const all = new Uint32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const words of arrays) {
    all.set(words, at);
    at += words.length;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Every backend in turn. */
export async function everyBackend(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const backend of ["simd", "scalar", "reference"] as const) outcomes.push(await program(backend));
  return outcomes;
}
