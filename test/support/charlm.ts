import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { commandOf, ROOT } from "./commands.ts";

export { ROOT };
export const COMMAND = [commandOf("main")];

const INTERRUPT = fileURLToPath(new URL("./interrupt.mjs", import.meta.url));

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

/** Runs a command to its end. */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...env } });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

/** Runs `npm start` to its end, or until it is sent SIGINT or another signal. */
export function start(args: readonly string[], interruption?: Interruption): Promise<Outcome> {
  if (!interruption) return run(process.execPath, [...COMMAND, ...args]);
  const given = JSON.stringify({ delay: 0, signal: "SIGINT", ...interruption });
  return run(process.execPath, ["--import", INTERRUPT, ...COMMAND, ...args], { INTERRUPT: given });
}

export const charlm = start;
