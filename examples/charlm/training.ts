/** Training, step by step. Everything a step does depends on the corpus, the recipe and the number of the step alone. */
import { setImmediate } from "node:timers/promises";
import { clipGradNorm, Random, type Runtime } from "simd-optim";
import type { Corpus } from "./corpus.ts";
import { BAD_INPUT, Failure } from "./failure.ts";
import { CharacterModel, Pass } from "./model.ts";
import { type OptimizerClass, rateSchedule } from "./optimizers.ts";

/** The model and how it is trained, but for what the user chooses. */
export const CONTEXT = 8;
export const WIDTH = 24;
export const HIDDEN = 128;
export const BATCH = 128;
export const MAX_NORM = 1;

const HELD_OUT_ROWS = 256;
const HELD_OUT_PASSES = 8;

export interface Recipe {
  readonly optimizer: OptimizerClass;
  readonly steps: number;
  /** The peak of the schedule; undefined for an optimizer without a learning rate. */
  readonly rate: number | undefined;
  readonly seed: number;
}

/** A model on its way. */
export class Trainer {
  readonly model: CharacterModel;
  readonly optimizer: InstanceType<OptimizerClass>;
  readonly #corpus: Corpus;
  readonly #random: Random;
  readonly #pass: Pass;
  readonly #heldOut: Pass;

  constructor(runtime: Runtime, corpus: Corpus, { optimizer, steps, rate, seed }: Recipe) {
    const shape = { vocabulary: corpus.vocabulary.length, context: CONTEXT, width: WIDTH, hidden: HIDDEN };
    this.#corpus = corpus;
    this.#random = new Random(seed, "batches");
    this.model = new CharacterModel(runtime, shape, seed);
    this.#pass = new Pass(this.model, BATCH);
    this.#heldOut = new Pass(this.model, HELD_OUT_ROWS);
    const options = rate === undefined ? {} : { lr: rateSchedule(rate, steps) };
    this.optimizer = new optimizer(this.model.parameters, options);
  }

  /** One step on places of the text drawn at random; returns the loss before it and the learning rate of it. */
  step(): { loss: number; rate: number | undefined } {
    const { train } = this.#corpus;
    for (let row = 0; row < BATCH; row++) {
      place(this.#pass, row, train, CONTEXT + this.#random.below(train.length - CONTEXT));
    }
    this.optimizer.zeroGrad();
    const loss = this.#pass.loss();
    this.#pass.backward();
    clipGradNorm(this.model.parameters, MAX_NORM);
    const { lr } = this.optimizer.step();
    return { loss, rate: lr };
  }

  /** The loss on places spread evenly over the held-out text, the same ones every time. */
  heldOutLoss(): number {
    const { heldOut } = this.#corpus;
    const places = heldOut.length - CONTEXT;
    const rows = HELD_OUT_ROWS * HELD_OUT_PASSES;
    let sum = 0;
    for (let i = 0; i < HELD_OUT_PASSES; i++) {
      for (let row = 0; row < HELD_OUT_ROWS; row++) {
        const fraction = (i * HELD_OUT_ROWS + row) / rows;
        place(this.#heldOut, row, heldOut, CONTEXT + Math.floor(fraction * places));
      }
      sum += this.#heldOut.loss();
    }
    return sum / HELD_OUT_PASSES;
  }

  /** The bits of all parameters, in order. */
  bits(): Uint32Array {
    const bits = new Uint32Array(this.model.parameters.size);
    let offset = 0;
    for (const { data } of this.model.parameters) {
      bits.set(new Uint32Array(data.buffer, data.byteOffset, data.length), offset);
      offset += data.length;
    }
    return bits;
  }
}

/** Makes a row of a pass predict the character at `position`. */
function place({ contexts, targets }: Pass, row: number, text: Uint32Array, position: number): void {
  const context = contexts.data;
  for (let i = 0; i < CONTEXT; i++) context[row * CONTEXT + i] = text[position - CONTEXT + i]!;
  targets.data[row] = text[position]!;
}

/** What happened in training. */
export interface History {
  /** The loss of each batch, before its step. */
  readonly losses: Float64Array;
  /** The learning rate of each step; empty for an optimizer without one. */
  readonly rates: Float64Array;
  /** The held-out loss after so many steps; first after 0, last after all. */
  readonly heldOut: { readonly step: number; readonly loss: number }[];
  /** The bits of the parameters after `CHECKED_STEPS` steps, or after the last if there are fewer. */
  readonly early: Uint32Array;
  readonly seconds: number;
}

/** Steps that the cross-check repeats. */
export const CHECKED_STEPS = 50;
const EVALUATIONS = 40;

/** Trains to the end. Between steps the process may hear signals. */
export async function train(
  trainer: Trainer,
  steps: number,
  report: (step: number, loss: number, heldOut: number) => void,
  signal: AbortSignal,
): Promise<History> {
  const start = performance.now();
  const losses = new Float64Array(steps);
  const rates: number[] = [];
  const heldOut = [{ step: 0, loss: trainer.heldOutLoss() }];
  let early = trainer.bits();
  for (let step = 1; step <= steps; step++) {
    const { loss, rate } = trainer.step();
    if (!Number.isFinite(loss)) {
      throw new Failure(`training diverged: the loss at step ${step} is ${loss}; try a smaller --lr`, BAD_INPUT);
    }
    losses[step - 1] = loss;
    if (rate !== undefined) rates.push(rate);
    if (step === Math.min(CHECKED_STEPS, steps)) early = trainer.bits();
    if (step === steps || step % Math.ceil(steps / EVALUATIONS) === 0) {
      heldOut.push({ step, loss: trainer.heldOutLoss() });
    }
    report(step, loss, heldOut.at(-1)!.loss);
    await setImmediate();
    signal.throwIfAborted();
  }
  return { losses, rates: Float64Array.from(rates), heldOut, early, seconds: (performance.now() - start) / 1000 };
}
