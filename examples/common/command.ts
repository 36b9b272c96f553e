/** What the commands of the examples do alike: stop when they are told to, and say in one line what went wrong. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { SimdOptimError } from "simd-optim";
import { printable } from "../charlm/corpus.ts";
import { BAD_INPUT, Failure, INTERRUPTED } from "../charlm/failure.ts";

/** Runs a command to its end. Ctrl-C aborts the signal; whoever reads the output may stop early, as `head` does. */
export async function runCommand(name: string, command: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const interruption = new AbortController();
  process.once("SIGINT", () => interruption.abort(new Failure("interrupted", INTERRUPTED)));
  process.stdout.on("error", () => process.exit());
  try {
    await command(interruption.signal);
  } catch (error) {
    explain(name, error);
  }
}

/** Says in one line what went wrong, if it is something to be expected; anything else is a bug and keeps its trace. */
function explain(name: string, error: unknown): void {
  const expected =
    error instanceof Failure || error instanceof SimdOptimError || (error instanceof Error && "syscall" in error);
  if (!expected) throw error;
  console.error(`${name}: ${printable(error.message).replace(/\s+/g, " ")}`);
  process.exitCode = error instanceof Failure ? error.exitCode : BAD_INPUT;
}

/** Makes the folder of the report before the work that would be lost without it. */
export function makeFolder(option: string, path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new Failure(`${option} ${path}: cannot be written to: ${(error as NodeJS.ErrnoException).code}`, BAD_INPUT);
  }
}
