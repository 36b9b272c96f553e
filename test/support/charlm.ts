import { spawn } from "node:child_process";

export const ROOT = new URL("../../", import.meta.url).pathname;
export const COMMAND = ["--import", "tsx", "examples/charlm/main.ts"];

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Interruption {
  /** It comes as soon as this has been printed, */
  readonly at: string;
  /** or so many milliseconds later. */
  readonly delay?: number;
  readonly signal?: NodeJS.Signals;
}

/** Runs a command to its end; sends it SIGINT, or another signal, if there is an interruption. */
export function run(command: string, args: readonly string[], interruption?: Interruption): Promise<Outcome> {
  const { at, delay = 0, signal = "SIGINT" } = interruption ?? {};
  const child = spawn(command, args, { cwd: ROOT });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const before = stdout;
    stdout += chunk;
    if (at && stdout.includes(at) && !before.includes(at)) setTimeout(() => child.kill(signal), delay);
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

/** The command of all examples, which its arguments tell apart. */
export function example(args: readonly string[], interruption?: Interruption): Promise<Outcome> {
  return run(process.execPath, ["--import", "tsx", "examples/main.ts", ...args], interruption);
}

export function charlm(args: readonly string[], interruption?: Interruption): Promise<Outcome> {
  return run(process.execPath, [...COMMAND, ...args], interruption);
}
