import { refuse, SimdOptimError } from "../core/check.ts";
import { DryEngine } from "../kernels/dry.ts";
import { checkEngine, type Engine } from "../kernels/engine.ts";
import type { Optimizer, OptimizerClass } from "../optim/define/optimizer.ts";
import type { Given, Options, Scheduled } from "../optim/define/option.ts";
import type { OptimizerOptions, OptimizerParams, WithCommon } from "../optim/define/spec.ts";
import type { StepReport } from "../optim/define/stepReport.ts";
import type { OptimizerState } from "../state/savedState.ts";
import { declare } from "../tensor/declare.ts";
import { type GroupRule, groupsBy } from "../tensor/groups.ts";
import type { Parameter, Parameters } from "../tensor/parameters.ts";

/** Options of an optimizer, and rules that give groups of parameters options of their own: see `groupsBy`. */
export type GrowingOptions<O extends Options> = OptimizerOptions<O> & {
  /** Rules in order; each parameter must fall in one. */
  groups?: readonly (GroupRule & Given<WithCommon<O>>)[];
};

/** Shapes by name, in the order in which parameters are to lie in memory. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** Has every check of an optimizer run on options, over a parameter that is not there. */
export function checkOptions<O extends Options, S extends string, N extends string>(
  Optimizer: OptimizerClass<O, S, N>,
  options: OptimizerOptions<O> | undefined,
): void {
  Optimizer.bytes(declare(new DryEngine(), { any: { shape: [1], frozen: true } }), options);
}

interface Held<O extends Options, S extends string, N extends string> {
  readonly shapes: Shapes;
  readonly parameters: Parameters;
  readonly optimizer: Optimizer<O, S, N>;
  /** The options that each of its groups has of its own. */
  readonly rules: readonly object[];
}

/**
 * An optimizer whose parameters are not known beforehand: each is allocated when it first comes up, and stands still in
 * steps that have no gradient for it. To the bit the same as one that has had all of them from the start, frozen where
 * there was no gradient.
 */
export class GrowingOptimizer<O extends Options, S extends string, N extends string> {
  readonly #engine: Engine;
  readonly #Optimizer: OptimizerClass<O, S, N>;
  readonly #groups: GrowingOptions<O>["groups"];
  #options: OptimizerOptions<O>;
  #held: Held<O, S, N> | undefined;
  #disposed = false;

  constructor(engine: Engine, Optimizer: OptimizerClass<O, S, N>, options: GrowingOptions<O> = {}) {
    checkEngine("runtime", engine);
    const { groups, ...own } = options;
    this.#engine = engine;
    this.#Optimizer = Optimizer;
    this.#groups = groups;
    this.#options = own as unknown as OptimizerOptions<O>;
    this.#checkOptions(this.#options);
  }

  /** The parameters so far. */
  get shapes(): Shapes {
    return this.#held?.shapes ?? new Map();
  }

  /** Updates applied so far. */
  get steps(): number {
    return this.#held?.optimizer.steps ?? 0;
  }

  /** A parameter that has come up. */
  get(name: string): Parameter {
    return this.#ready().parameters.get(name);
  }

  /** Allocates the parameters that are new, values and all state at 0. Views onto the others' memory go stale. */
  grow(shapes: Shapes): void {
    this.#checkAlive();
    const before = this.#held;
    const all = new Map([...this.shapes, ...[...shapes].filter(([name]) => !this.shapes.has(name))]);
    if (all.size === this.shapes.size) return;
    this.#replace(all, (parameters, optimizer) => {
      if (!before) return;
      for (const { name, data } of before.parameters) parameters.get(name).data.set(data);
      const saved = before.optimizer.stateDict({ copy: false });
      // A parameter that is new has had no update, and the numbers of its group are those that the group has.
      const steps = Object.fromEntries([...all.keys()].map((name) => [name, saved.steps[name] ?? 0]));
      const groups = optimizer.groups.flatMap(({ params }) => {
        const names = params.map(({ name }) => name);
        const old = saved.groups.find((group) => group.params.some((name) => names.includes(name)));
        return old ? [{ ...old, params: names }] : [];
      });
      optimizer.loadStateDict({ ...saved, steps, groups }, { strict: false });
    });
  }

  /**
   * Starts anew with these parameters and a saved state, which `load` puts into the optimizer; if it does not fit,
   * nothing has changed.
   */
  restore(
    shapes: Shapes,
    saved: OptimizerState,
    load: (optimizer: Optimizer<O, S, N>, saved: OptimizerState) => void = (optimizer) =>
      optimizer.loadStateDict(saved),
  ): void {
    this.#checkAlive();
    if (shapes.size === 0) this.#release();
    else this.#replace(shapes, (_, optimizer) => load(optimizer, saved));
  }

  /** The learning rate at a step, for parameters whose rule has none of its own. */
  lrAt(step: number): number {
    const option = this.#lr;
    const { lr = option.default } = this.#options as { lr?: Scheduled };
    return option.at("lr", lr, step);
  }

  /** Sets the learning rate from the next step on, for parameters whose rule has none of its own. */
  setLr(lr: Scheduled): void {
    this.#checkAlive();
    this.#lr.check(`${this.#Optimizer.spec.name}.learningRate`, lr);
    const options = { ...this.#options, lr };
    this.#checkOptions(options);
    for (const [i, group] of (this.#held?.optimizer.groups ?? []).entries()) {
      if (!("lr" in this.#held!.rules[i]!)) Object.assign(group, { lr });
    }
    this.#options = options;
  }

  /** One update of these parameters; the others stand still. */
  step(names: ReadonlySet<string>): StepReport {
    const { parameters, optimizer } = this.#ready();
    for (const parameter of parameters) parameter.frozen = !names.has(parameter.name);
    return optimizer.step();
  }

  /** Runs `fn` with the parameters at the point to evaluate at: see `Optimizer`. */
  withEvalParams<T>(fn: () => T): T {
    this.#checkAlive();
    if (!this.#held) return fn();
    const { parameters, optimizer } = this.#held;
    for (const parameter of parameters) parameter.frozen = false;
    return optimizer.withEvalParams(fn);
  }

  /** The state; undefined before any parameter has come up. */
  stateDict(): OptimizerState | undefined {
    this.#checkAlive();
    return this.#held?.optimizer.stateDict();
  }

  /** Frees parameters and state; any later use throws. */
  dispose(): void {
    this.#release();
    this.#disposed = true;
  }

  get #lr(): Options[string] {
    const { name, options } = this.#Optimizer.spec;
    return options["lr"] ?? refuse(`${name}.learningRate`, "one", `none: the rule of ${name} has no learning rate`);
  }

  /** Checks the options, and those of each group. */
  #checkOptions(shared: OptimizerOptions<O>): void {
    checkOptions(this.#Optimizer, shared);
    const rules: unknown = this.#groups ?? [];
    if (!Array.isArray(rules)) refuse("groups", rules, 'a list of rules such as { role: "bias", weightDecay: 0 }');
    for (const { role, where, ...own } of rules) checkOptions(this.#Optimizer, { ...shared, ...own });
  }

  /** Puts parameters and an optimizer in place of those that are held, once `fill` has brought them up to date. */
  #replace(shapes: Shapes, fill: (parameters: Parameters, optimizer: Optimizer<O, S, N>) => void): void {
    const parameters = declare(this.#engine, Object.fromEntries(shapes));
    let optimizer: Optimizer<O, S, N> | undefined;
    let rules: readonly object[];
    try {
      rules = this.#groups ? groupsBy(parameters, this.#groups) : [{ params: parameters }];
      optimizer = new this.#Optimizer(rules as unknown as OptimizerParams<O>, this.#options);
      fill(parameters, optimizer);
    } catch (error) {
      optimizer?.dispose();
      parameters.dispose();
      throw error;
    }
    this.#release();
    this.#held = { shapes, parameters, optimizer, rules };
  }

  #release(): void {
    this.#held?.optimizer.dispose();
    this.#held?.parameters.dispose();
    this.#held = undefined;
  }

  #checkAlive(): void {
    if (this.#disposed) throw new SimdOptimError("DISPOSED", `this ${this.#Optimizer.spec.name} has been disposed`);
  }

  #ready(): Held<O, S, N> {
    this.#checkAlive();
    return this.#held ?? refuse("parameters", "none", "a gradient first: it brings the parameters up");
  }
}
