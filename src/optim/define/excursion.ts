import type { runElsewhere } from "../../state/shadow.ts";
import type { Options } from "./option.ts";
import type { SpanWork } from "./spec.ts";

/** A way to another point and back. */
export interface Excursion<O extends Options, S extends string, N extends string> {
  /** Moves the values of a span there, in place. */
  move: SpanWork<O, S, N>;
  /**
   * What puts them back: `runElsewhere`. It is for the declaration to bring, so that it is in a bundle only with a rule
   * that has somewhere to go.
   */
  readonly run: typeof runElsewhere;
}
