/** The promise of the package, put to the test on this very run: every backend gives the same bits. */
import { load, steps as stepsOf } from "simd-optim";
import type { Corpus } from "../support/corpus.ts";
import { count } from "../support/count.ts";
import { BAD_INPUT, Failure } from "../support/failure.ts";
import { line } from "../support/print.ts";
import { withProgress } from "../support/progress.ts";
import type { History } from "./history.ts";
import { CHECKED_STEPS, type Recipe, Trainer } from "./training.ts";

export interface CrossCheck {
  readonly steps: number;
  readonly parameters: number;
  /** Parameters that differ in any bit. */
  readonly differing: number;
}

/** Repeats the first steps of a run in plain JavaScript, and compares the parameters with `expected`, bit for bit. */
export async function crossCheck(
  corpus: Corpus,
  recipe: Recipe,
  steps: number,
  expected: Uint32Array,
  advance: (step: number) => void,
  signal: AbortSignal,
): Promise<CrossCheck> {
  const trainer = new Trainer(await load({ backend: "reference" }), corpus, recipe);
  for await (const step of stepsOf({ total: steps, signal })) {
    trainer.step();
    advance(step + 1);
  }
  signal.throwIfAborted();
  const bits = trainer.bits();
  const differing = bits.reduce((count, word, i) => count + (word === expected[i] ? 0 : 1), 0);
  return { steps, parameters: bits.length, differing };
}

/** The same of a run that has been trained, with its history, while showing how far it is; prints the result. */
export async function checkRun(
  corpus: Corpus,
  recipe: Recipe,
  { early }: History,
  signal: AbortSignal,
): Promise<CrossCheck> {
  const steps = Math.min(CHECKED_STEPS, recipe.steps);
  const check = await withProgress("cross-check", steps, (advance) =>
    crossCheck(corpus, recipe, steps, early, advance, signal),
  );
  line("cross-check", describeCrossCheck(check));
  return check;
}

/** The result in one line. */
export function describeCrossCheck(check: CrossCheck): string {
  return `steps 1 to ${check.steps} repeated on reference: ${differingParameters(check)} in any bit`;
}

export function differingParameters({ differing, parameters }: CrossCheck): string {
  return `${count(differing)} of ${count(parameters)} parameters differ`;
}

/** The failure of the first check that found a difference, if one did. */
export function checkFailure(checks: readonly CrossCheck[]): Failure | undefined {
  const failed = checks.find(({ differing }) => differing > 0);
  return failed && new Failure(`cross-check failed: ${describeCrossCheck(failed)}`, BAD_INPUT);
}
