import { checkBoolean, checkFunction, checkKeys, refuse, SimdOptimError } from "../../core/check.ts";
import { firstUnusable, type NonFinite } from "../../gradients/nonFinite.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { LoadReport, OptimizerState } from "../../state/savedState.ts";
import { type SavedArray, type StateDictOptions, wantsCopy } from "../../state/stateful.ts";
import type { Parameter } from "../../tensor/parameters.ts";
import type { Excursion } from "./excursion.ts";
import { checkShapes, type Layout, layOut, slotSizes } from "./layout.ts";
import {
  type Measured,
  Meter,
  type NormsChoice,
  normsChoice,
  type StepNorms,
  type StepOptions,
  summarise,
} from "./measure.ts";
import { fixed, type Options, type Resolved, resolve } from "./option.ts";
import { fromSaved, type Parts, toSaved } from "./saving.ts";
import {
  common,
  type GroupStep,
  type NonFinitePolicy,
  type OptimizerOptions,
  type OptimizerParams,
  type OptimizerSpec,
  type Span,
  type StepContext,
  type WithCommon,
} from "./spec.ts";
import { State } from "./state.ts";
import { refuseOption } from "./steppable.ts";
import { clippingOf, leftOut, type StepReport } from "./stepReport.ts";

/**
 * A group as it stands: its parameters, its options as the next step will see them, which may be assigned, and its
 * numbers as the last step left them.
 */
export type Group<O extends Options, N extends string = never> = {
  /** The parameters of the group, in the order given. */
  readonly params: readonly Parameter[];
} & Resolved<WithCommon<O>> & { readonly [K in N]: number };

/** Steps parameters by the rule of its spec. Made by `defineOptimizer`. */
export class Optimizer<O extends Options, S extends string, N extends string = never> {
  /** The declaration that the optimizer was made of. */
  readonly spec: OptimizerSpec<O, S, N>;
  /** The groups: parameters, and options that may be read and assigned. */
  readonly groups: readonly Group<O, N>[];
  /** See `Stateful`. */
  readonly stateInPlace = true;
  readonly #options: WithCommon<O>;
  readonly #nonFinite: NonFinitePolicy;
  readonly #engine: Engine;
  readonly #context: StepContext;
  readonly #layout: Layout<O, S>;
  readonly #state: State<O, S>;
  /** The numbers of each group. */
  readonly #numbers: readonly Record<N, number>[];
  readonly #meter: Meter<O, S, N>;
  #applied = 0;
  #disposed = false;
  /** The point that parameters hold for the moment, while `withEvalParams` or `withLookahead` runs. */
  #away: string | undefined;

  constructor(spec: OptimizerSpec<O, S, N>, params: OptimizerParams<O>, given: OptimizerOptions<O> = {}) {
    const layout = layOut(spec, params, given);
    const { engine } = layout.members[0]!.parameter.collection;
    this.spec = spec;
    this.#layout = layout;
    this.#options = { ...spec.options, ...common };
    this.#nonFinite = given.nonFinite ?? "propagate";
    this.#engine = engine;
    this.#context = {
      engine,
      kernels: engine.unchecked,
      region: (name, bytes) => engine.region(name, bytes),
      readF64: (pointer) => engine.heap.views.f64[pointer / 8]!,
    };
    this.#numbers = layout.groups.map(() => ({ ...spec.numbers }) as Record<N, number>);
    this.groups = layout.groups.map((_, i) => this.#groupView(i));
    this.#state = new State(spec, layout);
    this.#meter = new Meter(spec, engine, this.#context);
  }

  /** Updates applied so far. */
  get steps(): number {
    return this.#applied;
  }

  /**
   * Bytes of state, also for parameters that are frozen. Workspace that a step takes from the runtime, as those of
   * Adafactor, LAMB and Prodigy do, and what norms are measured in are not among them.
   */
  get bytes(): number {
    return this.#state.bytes;
  }

  /** Applies one update to every parameter that is not frozen. Measuring it changes no bit of the outcome. */
  step(options?: StepOptions): StepReport {
    this.#checkReady();
    const norms = options === undefined ? false : normsChoice(options);
    for (const { params } of this.#layout.groups) checkShapes(this.spec, params);
    const resolved = this.#resolved();
    const lr = resolved[0]!["lr"] as number | undefined;
    const outcome = {
      ...(typeof lr === "number" ? { lr } : {}),
      ...clippingOf(this.#state.clippings(), () => this.#state.clips()),
    };
    const unusable = this.#nonFinite === "skip" ? this.#firstUnusable() : undefined;
    if (norms !== false) this.#meter.reserve(this.#state.agenda("separate").stretches);
    const measured = unusable ? undefined : this.#update(resolved, norms);
    this.#state.forgetClipping();
    return {
      step: this.#applied,
      applied: !unusable,
      ...(unusable && leftOut(unusable)),
      ...measured,
      ...outcome,
    };
  }

  /**
   * Takes the gradients for an estimate of the Hessian instead of a step, in an optimizer whose source makes one apart
   * from its steps. Returns whether it did: where the policy is to look, not if a gradient is not finite.
   */
  updateHessian(): boolean {
    const { updateHessian, name } = this.spec;
    if (!updateHessian) refuse("updateHessian", name, "an optimizer that estimates the Hessian apart from its steps");
    this.#checkReady();
    const resolved = this.#resolved();
    const applied = this.#nonFinite === "propagate" || !this.#firstUnusable();
    if (applied) {
      this.#forEachSpan(resolved, 0, (span, group) => {
        updateHessian(this.#context, span, resolved[group]!, this.#numbers[group]!);
      });
    }
    this.#state.forgetClipping();
    return applied;
  }

  /** Sets the gradients of the optimizer's parameters to 0 and forgets any pending clipping. */
  zeroGrad(): void {
    this.#checkAlive();
    for (const { parameter } of this.#layout.members) {
      this.#engine.unchecked.fill(parameter.gradient.pointer, parameter.size, 0);
    }
    this.#state.forgetClipping();
  }

  /**
   * Runs `fn` with the parameters at the point that the optimizer's source evaluates at, and puts them back bit for
   * bit; they stay where they are for an optimizer that has only one point. Waits for a promise before putting back.
   */
  withEvalParams<T>(fn: () => T): T {
    checkFunction("fn", fn);
    const { points } = this.spec;
    return points ? this.#withParamsAt(points.evaluation, points.evaluate, fn) : fn();
  }

  /** Runs `fn` with the parameters at the point where the source takes the gradient, and puts them back bit for bit. */
  withLookahead<T>(fn: () => T): T {
    checkFunction("fn", fn);
    const { lookahead, name } = this.spec;
    if (!lookahead) refuse("withLookahead", name, "an optimizer that looks ahead");
    return this.#withParamsAt("look-ahead", lookahead, fn);
  }

  /**
   * A copy of the state: load it into an optimizer made the same way, and it continues bit for bit. With `copy: false`
   * arrays are views onto the state itself: for code that puts them away before anything steps or allocates.
   */
  stateDict(options: StateDictOptions = {}): OptimizerState {
    const copy = wantsCopy(options);
    this.#checkAlive();
    const now = { options: this.#resolved(), step: this.#applied, away: this.#away };
    return toSaved(this.#parts(), now, copy);
  }

  /**
   * Takes over a saved state: counts, numbers and arrays, by parameter name. Options stay as this optimizer was made;
   * those that differ from the saved ones are reported. Unless `strict` is false, a state that does not fit throws,
   * and then nothing has changed. With `strict: false`, a parameter that lacks its count or any of its arrays, or has
   * one of another size, begins anew: its state is 0, and its next step is a first step.
   */
  loadStateDict(saved: OptimizerState<SavedArray>, options: { strict?: boolean } = {}): LoadReport {
    checkKeys("loadStateDict", options, ["strict"]);
    const { strict = true } = options;
    checkBoolean("strict", strict);
    this.#checkReady();
    const report = fromSaved(this.#parts(), saved, strict, (step) => this.#resolved(step));
    this.#applied = saved.step;
    return report;
  }

  /** Frees the state; any later use throws. Parameters are left alone. */
  dispose(): void {
    this.#state.release();
    this.#meter.release();
    this.#disposed = true;
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #parts(): Parts<O, S, N> {
    return { spec: this.spec, layout: this.#layout, state: this.#state, numbers: this.#numbers };
  }

  #checkAlive(): void {
    if (this.#disposed || this.#engine.disposed) {
      throw new SimdOptimError("DISPOSED", `this ${this.spec.name} has been disposed`);
    }
  }

  #checkReady(): void {
    this.#checkAlive();
    if (this.#away !== undefined) refuse("parameters", `parameters at ${this.#away}`, "them back where training is");
  }

  #groupView(i: number): Group<O, N> {
    const { params, given } = this.#layout.groups[i]!;
    const options = this.#options;
    const group = { params };
    for (const key of Object.keys(options)) {
      Object.defineProperty(group, key, {
        enumerable: true,
        get: () => options[key]!.at(key, given[key] ?? options[key]!.default, this.#applied),
        set: (value: unknown) => {
          options[key]!.check(key, value);
          const changed = fixed(options, { ...given, [key]: value });
          this.spec.check?.(changed);
          const needs = (resolved: Resolved<O>) =>
            JSON.stringify(params.map((parameter) => slotSizes(this.spec, resolved, parameter)));
          if (needs(changed) !== needs(fixed(options, given))) {
            refuse(key, value, "a value that needs the same state; make a new optimizer for this one");
          }
          Object.assign(given, { [key]: value });
        },
      });
    }
    for (const key of Object.keys(this.spec.numbers ?? {}) as N[]) {
      Object.defineProperty(group, key, { enumerable: true, get: () => this.#numbers[i]![key] });
    }
    // A name that no option has would be kept, and change nothing.
    return Object.preventExtensions(group) as Group<O, N>;
  }

  /** The options of each group as the next step will see them, or as a step would. */
  #resolved(step = this.#applied): Resolved<WithCommon<O>>[] {
    const resolved = this.#layout.groups.map(({ given }) => resolve(this.spec.name, this.#options, given, step));
    // A schedule is the user's code, and may have disposed what it is a schedule of.
    this.#checkAlive();
    return resolved;
  }

  /** Lets the spec look at everything first. */
  #prepare(resolved: readonly Resolved<WithCommon<O>>[]): void {
    if (!this.spec.prepare) return;
    const groups = resolved.map(
      (options, i): GroupStep<O, S, N> => ({
        options,
        numbers: this.#numbers[i]!,
        forEachSpan: (visit) => this.#forEachSpan(resolved, 1, (span, group) => group === i && visit(span)),
      }),
    );
    this.spec.prepare(this.#context, groups);
  }

  #update(resolved: readonly Resolved<WithCommon<O>>[], norms: NormsChoice): StepNorms | undefined {
    this.#prepare(resolved);
    const measured: Measured[] = [];
    if (norms === false) {
      this.#forEachSpan(resolved, 1, (span, group) => {
        this.spec.update(this.#context, span, resolved[group]!, this.#numbers[group]!);
      });
    } else {
      const { stretches } = this.#state.agenda("separate");
      this.#forEachSpan(
        resolved,
        1,
        (span, group, { name }) => {
          measured.push({
            name,
            group,
            squares: this.#meter.update(span, resolved[group]!, this.#numbers[group]!),
          });
        },
        stretches,
      );
    }
    for (const member of this.#state.agenda().frozen) member.missed++;
    this.#applied++;
    return norms === false ? undefined : summarise(norms, measured, this.groups.length);
  }

  /** Runs `fn` with every parameter that has been stepped moved elsewhere, and copies the values back afterwards. */
  #withParamsAt<T>(point: string, { move, run }: Excursion<O, S, N>, fn: () => T): T {
    this.#checkReady();
    const resolved = this.#resolved();
    const moveAll = () => {
      this.#away = point;
      this.#forEachSpan(resolved, 0, (span, group) => {
        if (span.t > 0) move(this.#context, span, resolved[group]!, this.#numbers[group]!);
      });
    };
    const parameters = this.#layout.members.map(({ parameter }) => parameter);
    return run(parameters, moveAll, fn, () => {
      this.#away = undefined;
    });
  }

  /** Visits what is to be updated. `ahead` is added to the count of updates. */
  #forEachSpan(
    resolved: readonly Resolved<WithCommon<O>>[],
    ahead: 0 | 1,
    visit: (span: Span<S>, group: number, parameter: Parameter) => void,
    stretches = this.#state.agenda().stretches,
  ): void {
    for (const { span, group, parameter, scale, missed } of stretches) {
      const { coefficient } = scale;
      span.t = this.#applied - missed + ahead;
      span.scale = resolved[group]!["maximize"] ? -coefficient : coefficient;
      visit(span, group, parameter);
    }
  }

  #firstUnusable(): NonFinite | undefined {
    return firstUnusable(this.#layout.members.map(({ parameter }) => parameter));
  }
}

/** The class that `defineOptimizer` makes. */
export interface OptimizerClass<O extends Options, S extends string, N extends string = never> {
  new (params: OptimizerParams<O>, options?: OptimizerOptions<O>): Optimizer<O, S, N>;
  /** The declaration that the class was made of. */
  readonly spec: OptimizerSpec<O, S, N>;
  /** The bytes of state that `new` with these arguments would allocate: see `Optimizer.bytes`. */
  bytes(params: OptimizerParams<O>, options?: OptimizerOptions<O>): number;
}

/** Makes an optimizer class of a declaration. */
export function defineOptimizer<O extends Options, S extends string, N extends string = never>(
  spec: OptimizerSpec<O, S, N>,
): OptimizerClass<O, S, N> {
  const made = class extends Optimizer<O, S, N> {
    static readonly spec = spec;

    static bytes(params: OptimizerParams<O>, options: OptimizerOptions<O> = {}): number {
      return Object.values<number>(layOut(spec, params, options).bytes).reduce((sum, bytes) => sum + bytes, 0);
    }

    constructor(params: OptimizerParams<O>, options?: OptimizerOptions<O>) {
      super(spec, params, options);
    }
  };
  Object.defineProperty(made, "name", { value: spec.name });
  for (const key of Object.keys({ ...spec.options, ...common })) {
    Object.defineProperty(made.prototype, key, {
      set: (value) => refuseOption(key, value),
    });
  }
  return made;
}
