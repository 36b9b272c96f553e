import {
  checkBoolean,
  checkChoice,
  checkKeys,
  checkNumber,
  describe,
  type Interval,
  refuse,
  SimdOptimError,
} from "./check.ts";
import type { Engine } from "./engine.ts";
import { type Block, releaseWithOwner } from "./heap.ts";
import type { Kernels } from "./kernels.ts";
import { type Parameter, type Selection, selected } from "./parameters.ts";
import type { Schedule } from "./schedules.ts";

/** A number, or a function of the step that gives it. */
export type Scheduled = number | Schedule;

/**
 * One option of an optimizer: `In` is what a user may give, `Out` what an update sees. `trial` is a value away from
 * the default, for the conformance tests.
 */
export interface Option<In, Out> {
  readonly default: In;
  readonly trial: In;
  /** What is allowed, in words, for errors and the catalogue. */
  readonly expected: string;
  /** Refuses a bad value; a schedule is checked each time it is evaluated. */
  check(argument: string, value: unknown): void;
  /** The value at a step. */
  at(argument: string, value: In, step: number): Out;
}

function scheduledAt(argument: string, value: Scheduled, step: number, interval: Interval): number {
  if (typeof value === "number") return value;
  const current: unknown = value(step);
  checkNumber(`${argument} at step ${step}`, current, interval);
  return current;
}

function checkScheduled(argument: string, value: unknown, interval: Interval): void {
  if (typeof value === "function") return;
  if (typeof value !== "number") refuse(argument, value, `a number in ${interval}, or a schedule`);
  checkNumber(argument, value, interval);
}

/** A number in an interval, or a schedule of one. */
export function real(fallback: number, interval: Interval, trial: number): Option<Scheduled, number> {
  return {
    default: fallback,
    trial,
    expected: interval,
    check: (argument, value) => checkScheduled(argument, value, interval),
    at: (argument, value, step) => scheduledAt(argument, value, step, interval),
  };
}

type ScheduledTuple<T extends readonly number[]> = { readonly [I in keyof T]: Scheduled };

/** A fixed number of numbers in an interval, each of them possibly a schedule. */
export function reals<const T extends readonly number[]>(
  fallback: T,
  interval: Interval,
  trial: { readonly [I in keyof T]: number },
): Option<ScheduledTuple<T>, { readonly [I in keyof T]: number }> {
  return {
    default: fallback as ScheduledTuple<T>,
    trial: trial as ScheduledTuple<T>,
    expected: `${fallback.length} of ${interval}`,
    check: (argument, value) => {
      if (!Array.isArray(value) || value.length !== fallback.length) {
        refuse(argument, value, `a list of ${fallback.length} numbers in ${interval}`);
      }
      for (const [i, item] of value.entries()) checkScheduled(`${argument}[${i}]`, item, interval);
    },
    at: (argument, value, step) => {
      const list = value as readonly Scheduled[];
      return list.map((item, i) => scheduledAt(`${argument}[${i}]`, item, step, interval)) as unknown as {
        readonly [I in keyof T]: number;
      };
    },
  };
}

export function flag(fallback: boolean): Option<boolean, boolean> {
  return {
    default: fallback,
    trial: !fallback,
    expected: "true or false",
    check: checkBoolean,
    at: (_argument, value) => value,
  };
}

export function choice<const C extends string>(fallback: C, trial: NoInfer<C>, choices: readonly C[]): Option<C, C> {
  return {
    default: fallback,
    trial,
    expected: choices.map(describe).join(", "),
    check: (argument, value) => checkChoice(argument, value, choices),
    at: (_argument, value) => value,
  };
}

// biome-ignore lint/suspicious/noExplicitAny: options are invariant in what they accept; only `any` admits them all.
export type Options = Readonly<Record<string, Option<any, any>>>;
/** What a user may give. */
export type Given<O extends Options> = { [K in keyof O]?: O[K]["default"] };
/** What an update sees. */
export type Resolved<O extends Options> = { [K in keyof O]: ReturnType<O[K]["at"]> };

/** Options that every optimizer has. */
const common = { maximize: flag(false) } satisfies Options;
type WithCommon<O extends Options> = O & typeof common;

/** State kept for every element of a parameter: one float32 array like it. */
export interface Slot<O extends Options> {
  /** Whether a group with these options needs it; always, without this. A scheduled number reads as NaN. */
  readonly when?: (options: Resolved<O>) => boolean;
}

/** Neighbouring parameters of one group, as addresses: what one kernel call works on. */
export interface Span<S extends string> {
  /** Values. */
  p: number;
  /** Gradients. */
  g: number;
  /** Elements. */
  n: number;
  /** What gradients are to be multiplied by: clipping, negative when maximising. */
  scale: number;
  /** State, by slot; 0 where the group does not need the slot. */
  readonly state: Record<S, number>;
}

/** An optimizer, declared. `defineOptimizer` makes a class of it. */
export interface OptimizerSpec<O extends Options, S extends string> {
  readonly name: string;
  /** The update rule in one line. */
  readonly rule: string;
  readonly cites: string;
  readonly options: O;
  readonly state: Readonly<Record<S, Slot<O>>>;
  /** Refuses options that do not go together. A scheduled number reads as NaN. */
  check?(options: Resolved<O>): void;
  /** One update of a span; `t` counts updates from 1. Reads gradients, never writes them. */
  update(kernels: Kernels, span: Span<S>, options: Resolved<WithCommon<O>>, t: number): void;
}

/** A group: parameters and the options that differ from the optimizer's own. */
export type GroupOptions<O extends Options> = { params: Selection } & Given<WithCommon<O>>;

/** What to do about gradients that are not finite: let them through as torch does, or look first and skip the step. */
export type NonFinitePolicy = "propagate" | "skip";

export type OptimizerOptions<O extends Options> = Given<WithCommon<O>> & { nonFinite?: NonFinitePolicy };

/** A group as it stands: its parameters, and its options as the next step will see them. Numbers may be assigned. */
export type Group<O extends Options> = { readonly params: readonly Parameter[] } & Resolved<WithCommon<O>>;

export interface StepReport {
  /** Updates applied so far, this one included. */
  readonly step: number;
  /** Whether anything was updated. */
  readonly applied: boolean;
  /** Why not. */
  readonly reason?: string;
  /** The learning rate of the first group in this step; absent for optimizers without one. */
  readonly lr?: number;
  /** The gradient norm before clipping, where gradients were clipped. */
  readonly gradNorm?: number;
  /** What clipping multiplied the gradients by. */
  readonly clip?: number;
  /** The first parameter whose gradient is not finite, where the policy is to look. */
  readonly nonFinite?: string;
}

/** Everything an optimizer needs to go on, by parameter name. */
export interface OptimizerState {
  readonly optimizer: string;
  readonly step: number;
  /** The options in force, for the record: loading compares them and does not change yours. */
  readonly groups: readonly {
    readonly params: readonly string[];
    readonly options: Readonly<Record<string, unknown>>;
  }[];
  readonly state: Readonly<Record<string, Readonly<Record<string, Float32Array>>>>;
}

export interface LoadReport {
  /** Arrays this optimizer has and the saved state lacks, as "parameter/slot". */
  readonly missing: readonly string[];
  /** Arrays in the saved state that this optimizer does not have. */
  readonly unexpected: readonly string[];
  /** Arrays of another size. */
  readonly misshapen: readonly string[];
  /** Options whose value differs from the saved one, as "group 0: lr". */
  readonly changed: readonly string[];
}

/** A parameter, its group, and where its state lies. */
interface Member<S extends string> {
  readonly parameter: Parameter;
  readonly group: number;
  /** Byte offsets into the slots' arenas; undefined where the group does not need the slot. */
  readonly offsets: Readonly<Record<S, number | undefined>>;
}

interface Layout<O extends Options, S extends string> {
  readonly groups: readonly { readonly params: readonly Parameter[]; readonly given: Given<WithCommon<O>> }[];
  /** Every parameter that is in a group, in memory order. */
  readonly members: readonly Member<S>[];
  /** Bytes of each slot's arena. */
  readonly bytes: Readonly<Record<S, number>>;
}

/** Checks everything about parameters, groups and options, and plans the state. Allocates nothing. */
function plan<O extends Options, S extends string>(
  spec: OptimizerSpec<O, S>,
  params: Selection | readonly GroupOptions<O>[],
  given: OptimizerOptions<O>,
): Layout<O, S> {
  const options: WithCommon<O> = { ...spec.options, ...common };
  const { nonFinite, ...shared } = given;
  if (nonFinite !== undefined) checkChoice("nonFinite", nonFinite, ["propagate", "skip"]);
  checkOptions(spec.name, options, shared as Given<WithCommon<O>>);
  const grouped = Array.isArray(params) && params.some((item) => item && typeof item === "object" && "params" in item);
  const list = grouped ? (params as readonly GroupOptions<O>[]) : [{ params: params as Selection } as GroupOptions<O>];
  const groups = list.map(({ params: selection, ...own }, i) => {
    const argument = grouped ? `groups[${i}]` : spec.name;
    checkOptions(argument, options, own as unknown as Given<WithCommon<O>>);
    const params = selected(grouped ? `${argument}.params` : "params", selection);
    return { params, given: { ...shared, ...own } as unknown as Given<WithCommon<O>> };
  });
  const chosen = selected(
    "params",
    groups.flatMap((group) => group.params),
  );
  if (grouped) refuseUnassigned(chosen);
  const groupOf = new Map(groups.flatMap(({ params }, i) => params.map((parameter) => [parameter, i] as const)));
  const slots = Object.keys(spec.state) as S[];
  const bytes = Object.fromEntries(slots.map((slot) => [slot, 0])) as Record<S, number>;
  const needs = groups.map(({ given }) => slotsFor(spec, options, given));
  const members = [...chosen]
    .sort((a, b) => a.value.pointer - b.value.pointer)
    .map((parameter) => {
      const group = groupOf.get(parameter)!;
      const offsets = {} as Record<S, number | undefined>;
      for (const slot of slots) {
        offsets[slot] = needs[group]!.includes(slot) ? bytes[slot] : undefined;
        if (needs[group]!.includes(slot)) bytes[slot] += 4 * parameter.size;
      }
      return { parameter, group, offsets };
    });
  return { groups, members, bytes };
}

/** The slots that a group with these options needs; refuses options that do not go together. */
function slotsFor<O extends Options, S extends string>(
  spec: OptimizerSpec<O, S>,
  options: WithCommon<O>,
  given: Given<WithCommon<O>>,
): S[] {
  const fixed = Object.fromEntries(
    Object.keys(options).map((key) => {
      const value = given[key] ?? options[key]!.default;
      return [key, typeof value === "function" ? Number.NaN : value];
    }),
  ) as Resolved<O>;
  spec.check?.(fixed);
  return (Object.keys(spec.state) as S[]).filter((slot) => spec.state[slot].when?.(fixed) ?? true);
}

/** With groups written out, a trainable parameter that is in none of them is a mistake. */
function refuseUnassigned(chosen: readonly Parameter[]): void {
  const assigned = new Set(chosen);
  for (const collection of new Set(chosen.map((parameter) => parameter.collection))) {
    for (const parameter of collection) {
      if (assigned.has(parameter) || parameter.frozen) continue;
      throw new SimdOptimError(
        "UNASSIGNED_PARAMETER",
        `groups: parameter ${describe(parameter.name)} is in no group; put it in one, or freeze it`,
      );
    }
  }
}

function checkOptions<O extends Options>(argument: string, options: O, given: Given<O>): void {
  if (given === null || typeof given !== "object") refuse(argument, given, "an object of options");
  checkKeys(argument, given, Object.keys(options));
  for (const [key, value] of Object.entries(given)) {
    if (value !== undefined) options[key]!.check(key, value);
  }
}

/** The options of a group at a step. */
function resolve<O extends Options>(name: string, options: O, given: Given<O>, step: number): Resolved<O> {
  const entries = Object.keys(options).map((key) => {
    const option = options[key]!;
    return [key, option.at(`${name}.${key}`, given[key] ?? option.default, step)];
  });
  return Object.fromEntries(entries) as Resolved<O>;
}

/** Steps parameters by the rule of its spec. Made by `defineOptimizer`. */
export class Optimizer<O extends Options, S extends string> {
  readonly spec: OptimizerSpec<O, S>;
  readonly groups: readonly Group<O>[];
  readonly #options: WithCommon<O>;
  readonly #nonFinite: NonFinitePolicy;
  readonly #layout: Layout<O, S>;
  readonly #engine: Engine;
  readonly #slots: readonly S[];
  /** Where the state of a slot lies; none for a slot that no group needs. */
  readonly #arenas: Partial<Record<S, Block>> = {};
  #applied = 0;
  #disposed = false;

  constructor(
    spec: OptimizerSpec<O, S>,
    params: Selection | readonly GroupOptions<O>[],
    given: OptimizerOptions<O> = {},
  ) {
    const layout = plan(spec, params, given);
    if (layout.members.length === 0) refuse("params", params, "at least one parameter");
    this.spec = spec;
    this.#layout = layout;
    this.#options = { ...spec.options, ...common };
    this.#nonFinite = given.nonFinite ?? "propagate";
    this.#engine = layout.members[0]!.parameter.collection.engine;
    this.#slots = Object.keys(spec.state) as S[];
    this.groups = layout.groups.map((_, i) => this.#groupView(i));
    this.#allocate();
  }

  /** Updates applied so far. */
  get steps(): number {
    return this.#applied;
  }

  /** Bytes of state. */
  get bytes(): number {
    return this.#slots.reduce((sum, slot) => sum + this.#layout.bytes[slot], 0);
  }

  /** Applies one update to every parameter that is not frozen. */
  step(): StepReport {
    this.#checkAlive();
    const { members, groups } = this.#layout;
    const resolved = groups.map(({ given }) => resolve(this.spec.name, this.#options, given, this.#applied));
    const lr = resolved[0]!["lr"] as number | undefined;
    const clipping = members[0]!.parameter.clipping;
    const outcome = {
      ...(lr === undefined ? {} : { lr }),
      ...(clipping ? { gradNorm: clipping.gradNorm, clip: clipping.coefficient } : {}),
    };
    const nonFinite = this.#nonFinite === "skip" ? this.#firstNonFinite() : undefined;
    if (nonFinite !== undefined) {
      this.#forgetClipping();
      const reason = `the gradient of ${describe(nonFinite)} is not finite`;
      return { step: this.#applied, applied: false, reason, nonFinite, ...outcome };
    }
    this.#applied++;
    this.#forEachSpan(resolved, (span, group) => {
      this.spec.update(this.#engine.unchecked, span, resolved[group]!, this.#applied);
    });
    this.#forgetClipping();
    return { step: this.#applied, applied: true, ...outcome };
  }

  /** Sets the gradients of the optimizer's parameters to 0 and forgets any pending clipping. */
  zeroGrad(): void {
    this.#checkAlive();
    for (const { parameter } of this.#layout.members) {
      this.#engine.unchecked.fill(parameter.gradient.pointer, parameter.size, 0);
    }
    this.#forgetClipping();
  }

  /** A copy of the state: load it into an optimizer made the same way, and it continues bit for bit. */
  stateDict(): OptimizerState {
    this.#checkAlive();
    const groups = this.#layout.groups.map(({ params, given }) => ({
      params: params.map((parameter) => parameter.name),
      options: resolve(this.spec.name, this.#options, given, this.#applied),
    }));
    // Without a prototype, so that a parameter may have any name.
    const state: Record<string, Record<string, Float32Array>> = Object.create(null);
    this.#forEachArray((name, slot, array) => {
      state[name] ??= {};
      state[name][slot] = array.slice();
    });
    return { optimizer: this.spec.name, step: this.#applied, groups, state };
  }

  /**
   * Takes over a saved state: step count and state arrays, by parameter name. Options stay as this optimizer was made;
   * those that differ from the saved ones are reported. Unless `strict` is false, a state that does not fit throws,
   * and then nothing has changed.
   */
  loadStateDict(saved: OptimizerState, { strict = true }: { strict?: boolean } = {}): LoadReport {
    this.#checkAlive();
    this.#checkSaved(saved);
    const missing: string[] = [];
    const misshapen: string[] = [];
    const fitting: [Float32Array, Float32Array][] = [];
    const expected = new Set<string>();
    this.#forEachArray((name, slot, array) => {
      const key = `${name}/${slot}`;
      expected.add(key);
      const source = Object.hasOwn(saved.state, name) ? saved.state[name]![slot] : undefined;
      if (!(source instanceof Float32Array)) missing.push(key);
      else if (source.length !== array.length)
        misshapen.push(`${key}: got ${source.length} elements, expected ${array.length}`);
      else fitting.push([array, source]);
    });
    const unexpected = Object.entries(saved.state)
      .flatMap(([name, slots]) => Object.keys(slots).map((slot) => `${name}/${slot}`))
      .filter((key) => !expected.has(key));
    const report = { missing, unexpected, misshapen, changed: this.#changedOptions(saved) };
    const problems = Object.entries({ missing, unexpected, misshapen }).filter(([, keys]) => keys.length > 0);
    if (strict && problems.length > 0) {
      const text = problems.map(([kind, keys]) => `${kind} ${keys.join(", ")}`).join("; ");
      throw new SimdOptimError("STATE_MISMATCH", `state: ${text}`);
    }
    for (const [array, source] of fitting) array.set(source);
    this.#applied = saved.step;
    return report;
  }

  /** Frees the state; any later use throws. Parameters are left alone. */
  dispose(): void {
    this.#releaseState();
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkAlive(): void {
    if (this.#disposed) throw new SimdOptimError("DISPOSED", `this ${this.spec.name} has been disposed`);
  }

  #allocate(): void {
    try {
      for (const slot of this.#slots) {
        if (this.#layout.bytes[slot] === 0) continue;
        const block = this.#engine.heap.allocate(this.#layout.bytes[slot]);
        this.#arenas[slot] = block;
        releaseWithOwner(block, this);
      }
    } catch (error) {
      this.#releaseState();
      throw error;
    }
  }

  #releaseState(): void {
    for (const block of Object.values(this.#arenas) as Block[]) block.release();
  }

  /** The address of a member's state in a slot; 0 where its group does not need the slot. */
  #address(slot: S, { offsets }: Member<S>): number {
    const offset = offsets[slot];
    return offset === undefined ? 0 : this.#arenas[slot]!.pointer + offset;
  }

  /** A group whose options read as the next step will see them. */
  #groupView(i: number): Group<O> {
    const { params, given } = this.#layout.groups[i]!;
    const options = this.#options;
    const group = { params };
    for (const key of Object.keys(options)) {
      Object.defineProperty(group, key, {
        enumerable: true,
        get: () => options[key]!.at(key, given[key] ?? options[key]!.default, this.#applied),
        set: (value: unknown) => {
          options[key]!.check(key, value);
          const changed = { ...given, [key]: value };
          const slots = slotsFor(this.spec, options, changed);
          if (slots.join() !== slotsFor(this.spec, options, given).join()) {
            refuse(key, value, "a value that needs the same state; make a new optimizer for this one");
          }
          Object.assign(given, changed);
        },
      });
    }
    return group as Group<O>;
  }

  /** Visits maximal runs of neighbours that share a group and a gradient scale, skipping frozen parameters. */
  #forEachSpan(resolved: readonly Resolved<WithCommon<O>>[], visit: (span: Span<S>, group: number) => void): void {
    const span: Span<S> = { p: 0, g: 0, n: 0, scale: 1, state: {} as Record<S, number> };
    let current = -1;
    for (const member of this.#layout.members) {
      const { parameter, group } = member;
      if (parameter.frozen) continue;
      const { value, gradient, size } = parameter;
      const scale = (parameter.clipping?.coefficient ?? 1) * (resolved[group]!["maximize"] ? -1 : 1);
      const end = 4 * span.n;
      const adjacent = span.p + end === value.pointer && span.g + end === gradient.pointer;
      if (adjacent && group === current && scale === span.scale && this.#follows(span, member)) {
        span.n += size;
        continue;
      }
      if (span.n > 0) visit(span, current);
      span.p = value.pointer;
      span.g = gradient.pointer;
      span.n = size;
      span.scale = scale;
      current = group;
      for (const slot of this.#slots) span.state[slot] = this.#address(slot, member);
    }
    if (span.n > 0) visit(span, current);
  }

  /** Whether the member's state comes right after that of the span, in every slot that they have. */
  #follows(span: Span<S>, member: Member<S>): boolean {
    return this.#slots.every((slot) => {
      const address = this.#address(slot, member);
      return address === 0 || address === span.state[slot] + 4 * span.n;
    });
  }

  /** Visits every state array, as a view in place. */
  #forEachArray(visit: (parameter: string, slot: S, array: Float32Array) => void): void {
    const { f32 } = this.#engine.heap.views;
    for (const member of this.#layout.members) {
      const { name, size } = member.parameter;
      for (const slot of this.#slots) {
        const start = this.#address(slot, member) / 4;
        if (start > 0) visit(name, slot, f32.subarray(start, start + size));
      }
    }
  }

  #firstNonFinite(): string | undefined {
    const { unchecked } = this.#engine;
    return this.#layout.members.find(
      ({ parameter: { frozen, gradient, size } }) => !frozen && unchecked.countNonFinite(gradient.pointer, size) > 0,
    )?.parameter.name;
  }

  #forgetClipping(): void {
    for (const { parameter } of this.#layout.members) parameter.clipping = undefined;
  }

  #checkSaved(saved: OptimizerState): void {
    if (saved === null || typeof saved !== "object") refuse("state", saved, "what stateDict() returned");
    if (saved.optimizer !== this.spec.name) {
      refuse("state.optimizer", saved.optimizer, describe(this.spec.name), "STATE_MISMATCH");
    }
    if (!Number.isSafeInteger(saved.step) || saved.step < 0) refuse("state.step", saved.step, "a whole number");
    for (const part of ["groups", "state"] as const) {
      if (saved[part] === null || typeof saved[part] !== "object") refuse(`state.${part}`, saved[part], "an object");
    }
  }

  #changedOptions(saved: OptimizerState): string[] {
    return this.#layout.groups.flatMap(({ given }, i) => {
      const now = resolve(this.spec.name, this.#options, given, saved.step);
      const then = saved.groups[i]?.options ?? {};
      return Object.keys(now)
        .filter((key) => JSON.stringify(now[key]) !== JSON.stringify(then[key]))
        .map((key) => `group ${i}: ${key}`);
    });
  }
}

/** The class that `defineOptimizer` makes. */
export interface OptimizerClass<O extends Options, S extends string> {
  new (params: Selection | readonly GroupOptions<O>[], options?: OptimizerOptions<O>): Optimizer<O, S>;
  readonly spec: OptimizerSpec<O, S>;
  /** The bytes of state that `new` with these arguments would allocate. */
  bytes(params: Selection | readonly GroupOptions<O>[], options?: OptimizerOptions<O>): number;
}

/** Makes an optimizer class of a declaration. */
export function defineOptimizer<O extends Options, S extends string>(spec: OptimizerSpec<O, S>): OptimizerClass<O, S> {
  const made = class extends Optimizer<O, S> {
    static readonly spec = spec;

    static bytes(params: Selection | readonly GroupOptions<O>[], options: OptimizerOptions<O> = {}): number {
      return Object.values<number>(plan(spec, params, options).bytes).reduce((sum, bytes) => sum + bytes, 0);
    }

    constructor(params: Selection | readonly GroupOptions<O>[], options?: OptimizerOptions<O>) {
      super(spec, params, options);
    }
  };
  Object.defineProperty(made, "name", { value: spec.name });
  return made;
}
