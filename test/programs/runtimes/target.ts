/** A runtime to run the program in, and what came of it. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Outcome } from "./program.ts";

export interface Answer {
  readonly version: string;
  readonly outcomes: readonly Outcome[];
}

export interface Target {
  readonly name: string;
  /** Runs the program; throws an `Unavailable` where the runtime cannot be had. */
  run(): Promise<Answer>;
}

/** The runtime is not on this machine. */
export class Unavailable extends Error {}

const execute = promisify(execFile);

/** The output of a command, which may take five minutes: a virtual machine in Node looks up globals slowly. */
export async function output(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(command, args, {
    timeout: 300_000,
    maxBuffer: 1 << 26,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return stdout.trim();
}

/** The path of the first of these commands that there is; throws an `Unavailable` without one. */
export function find(...candidates: string[]): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const paths = candidates.flatMap((name) =>
    name.includes("/") ? [name] : folders.map((folder) => join(folder, name)),
  );
  const found = paths.find((path) => existsSync(path));
  if (!found) throw new Unavailable(`no ${candidates.join(" or ")} on this machine`);
  return found;
}
