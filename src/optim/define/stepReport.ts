import type { NonFinite } from "../../gradients/nonFinite.ts";
import type { Clip, Clipping } from "../../tensor/gradientScale.ts";
import type { StepNorms } from "./measure.ts";

/** What a step did. */
export interface StepReport extends Partial<StepNorms> {
  /** Updates applied so far, this one included. */
  readonly step: number;
  /** Whether anything was updated. */
  readonly applied: boolean;
  /** Why not. */
  readonly reason?: string;
  /** The learning rate of the first group in this step; absent for optimizers without one. */
  readonly lr?: number;
  /** The gradient norm before clipping: what one clipping pass found, or else what norms were asked for. */
  readonly gradNorm?: number;
  /** What clipping multiplied the gradients by, likewise. */
  readonly clip?: number;
  /** Each clipping pass, where parts were clipped apart: no single norm says what happened then. */
  readonly clips?: readonly Clip[];
  /**
   * The first element of a gradient that is not finite or too large to square, such as "fc.weight[3, 17] = NaN", where
   * the policy is to look.
   */
  readonly nonFinite?: string;
}

/** What a report says of a step that was left out because of an element. */
export function leftOut({ value, text }: NonFinite): Pick<StepReport, "reason" | "nonFinite"> {
  const what = Number.isFinite(value) ? "too large to square" : "not finite";
  return { reason: `the gradient is ${what}: ${text}`, nonFinite: text };
}

/** What a report says of the clipping passes, of which `list` says what they were over. */
export function clippingOf(
  [first, ...others]: readonly Clipping[],
  list: () => readonly Clip[],
): Pick<StepReport, "gradNorm" | "clip" | "clips"> {
  if (!first) return {};
  return others.length > 0 ? { clips: list() } : { gradNorm: first.gradNorm, clip: first.coefficient };
}
