/** Training, step by step. Everything depends on the data, the recipe and the seed alone. */
import {
  clipGradNorm,
  Network,
  type Parameter,
  Random,
  type Runtime,
  steps as stepsOf,
  type Tensor,
  type View,
} from "simd-optim";
import type { Point } from "../support/curves.ts";
import { refuseDivergence } from "../support/failure.ts";
import { gradients } from "../support/gradients.ts";
import { makeOptimizer, type Optimizer, type OptimizerClass, optionsFor } from "../support/optimizers.ts";
import { shuffle } from "../support/shuffle.ts";
import { type Objective, perceptron, type Shape, type Targets } from "./model.ts";

/** Encoded rows: inputs row by row, and a target each. */
export interface Rows {
  readonly count: number;
  readonly x: Float32Array;
  readonly targets: Float32Array | Uint32Array;
}

export interface Data {
  readonly train: Rows;
  /** Rows that say when to stop; none if training goes on to the end. */
  readonly validation: Rows | undefined;
  readonly heldOut: Rows;
}

export interface Recipe {
  readonly shape: Shape;
  readonly optimizer: OptimizerClass;
  /** The peak of the schedule; undefined for an optimizer without a learning rate. */
  readonly rate: number | undefined;
  readonly steps: number;
  readonly batch: number;
  /** Epochs without a better validation loss after which training stops. */
  readonly patience: number;
  readonly seed: number;
}

export const MAX_NORM = 1;
/** Rows that are evaluated at a time. */
const EVALUATED = 256;

/** A model on its way. */
export class Trainer {
  readonly network: Network;
  readonly optimizer: Optimizer;
  readonly #runtime: Runtime;
  readonly #objective: Objective;
  readonly #train: Rows;
  readonly #inputs: number;
  readonly #batch: number;
  readonly #trained: readonly Parameter[];
  readonly #random: Random;
  /** Rows to learn from in the order of this epoch, and how many of them have been used. */
  #order: readonly number[] = [];
  #used = 0;
  #steps = 0;
  /** Room for a batch, by its rows. */
  readonly #batches = new Map<number, { x: Tensor; targets: Targets }>();

  constructor(runtime: Runtime, objective: Objective, train: Rows, recipe: Recipe) {
    const { shape, optimizer, seed, batch } = recipe;
    this.#runtime = runtime;
    this.#objective = objective;
    this.#train = train;
    this.#inputs = shape.inputs;
    this.#batch = batch;
    this.#random = new Random(seed, "batches");
    this.network = new Network(runtime, perceptron(shape), { seed });
    this.optimizer = makeOptimizer(optimizer, this.network.parameters, optionsFor(optimizer, recipe));
    this.#trained = this.network.parameters.where(({ frozen }) => !frozen);
  }

  /** One step on the next batch; returns the loss before it. */
  step(): number {
    const { x, targets } = this.#fill(this.#train, this.#draw());
    const descend = (outputs: View) => this.#objective.descend(outputs, targets);
    const loss = gradients(this.network, x, descend, { step: this.#steps });
    clipGradNorm(this.#trained, MAX_NORM);
    this.optimizer.step();
    this.#steps++;
    return loss;
  }

  /** The next rows; each comes once in an epoch, and batches may reach from one epoch into the next. */
  #draw(): number[] {
    const rows: number[] = [];
    while (rows.length < this.#batch) {
      if (this.#used === this.#order.length) {
        this.#order = shuffle(Array(this.#train.count).keys(), this.#random);
        this.#used = 0;
      }
      rows.push(this.#order[this.#used++]!);
    }
    return rows;
  }

  /** The mean loss of all rows, at the parameters as they are. */
  loss(rows: Rows): number {
    let sum = 0;
    for (const { x, targets } of this.#blocks(rows)) {
      sum += this.#objective.sum(this.network.forward(x, { training: false }), targets);
    }
    return sum / rows.count;
  }

  /** The outputs for all rows, row by row, at the parameters as they are. */
  predict(rows: Rows): Float32Array {
    const outputs = new Float32Array(rows.count * this.#objective.outputs);
    let at = 0;
    for (const { x } of this.#blocks(rows)) {
      const { data } = this.network.forward(x, { training: false });
      outputs.set(data, at);
      at += data.length;
    }
    return outputs;
  }

  *#blocks(rows: Rows) {
    for (let start = 0; start < rows.count; start += EVALUATED) {
      const length = Math.min(EVALUATED, rows.count - start);
      yield this.#fill(
        rows,
        Array.from({ length }, (_, i) => start + i),
      );
    }
  }

  #fill(rows: Rows, places: readonly number[]) {
    const count = places.length;
    const batch = this.#batches.get(count) ?? {
      x: this.#runtime.tensor([count, this.#inputs]),
      targets: this.#objective.targets(this.#runtime, count),
    };
    this.#batches.set(count, batch);
    const [x, targets] = [batch.x.data, batch.targets.data];
    for (const [i, place] of places.entries()) {
      x.set(rows.x.subarray(place * this.#inputs, (place + 1) * this.#inputs), i * this.#inputs);
      targets[i] = rows.targets[place]!;
    }
    return batch;
  }

  /** Copies of the parameters. */
  snapshot(): Float32Array[] {
    return Array.from(this.network.parameters, ({ data }) => data.slice());
  }

  restore(snapshot: readonly Float32Array[]): void {
    for (const [i, { data }] of [...this.network.parameters].entries()) data.set(snapshot[i]!);
  }
}

/** What happened in training. */
export interface History {
  /** The loss of each batch, before its step. */
  readonly losses: Float64Array;
  /** The held-out loss after so many steps; first after 0. */
  readonly heldOut: readonly Point[];
  /**
   * The step whose parameters were kept, and their held-out loss: the last step, unless an earlier one was better on the
   * validation rows.
   */
  readonly kept: Point;
  readonly seconds: number;
}

const EVALUATIONS = 40;

/** Trains, and leaves the parameters where the model is to be used. Between steps the process may hear signals. */
export async function train(
  trainer: Trainer,
  { heldOut, validation, train }: Data,
  { steps, batch, patience }: Recipe,
  report: (step: number, loss: number, heldOut: number) => void,
  signal: AbortSignal,
): Promise<History> {
  const start = performance.now();
  const { optimizer } = trainer;
  const losses: number[] = [];
  const curve = [{ step: 0, loss: trainer.loss(heldOut) }];
  const epoch = Math.ceil(train.count / batch);
  let best: { step: number; loss: number; snapshot: Float32Array[] } | undefined;
  for await (const before of stepsOf({ total: steps, signal })) {
    const step = before + 1;
    const loss = trainer.step();
    refuseDivergence(optimizer.spec.name, step, loss);
    losses.push(loss);
    if (step === steps || step % Math.ceil(steps / EVALUATIONS) === 0) {
      curve.push({ step, loss: optimizer.withEvalParams(() => trainer.loss(heldOut)) });
    }
    report(step, loss, curve.at(-1)!.loss);
    if (validation && (step === steps || step % epoch === 0)) {
      optimizer.withEvalParams(() => {
        const now = trainer.loss(validation);
        if (!best || now < best.loss) best = { step, loss: now, snapshot: trainer.snapshot() };
      });
      if (step - best!.step >= patience * epoch) break;
    }
  }
  signal.throwIfAborted();
  trainer.restore(best?.snapshot ?? optimizer.withEvalParams(() => trainer.snapshot()));
  const kept = { step: best?.step ?? steps, loss: trainer.loss(heldOut) };
  const seconds = (performance.now() - start) / 1000;
  return { losses: Float64Array.from(losses), heldOut: curve, kept, seconds };
}
