/** What the commands of the examples share: where output goes, and how a command ends. */
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { constants as system } from "node:os";
import { join, resolve } from "node:path";
import { SimdOptimError } from "simd-optim";
import { printable } from "./corpus.ts";
import { BAD_INPUT, Failure } from "./failure.ts";
import { line } from "./print.ts";

const SIGNALS = system.signals;

/** Runs a command to its end; whatever goes wrong that is no bug is told in one line. */
export async function runCommand(
  name: string,
  run: (argv: readonly string[], signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const reason = new Failure(signal === "SIGINT" ? "interrupted" : `ended by ${signal}`, 128 + SIGNALS[signal]);
    process.once(signal, () => interruption.abort(reason));
  }
  // Whoever reads the output may stop early, as `head` does: there is nobody left to tell. A terminal that is closed
  // sends a signal, too, on which there may be something to save.
  process.stdout.on("error", () => interruption.signal.aborted || process.exit());
  try {
    await run(process.argv.slice(2), interruption.signal);
  } catch (error) {
    explain(name, error);
  }
}

/** Whether an error is something that the user can put right; anything else is a bug. */
export function isExpected(error: unknown): error is Error {
  return error instanceof Failure || error instanceof SimdOptimError || (error instanceof Error && "syscall" in error);
}

/** Says in one line what went wrong, if it is something to be expected; a bug keeps its trace. */
function explain(name: string, error: unknown): void {
  if (!isExpected(error)) throw error;
  console.error(`${name}: ${printable(error.message).replace(/\s+/g, " ")}`);
  process.exitCode = error instanceof Failure ? error.exitCode : BAD_INPUT;
}

/** A word as a shell reads it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Writes a file of the report into its folder, and says where it is. */
export function writeOutput(folder: string, what: string, name: string, content: string): void {
  const path = join(resolve(folder), name);
  writeFileSync(path, content);
  line(what, path);
}

/** Makes the folder of a report, or of what the user named, before the work that would be lost without it. */
export function makeFolder(path: string, subject = `--out ${path}`): void {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new Failure(`${subject}: cannot be written to: ${(error as NodeJS.ErrnoException).code}`, BAD_INPUT);
  }
}
