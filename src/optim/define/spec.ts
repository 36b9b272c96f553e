import type { Base, Pointer, Size } from "#wasm/kernels.js";
import type { Engine } from "../../kernels/engine.ts";
import type { ElementType } from "../../memory/elementType.ts";
import type { Selection } from "../../tensor/parameters.ts";
import type { Excursion } from "./excursion.ts";
import { flag, type Given, type Options, type Resolved } from "./option.ts";

/** Options that every optimizer has. */
export const common = {
  /** Whether to climb: the sign of the gradients is turned. */
  maximize: flag(false),
} satisfies Options;
/** An optimizer's own options and those that every optimizer has. */
export type WithCommon<O extends Options> = O & typeof common;

/** State kept for a parameter: one array. */
export interface Slot<O extends Options> {
  /** The type of its elements; "f32" unless it is given. */
  readonly dtype?: ElementType;
  /** Whether a group with these options needs it; always, without this. A scheduled number reads as NaN. */
  when?(options: Resolved<O>): boolean;
  /** Elements for a parameter of this shape, 0 for none; as many as the parameter has, without this. */
  size?(shape: readonly number[], options: Resolved<O>): number;
}

/** The type of the elements of a slot. */
export function dtypeOf({ dtype = "f32" }: { readonly dtype?: ElementType }): ElementType {
  return dtype;
}

/** What one call of a kernel works on: one parameter, or neighbours of one group. */
export interface Span<S extends string> {
  /** Where the values start. */
  p: Pointer;
  /** Where the gradients start. */
  g: Pointer;
  /** Elements. */
  n: Size;
  /** The number of this update for these parameters, from 1. */
  t: number;
  /** Updates of the optimizer that passed them by, while they were frozen or not yet there. */
  readonly missed: number;
  /** What gradients are to be multiplied by: clipping, negative when maximising. */
  scale: number;
  /** The shape of the parameter, the first of several. */
  shape: readonly number[];
  /** Where the state starts, by slot; 0 where there is none. */
  readonly state: Record<S, Pointer>;
}

/** What a spec works with. */
export interface StepContext {
  /** What the parameters live in: for linear algebra, such as `product`. */
  readonly engine: Engine;
  /** The kernels of optimizers, for code that has checked its arguments. */
  readonly kernels: Base;
  /** The address of a workspace of so many bytes, whose contents last until the next call with that name. */
  region(name: string, bytes: number): Pointer;
  /** A float64 that a kernel left at an address. */
  readF64(pointer: number): number;
}

/** A group during a step. */
export interface GroupStep<O extends Options, S extends string, N extends string> {
  /** The options at this step. */
  readonly options: Resolved<WithCommon<O>>;
  /** The group's numbers: to be read, and in `prepare` to be written. */
  readonly numbers: Record<N, number>;
  /** Visits what is to be updated; the span is the visitor's only during the call. */
  forEachSpan(visit: (span: Span<S>) => void): void;
}

/** One span's worth of work. */
export type SpanWork<O extends Options, S extends string, N extends string> = (
  context: StepContext,
  span: Span<S>,
  options: Resolved<WithCommon<O>>,
  numbers: Record<N, number>,
) => void;

/** Where an optimizer that keeps several iterates holds its parameters. */
export interface Points<O extends Options, S extends string, N extends string> {
  /** What the source calls the point that parameters hold between steps, where gradients are to be taken. */
  readonly training: string;
  /** What the source calls the point to evaluate at. */
  readonly evaluation: string;
  /** The way from the one to the other. */
  readonly evaluate: Excursion<O, S, N>;
}

/** An optimizer, declared. `defineOptimizer` makes a class of it. */
export interface OptimizerSpec<O extends Options, S extends string, N extends string = never> {
  /** The name of the class. */
  readonly name: string;
  /** The update rule in one line. */
  readonly rule: string;
  /** Authors and years of the sources. */
  readonly cites: string;
  /** The options, in the order of the catalogue. */
  readonly options: O;
  /** State for each parameter, by the source's names. */
  readonly state: Readonly<Record<S, Slot<O>>>;
  /** Numbers kept for each group, by name, and what they start from. */
  readonly numbers?: Readonly<Record<N, number>>;
  /** Whether they are those of all groups together: a group that a saved state lacks then takes them over. */
  readonly sharesNumbers?: boolean;
  /** "run", the default, joins neighbours into one span; "parameter" never does, for rules that need norms or shapes. */
  readonly per?: "run" | "parameter";
  /** Where parameters are held, for rules that keep several iterates; one point, without this. */
  readonly points?: Points<O, S, N>;
  /** What can be stepped; any shape, without this. A parameter of another shape is refused unless it is frozen. */
  readonly shapes?: {
    /** In words, for errors. */
    readonly expected: string;
    /** Whether a parameter of this shape can be stepped. */
    takes(shape: readonly number[]): boolean;
  };
  /** Refuses options that do not go together. A scheduled number reads as NaN. */
  check?(options: Resolved<O>): void;
  /** Comes before the updates of a step: brings numbers up to date, with passes over gradients where it needs them. */
  prepare?(context: StepContext, groups: readonly GroupStep<O, S, N>[]): void;
  /** One update of a span. Reads gradients, never writes them. */
  update: SpanWork<O, S, N>;
  /**
   * `update` for rules worth a kernel that measures as it steps: also adds the sums of squares of gradients, changes and
   * new values to the float64 at `sums`, as `stepNorms` does and to the same bits. Returns
   * false, having done nothing, where there is no such kernel for these options.
   */
  updateMeasured?(
    context: StepContext,
    span: Span<S>,
    options: Resolved<WithCommon<O>>,
    numbers: Record<N, number>,
    sums: Pointer,
  ): boolean;
  /** Takes the gradients of a span for an estimate of the Hessian, where the source makes one apart from its steps. */
  updateHessian?: SpanWork<O, S, N>;
  /** The way to where the source takes the gradient: for rules that look ahead. */
  readonly lookahead?: Excursion<O, S, N>;
}

/** A group: parameters and the options that differ from the optimizer's own. */
export type GroupOptions<O extends Options> = {
  /** The parameters of the group. */
  params: Selection;
} & Given<WithCommon<O>>;

/**
 * What to do about gradients that are not finite: let them through as torch does, or look first and skip the step. Then
 * elements of 2^62, about 4.6e18, or more once they are clipped are also a reason to, whatever the rule: rules square
 * gradients and sums of a few, and float32 ends at 2^128. A skipped step is not counted, so schedules do not move.
 */
export type NonFinitePolicy = "propagate" | "skip";

/** Options of an optimizer: its own, those that all have, and what to do about gradients that are not finite. */
export type OptimizerOptions<O extends Options> = Given<WithCommon<O>> & {
  /** "propagate" unless it is given. */
  nonFinite?: NonFinitePolicy;
};

/** What an optimizer steps: everything in one group, or groups. */
export type OptimizerParams<O extends Options> = Selection | readonly GroupOptions<O>[];
