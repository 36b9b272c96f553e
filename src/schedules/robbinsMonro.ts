import { checkSchedule, type Schedule, traitsOf } from "./schedule.ts";

/** Whether a schedule meets the conditions of Robbins and Monro. */
export interface RobbinsMonro {
  /** Whether the values sum to infinity and their squares do not. */
  readonly answer: "yes" | "no" | "undecidable";
  /** The reason, in words. */
  readonly why: string;
}

/**
 * Whether a schedule of step sizes satisfies the conditions under which stochastic approximation converges: positive,
 * with an infinite sum over all steps and a finite sum of squares. It is decided from the family of the schedule, never
 * from its values, of which no number decides anything. H. Robbins and S. Monro, "A stochastic approximation method"
 * (1951), eq. 26 and 27.
 */
export function robbinsMonro(schedule: Schedule): RobbinsMonro {
  checkSchedule("schedule", schedule);
  const { tail } = traitsOf(schedule);
  if (tail === undefined) return { answer: "undecidable", why: "nothing is known of how its values go on" };
  if (tail === "negative") return { answer: "no", why: "step sizes must be positive" };
  if (tail === "vanishing") return { answer: "no", why: "it ends at 0 or falls geometrically, so the sum is finite" };
  if (tail === "periodic") return { answer: "no", why: "its values come back, so the sum of squares is infinite" };
  if (tail === "growing") return { answer: "no", why: "it grows, so the sum of squares is infinite" };
  const { power } = tail;
  if (power === 0) return { answer: "no", why: "it settles above 0, so the sum of squares is infinite" };
  const like = `it falls like t^-${power}`;
  if (power <= 0.5) return { answer: "no", why: `${like}, so the sum of squares is infinite` };
  if (power > 1) return { answer: "no", why: `${like}, so the sum is finite` };
  return { answer: "yes", why: `${like}: the sum is infinite, that of squares finite` };
}
