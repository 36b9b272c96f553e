/** Optimizers for TensorFlow.js. */
import { refuse } from "../core/check.ts";
import type { OptimizerClass } from "../optim/define/optimizer.ts";
import type { Options, Scheduled } from "../optim/define/option.ts";
import { common } from "../optim/define/spec.ts";
import type { StepReport } from "../optim/define/stepReport.ts";
import type { Runtime } from "../tensor/runtime.ts";
import { GrowingOptimizer, type GrowingOptions } from "./growingOptimizer.ts";
import { COUNT } from "./namedArrays.ts";
import { writeOptions } from "./optionsJson.ts";
import { readGiven, refuseAssignments } from "./tfjsOptions.ts";
import { arraysOf, type Tfjs, type TfjsGradients, type TfjsNamedTensor, tensorOf, Variables } from "./tfjsVariables.ts";

export type { GrowingOptions as TfjsOptions } from "./growingOptimizer.ts";
export type { Tfjs, TfjsEngine, TfjsGradients, TfjsNamedTensor, TfjsTensor, TfjsVariable } from "./tfjsVariables.ts";

/** What these optimizers have beside what every `tf.Optimizer` has. */
export interface TfjsExtras {
  /**
   * The learning rate of the next step. Assigning a number or a schedule puts it in place of the option `lr` for good, in
   * `getConfig()` too; groups with an `lr` of their own keep it.
   */
  get learningRate(): number;
  set learningRate(lr: Scheduled);
  /** The same under the name of the option. */
  get lr(): number;
  set lr(lr: Scheduled);
  /** The same as assigning `learningRate`. */
  setLearningRate(lr: Scheduled): void;
  /** What the last step did: see `StepReport`. */
  readonly report: StepReport | undefined;
  /**
   * Runs `fn` with the variables at the point that the optimizer's source evaluates at, where that is not the one it
   * trains at (Schedule-Free, ASGD), and puts them back bit for bit; waits for a promise.
   */
  withEvalParams<T>(fn: () => T): T;
}

/** A class that `tfjsOptimizer` makes: a subclass of the `tf.Optimizer` it was given. */
export interface TfjsOptimizerClass<B, O extends Options> {
  /**
   * Options are those of the optimizer, and `groups`, rules that give some variables options of their own; or what
   * `getConfig()` returned.
   */
  new (options?: GrowingOptions<O>): B & TfjsExtras;
  /** "Simd" and the optimizer's name, so as not to stand in for a class of tfjs. */
  readonly className: string;
  /** Makes an optimizer of what `getConfig()` returned. */
  fromConfig<T>(Class: new (options: never) => T, config: object): T;
}

/**
 * Makes a subclass of `tf.Optimizer` that steps with an optimizer of this package, to the same bits as without tfjs:
 *
 *     const SimdAdamW = tfjsOptimizer(tf, await load(), AdamW);
 *     model.compile({ optimizer: new SimdAdamW({ lr: 1e-3, weightDecay: 0.1 }), loss: "meanSquaredError" });
 *
 * State is kept by variable name, from the first gradient of each on; a variable without a gradient stands still, as a
 * frozen parameter does. `groups` take rules as `groupsBy` does: `[{ role: "bias", weightDecay: 0 }, { role: "hidden" }]`,
 * where variables of less than two axes are "bias" and the others "hidden", or `where: ({ name }) => ...`. `iterations`
 * counts the updates applied. Of the options the learning rate alone can be assigned later, and none may be undefined:
 * leave it out for its default.
 *
 * To load a model together with its optimizer, register the class first: `tf.serialization.registerClass(SimdAdamW)`.
 * Saved state is matched to variables by name or, where no name is the same, by order. `getConfig()` has schedules of this
 * package as text, which the constructor and `fromConfig` read; other functions cannot be saved.
 *
 * `setWeights` also takes the weights of an optimizer of tfjs that has the same rule, so that a run moves over in
 * mid-course: Adam's for Adam and AdamW, those of SGD and momentum for SGD, and those of Adagrad, Adadelta, Adamax and
 * RMSProp. With the same options the next step is that of tfjs but for rounding. These differ: tfjs' Adadelta divides by
 * the average before the new gradient; its Adamax adds eps to the largest gradient when it divides, ours before; its
 * centered RMSProp subtracts eps under the root, where ours adds it; its RMSProp has lr in the momentum buffer, so that
 * after the first step a changed lr reaches the buffer's past here and not there; and its Adam corrects the averages of a
 * variable that comes up late as if it had been there from the start.
 *
 * A step copies gradients from tfjs and new values back to it, 4 bytes each for every parameter; values are copied from
 * tfjs only if something else has assigned them. On the cpu and wasm backends these are copies in memory. On a GPU
 * backend (WebGL, WebGPU) they are a read-back and an upload, and since steps are synchronous the read-back makes the
 * program wait until the GPU has finished the backward pass: there, tfjs' own optimizers are the better choice, unless
 * tfjs has none for the rule.
 */
export function tfjsOptimizer<B, O extends Options, S extends string, N extends string>(
  tf: Tfjs<B>,
  runtime: Runtime,
  Optimizer: OptimizerClass<O, S, N>,
): TfjsOptimizerClass<B, O> {
  if (typeof tf?.Optimizer !== "function") refuse("tf", tf, "tfjs, as import * as tf gives it");
  if (typeof Optimizer?.spec !== "object") refuse("Optimizer", Optimizer, "a class such as AdamW");
  const { spec } = Optimizer;
  const options: Options = { ...spec.options, ...common };

  class Adapter extends (tf.Optimizer as unknown as abstract new () => object) implements TfjsExtras {
    static readonly className = `Simd${spec.name}`;

    // tfjs calls this without a `this`, and tfjs-layers adds the classes that it knows of.
    static fromConfig<T>(Class: new (options: never) => T, config: object): T {
      const { customObjects, ...own } = readGiven(spec.name, options, config);
      return new Class(own as never);
    }

    #given: GrowingOptions<O>;
    readonly #variables: Variables<O, S, N>;

    constructor(given: GrowingOptions<O> = {}) {
      super();
      this.#given = readGiven(spec.name, options, given) as GrowingOptions<O>;
      this.#variables = new Variables(tf, Optimizer, new GrowingOptimizer(runtime, Optimizer, this.#given));
    }

    get learningRate(): number {
      return this.#variables.lr;
    }

    set learningRate(lr: Scheduled) {
      this.#variables.lr = lr;
      this.#given = { ...this.#given, lr };
    }

    get lr(): number {
      return this.learningRate;
    }

    set lr(lr: Scheduled) {
      this.learningRate = lr;
    }

    setLearningRate(lr: Scheduled): void {
      this.learningRate = lr;
    }

    get iterations(): number {
      return this.#variables.steps;
    }

    get report(): StepReport | undefined {
      return this.#variables.report;
    }

    applyGradients(gradients: TfjsGradients): void {
      this.#variables.step(gradients);
    }

    withEvalParams<T>(fn: () => T): T {
      return this.#variables.withEvalParams(fn);
    }

    async getWeights(): Promise<TfjsNamedTensor[]> {
      return this.#variables.saved().map(({ name, shape, values }) => ({ name, tensor: tensorOf(tf, values, shape) }));
    }

    async setWeights(weights: readonly TfjsNamedTensor[]): Promise<void> {
      this.#variables.load(await arraysOf(weights));
    }

    async saveIterations(): Promise<TfjsNamedTensor> {
      return { name: COUNT, tensor: tensorOf(tf, Int32Array.of(this.iterations), []) };
    }

    incrementIterations(): never {
      refuse("incrementIterations", "a call", "none: every update counts as one iteration");
    }

    async extractIterations(): Promise<never> {
      refuse("extractIterations", "a call", "setWeights, which takes the iterations too");
    }

    getConfig(): object {
      const defaults = Object.entries(options).map(([key, option]) => [key, option.default]);
      return writeOptions(spec.name, { ...Object.fromEntries(defaults), ...this.#given }) as object;
    }

    dispose(): void {
      this.#variables.dispose();
    }
  }
  Object.defineProperty(Adapter, "name", { value: Adapter.className });
  refuseAssignments(Adapter.prototype, options);
  return Adapter as unknown as TfjsOptimizerClass<B, O>;
}
