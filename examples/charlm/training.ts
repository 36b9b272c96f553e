/** Training, step by step. Everything a step does depends on the corpus, the recipe and the steps before it alone. */
import {
  clipGradNorm,
  crossEntropy,
  GradientAccumulator,
  type GuardReport,
  Network,
  type Parameter,
  Random,
  type Runtime,
  SpikeGuard,
  type SpikePolicy,
  type StepOptions,
  type StepReport,
  type Tensor,
} from "simd-optim";
import type { Corpus } from "../support/corpus.ts";
import { gradients } from "../support/gradients.ts";
import { makeOptimizer, type Optimizer, type OptimizerClass, optionsFor } from "../support/optimizers.ts";
import { draw } from "../support/sampling.ts";
import { characterModel, type Shape } from "./model.ts";

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
  /** The learning rate as an expression that `parseSchedule` reads, in place of a rise to `rate` and what follows. */
  readonly schedule?: string | undefined;
  /** Batches whose mean gradient makes a step; 1 unless it is given. */
  readonly accumulate?: number;
  /** What is done about batches that are out of line with those before; nothing unless it is given. */
  readonly spikes?: SpikePolicy | undefined;
}

/** What became of a step; what a guard says of it, where there is one. */
export type TrainingReport = StepReport & { readonly loss: number } & Partial<GuardReport>;

/** Whether a batch was out of line; a step that was left out for another reason is no spike. */
export function isSpike({ cause }: TrainingReport): boolean {
  return cause !== undefined && cause !== "skipBatches" && cause !== "optimizer";
}

/** Steps that the cross-check repeats. */
export const CHECKED_STEPS = 50;

export function modelShape({ vocabulary }: Corpus): Shape {
  return { vocabulary: vocabulary.length, context: CONTEXT, width: WIDTH, hidden: HIDDEN };
}

/** Characters, [rows, context], and the one after each, [rows]. */
interface Batch {
  readonly x: Tensor<"u32">;
  readonly targets: Tensor<"u32">;
}

/** A model on its way. */
export class Trainer {
  readonly network: Network;
  readonly optimizer: Optimizer;
  /** The parameters that are trained: all, unless the optimizer refuses some. */
  readonly trained: readonly Parameter[];
  readonly #corpus: Corpus;
  readonly #batches: Random;
  readonly #labels: Random;
  readonly #guard: SpikeGuard | undefined;
  readonly #accumulate: number;
  readonly #accumulator: GradientAccumulator | undefined;
  readonly #wantsHessian: boolean;
  readonly #batch: Batch;
  readonly #heldOut: Batch;

  constructor(runtime: Runtime, corpus: Corpus, recipe: Recipe) {
    const { optimizer, seed, accumulate = 1, spikes } = recipe;
    this.#corpus = corpus;
    this.#batches = new Random(seed, "batches");
    this.#labels = new Random(seed, "labels");
    this.network = new Network(runtime, characterModel(modelShape(corpus)), { seed });
    const { parameters } = this.network;
    this.#batch = batchOf(runtime, BATCH);
    this.#heldOut = batchOf(runtime, HELD_OUT_ROWS);
    const options = optionsFor(optimizer, { ...recipe, batch: BATCH * accumulate });
    this.optimizer = makeOptimizer(optimizer, parameters, options);
    this.#guard = spikes && new SpikeGuard(this.optimizer, { policy: spikes });
    this.#accumulate = accumulate;
    this.#accumulator = accumulate > 1 ? new GradientAccumulator(parameters) : undefined;
    this.trained = parameters.where(({ frozen }) => !frozen);
    this.#wantsHessian = optimizer.spec.updateHessian !== undefined;
  }

  /** Steps so far, those that were left out included: each took a random number for every row. */
  get steps(): number {
    return this.#batches.position / this.batch;
  }

  /** Places in the text that a step learns from. */
  get batch(): number {
    return BATCH * this.#accumulate;
  }

  /** What a checkpoint of it consists of. */
  get parts() {
    return {
      model: this.network.parameters,
      optimizer: this.#guard ?? this.optimizer,
      batches: this.#batches,
      labels: this.#labels,
    };
  }

  /** One step on places of the text drawn at random; the loss is that before it. */
  step(options: StepOptions = {}): TrainingReport {
    const loss = this.#meanGradients();
    clipGradNorm(this.trained, MAX_NORM);
    return this.#guard ? this.#guard.step({ loss, ...options }) : { ...this.optimizer.step(options), loss };
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
        sum += crossEntropy(this.network.forward(this.#heldOut.x, { training: false }), this.#heldOut.targets);
      }
      return sum / HELD_OUT_PASSES;
    });
  }

  /** Computes the means over the batches of a step. */
  #meanGradients(): number {
    const estimate = this.#wantsHessian && this.steps % HESSIAN_EVERY === 0;
    let sum = 0;
    for (let i = 0; i < this.#accumulate; i++) {
      this.#drawBatch();
      if (estimate && i === 0) this.#updateHessian();
      sum += this.#gradients();
      this.#accumulator?.accumulate();
    }
    this.#accumulator?.finish();
    return sum / this.#accumulate;
  }

  #drawBatch(): void {
    const { train } = this.#corpus;
    for (let row = 0; row < BATCH; row++) {
      place(this.#batch, row, train, CONTEXT + this.#batches.below(train.length - CONTEXT));
    }
  }

  /** Computes the loss and the gradients of the batch; `label` may put others in the place of its targets before. */
  #gradients(label?: (logits: Float32Array) => void): number {
    const { x, targets } = this.#batch;
    return gradients(this.network, x, (logits) => {
      label?.(logits.data);
      return crossEntropy(logits, targets, { gradient: logits });
    });
  }

  /** Shows the optimizer the gradients for labels that the model itself draws, and restores those of the text. */
  #updateHessian(): void {
    const { targets } = this.#batch;
    const labels = targets.data.slice();
    this.#gradients((logits) => {
      const { data } = targets;
      const { length } = this.#corpus.vocabulary;
      for (let row = 0; row < BATCH; row++) {
        data[row] = draw(logits.subarray(row * length, (row + 1) * length), 1, this.#labels);
      }
    });
    this.optimizer.updateHessian?.();
    targets.data.set(labels);
  }

  /** The bits of all parameters, in order. */
  bits(): Uint32Array {
    const words = Array.from(this.network.parameters, ({ data }) => [
      ...new Uint32Array(data.buffer, data.byteOffset, data.length),
    ]);
    return Uint32Array.from(words.flat());
  }
}

function batchOf(runtime: Runtime, rows: number): Batch {
  const [x, targets] = [runtime.tensor([rows, CONTEXT], { type: "u32" }), runtime.tensor([rows], { type: "u32" })];
  return { x, targets };
}

/** Makes a row of a batch predict the character at `position`. */
function place({ x, targets }: Batch, row: number, text: Uint32Array, position: number): void {
  x.data.set(text.subarray(position - CONTEXT, position), row * CONTEXT);
  targets.data[row] = text[position]!;
}
