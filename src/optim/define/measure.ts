/** Norms of a step, measured as it is taken. */
import { checkChoice, checkKeys } from "../../core/check.ts";
import type { Engine } from "../../kernels/engine.ts";
import { CHUNK } from "../../kernels/row.ts";
import { bytesOf } from "../../memory/elementType.ts";
import { type Block, releaseWithOwner } from "../../memory/heap.ts";
import type { Options, Resolved } from "./option.ts";
import { dtypeOf, type OptimizerSpec, type Span, type StepContext, type WithCommon } from "./spec.ts";

/** Euclidean norms, of one parameter or of several together, frozen ones left out. */
export interface Norms {
  /** Of the gradients as they were given, before clipping. */
  readonly gradNorm: number;
  /** Of the change that the step made: all of it, weight decay and rounding included. */
  readonly updateNorm: number;
  /** Of the values after the step. */
  readonly paramNorm: number;
}

const choices = [false, true, "groups", "parameters"] as const;
/** Which norms a step reports: none, those of all parameters together, or also those of each group or parameter. */
export type NormsChoice = (typeof choices)[number];

/** Options of a step. */
export interface StepOptions {
  /**
   * Norms to report: true for those of all parameters together, "groups" or "parameters" also for those of each. They
   * cost a fraction of a step, see `StepNorms`; false, the default, costs nothing.
   */
  readonly norms?: NormsChoice;
}

/** The norms that options ask for; refuses bad ones. */
export function normsChoice(options: StepOptions): NormsChoice {
  checkKeys("step", options, ["norms"]);
  const { norms = false } = options;
  checkChoice("norms", norms, choices);
  return norms;
}

/**
 * Norms as `step({ norms })` reports them. They are for looking at: squares are taken in float32, and sums run in float32
 * inside a chunk of 1024 and in float64 beyond. So a norm has about six digits while elements are between 1e-19 and 1e18;
 * beyond 1.8e19 it is Infinity, and an element below 2e-23 counts as 0. Every backend gives the same bits, and the norms
 * of a parameter depend on nothing but that parameter.
 *
 * AdamW without amsgrad has a kernel that measures as it steps. Every other rule is stepped and compared piece by
 * piece; one that needs whole parameters, such as LAMB, takes a copy of the largest one in linear memory.
 */
export interface StepNorms extends Norms {
  /** In the order of the groups. */
  readonly groupNorms?: readonly Norms[];
  /** By the name of the parameter. */
  readonly parameterNorms?: Readonly<Record<string, Norms>>;
}

/** What the update of one parameter came to: sums of squares of gradients, changes and new values. */
export interface Measured {
  readonly name: string;
  readonly group: number;
  readonly squares: readonly [number, number, number];
}

/**
 * Elements that are stepped at a time and then looked at, while they are still in a cache. Smaller pieces fit in a nearer
 * one, but each piece has to get memory streaming anew: Adam over 16 Mi elements took 2.2 times its plain step in pieces
 * of 4 Ki, 1.6 in these.
 */
const PIECE = 64 * CHUNK;
/** Bytes of the three sums, before the copy of old values. */
const SUMS = 64;

/** Takes measured updates for a spec. */
export class Meter<O extends Options, S extends string, N extends string> {
  readonly #spec: OptimizerSpec<O, S, N>;
  readonly #engine: Engine;
  readonly #context: StepContext;
  /** Whether an update may be taken in pieces: where it may also be taken for several parameters at once. */
  readonly #divisible: boolean;
  #block: Block | undefined;

  constructor(spec: OptimizerSpec<O, S, N>, engine: Engine, context: StepContext) {
    this.#spec = spec;
    this.#engine = engine;
    this.#context = context;
    this.#divisible =
      spec.per !== "parameter" && Object.values<{ size?: unknown }>(spec.state).every(({ size }) => !size);
  }

  /** Makes room for measuring such spans, so that nothing can fail once a step has begun. */
  reserve(spans: readonly { readonly span: Span<S> }[]): void {
    const longest = spans.reduce((most, { span }) => Math.max(most, span.n), 0);
    const bytes = SUMS + bytesOf("f32", this.#divisible ? Math.min(longest, PIECE) : longest);
    if (this.#block && this.#block.bytes >= bytes) return;
    const larger = this.#engine.heap.allocate(bytes);
    this.#block?.release();
    this.#block = larger;
    releaseWithOwner(larger, this);
  }

  /** The update of one parameter, which `reserve` has seen, and its sums of squares. */
  update(span: Span<S>, options: Resolved<WithCommon<O>>, numbers: Record<N, number>): Measured["squares"] {
    const sums = this.#block!.pointer;
    const { f64 } = this.#engine.heap.views;
    f64.fill(0, sums / 8, sums / 8 + 3);
    if (!this.#spec.updateMeasured?.(this.#context, span, options, numbers, sums)) {
      this.#updateInPieces(span, options, numbers);
    }
    const { readF64 } = this.#context;
    return [readF64(sums), readF64(sums + 8), readF64(sums + 16)];
  }

  /** Copies values, steps them, and compares, while they are still in a cache. */
  #updateInPieces(span: Span<S>, options: Resolved<WithCommon<O>>, numbers: Record<N, number>): void {
    const { kernels } = this.#context;
    const sums = this.#block!.pointer;
    const before = sums + SUMS;
    const state = { ...span.state };
    const slots = Object.keys(state) as S[];
    const length = this.#divisible ? PIECE : span.n;
    for (let start = 0; start < span.n; start += length) {
      const n = Math.min(length, span.n - start);
      const offset = bytesOf("f32", start);
      const [p, g] = [span.p + offset, span.g + offset];
      for (const slot of slots)
        if (state[slot] !== 0) state[slot] = span.state[slot] + bytesOf(dtypeOf(this.#spec.state[slot]), start);
      kernels.copy(p, before, n);
      this.#spec.update(this.#context, { ...span, p, g, n, state }, options, numbers);
      kernels.stepNorms(before, p, g, sums, n);
    }
  }

  release(): void {
    this.#block?.release();
    this.#block = undefined;
  }
}

/** Norms over parts that were measured. */
function together(parts: readonly Measured[]): Norms {
  const [gradNorm, updateNorm, paramNorm] = [0, 1, 2].map((k) =>
    Math.sqrt(parts.reduce((sum, { squares }) => sum + squares[k]!, 0)),
  ) as [number, number, number];
  return { gradNorm, updateNorm, paramNorm };
}

/** The norms of a step over `groups` groups. */
export function summarise(choice: NormsChoice, measured: readonly Measured[], groups: number): StepNorms {
  const norms = together(measured);
  if (choice === "groups") {
    const groupNorms = Array.from({ length: groups }, (_, i) => together(measured.filter(({ group }) => group === i)));
    return { ...norms, groupNorms };
  }
  if (choice === "parameters") {
    // Without a prototype, so that a parameter may have any name.
    const parameterNorms: Record<string, Norms> = Object.create(null);
    for (const part of measured) parameterNorms[part.name] = together([part]);
    return { ...norms, parameterNorms };
  }
  return norms;
}
