import { checkInteger, checkKeys, checkNumber, refuse } from "../core/check.ts";

/** Options of `steps`. */
export interface StepsOptions {
  /** The first step, 0 unless it is given: `optimizer.steps` to go on from where a saved state stopped. */
  readonly from?: number;
  /** How many steps there are in all, those before `from` included. */
  readonly total: number;
  /** Ends the loop before the next step. */
  readonly signal?: AbortSignal;
  /** How long the event loop may have to wait, in milliseconds; 10 unless it is given. */
  readonly hold?: number;
}

/**
 * The numbers of the steps that are left, for `for await`. Between steps it lets the event loop run, now and then, so that
 * signals, timers and the page get through; once `signal` is aborted it ends, without an error, before the next step
 * begins. What the loop body did is then whole, and parameters and optimizer can be saved and resumed from.
 */
export async function* steps(options: StepsOptions): AsyncGenerator<number, void, void> {
  let free = performance.now();
  const { from, total, signal, hold } = checkedSteps(options);
  for (let step = from; step < total; step++) {
    if (performance.now() - free >= hold) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      free = performance.now();
    }
    if (signal?.aborted) return;
    yield step;
  }
}

function checkedSteps(options: StepsOptions) {
  checkKeys("steps", options, ["from", "total", "signal", "hold"]);
  const { from = 0, total, signal, hold = 10 } = options;
  checkInteger("total", total, "[0, inf)");
  checkInteger("from", from, "[0, inf)");
  checkNumber("hold", hold, "[0, inf)");
  if (signal !== undefined && !(signal instanceof AbortSignal)) refuse("signal", signal, "an AbortSignal");
  return { from, total, signal, hold };
}
