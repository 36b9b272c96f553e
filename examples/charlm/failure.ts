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

/** Exit codes, besides 0. */
export const BAD_INPUT = 1;
export const BAD_USAGE = 2;
export const INTERRUPTED = 130;
