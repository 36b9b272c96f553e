/** Training, step by step. Everything a step does depends on the corpus, the recipe and the number of the step alone. */
import { setImmediate } from "node:timers/promises";
import { clipGradNorm, type Parameter, Random, type Runtime } from "simd-optim";
import type { Corpus } from "./corpus.ts";
import { BAD_INPUT, Failure } from "./failure.ts";
import { CharacterModel, Pass, type Shape } from "./model.ts";
import { makeOptimizer, type Optimizer, type OptimizerClass, optionsFor } from "./optimizers.ts";
import { draw } from "./sampling.ts";

/** The model and how it is trained, but for what the user chooses. */
export const CONTEXT = 8;
export const WIDTH = 24;
export const HIDDEN = 128;
export const BATCH = 128;
export const MAX_NORM = 1;

/** Steps from one estimate of the Hessian to the next, for optimizers that want them. */
const HESSIAN_EVERY = 10;
const HELD_OUT_ROWS = 256;
const HELD_OUT_PASSES = 8;

export interface Recipe {
  readonly optimizer: OptimizerClass;
  readonly steps: number;
  /** The peak of the schedule; undefined for an optimizer without a learning rate. */
  readonly rate: number | undefined;
  readonly seed: number;
}

export function modelShape({ vocabulary }: Corpus): Shape {
  return { vocabulary: vocabulary.length, context: CONTEXT, width: WIDTH, hidden: HIDDEN };
}

/** A model on its way. */
export class Trainer {
  readonly model: CharacterModel;
  readonly optimizer: Optimizer;
  /** The parameters that are trained: all, unless the optimizer refuses some. */
  readonly trained: readonly Parameter[];
  readonly #corpus: Corpus;
  readonly #batches: Random;
  readonly #labels: Random;
  readonly #wantsHessian: boolean;
  readonly #pass: Pass;
  readonly #heldOut: Pass;
  #steps = 0;

  constructor(runtime: Runtime, corpus: Corpus, { optimizer, steps, rate, seed }: Recipe) {
    this.#corpus = corpus;
    this.#batches = new Random(seed, "batches");
    this.#labels = new Random(seed, "labels");
    this.model = new CharacterModel(runtime, modelShape(corpus), seed);
    this.#pass = new Pass(this.model, BATCH);
    this.#heldOut = new Pass(this.model, HELD_OUT_ROWS);
    const options = optionsFor(optimizer, { rate, steps, batch: BATCH });
    this.optimizer = makeOptimizer(optimizer, this.model.parameters, options);
    this.trained = this.model.parameters.where(({ frozen }) => !frozen);
    this.#wantsHessian = optimizer.spec.updateHessian !== undefined;
  }

  /** One step on places of the text drawn at random; returns the loss before it and the learning rate of it. */
  step(): { loss: number; rate: number | undefined } {
    const { train } = this.#corpus;
    for (let row = 0; row < BATCH; row++) {
      place(this.#pass, row, train, CONTEXT + this.#batches.below(train.length - CONTEXT));
    }
    if (this.#wantsHessian && this.#steps % HESSIAN_EVERY === 0) this.#updateHessian();
    const loss = this.#gradients();
    clipGradNorm(this.trained, MAX_NORM);
    const { lr } = this.optimizer.step();
    this.#steps++;
    return { loss, rate: lr };
  }

  /** The loss on places spread evenly over the held-out text, the same ones every time, where the optimizer evaluates. */
  heldOutLoss(): number {
    return this.optimizer.withEvalParams(() => {
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
    });
  }

  /** Computes the loss and the gradients of the batch. */
  #gradients(): number {
    this.model.parameters.zeroGrad();
    const loss = this.#pass.loss();
    this.#pass.backward();
    return loss;
  }

  /** Shows the optimizer the gradients for labels that the model itself draws, and restores those of the text. */
  #updateHessian(): void {
    const { targets, logits } = this.#pass;
    const labels = targets.data.slice();
    this.#pass.predict();
    const { vocabulary } = this.model.shape;
    for (let row = 0; row < BATCH; row++) {
      targets.data[row] = draw(logits.data.subarray(row * vocabulary, (row + 1) * vocabulary), 1, this.#labels);
    }
    this.#gradients();
    this.optimizer.updateHessian?.();
    targets.data.set(labels);
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
      const { name } = trainer.optimizer.spec;
      throw new Failure(`${name} diverged: the loss at step ${step} is ${loss}; try a smaller --lr`, BAD_INPUT);
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
