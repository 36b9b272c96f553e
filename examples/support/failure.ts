import { SimdOptimError } from "simd-optim";

/** Something the user can put right, or asked for: one line on stderr, an exit code, and no stack trace. */
export class Failure extends Error {
  override readonly name = "Failure";

  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** Exit codes, besides 0, and 128 more than the number of a signal. */
export const BAD_INPUT = 1;
export const BAD_USAGE = 2;

/** Ends a run whose loss is no number any more. */
export function refuseDivergence(who: string, step: number, loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new Failure(`${who} diverged: the loss at step ${step} is ${loss}; try a smaller --lr`, BAD_INPUT);
}

/** Does something with what the user named, so that what goes wrong says what with. */
export function withSubject<T>(subject: string, job: () => T): T {
  try {
    return job();
  } catch (error) {
    if (error instanceof SimdOptimError || (error instanceof Error && "syscall" in error) || error instanceof Failure) {
      throw new Failure(`${subject}: ${error.message}`, BAD_INPUT);
    }
    throw error;
  }
}
