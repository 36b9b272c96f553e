/** Folders, and the programs that the checks run in them. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { find } from "../runtimes/target.ts";

const here = new URL(".", import.meta.url).pathname;
export const root = new URL("../../..", import.meta.url).pathname;
const binaries = [`${here}node_modules/.bin/`, `${root}node_modules/.bin/`, `${here}../runtimes/node_modules/.bin/`];
const execute = promisify(execFile);

/** What a command prints, run in a folder; it throws with what it printed where it fails. */
export async function run(folder: string, command: string, ...args: string[]): Promise<string> {
  const path = command.includes("/") ? find(command) : find(...binaries.map((bin) => bin + command), command);
  const env = { ...process.env, NO_COLOR: "1" };
  const { stdout } = await execute(path, args, { cwd: folder, env, timeout: 240_000, maxBuffer: 1 << 26 });
  return stdout.trim();
}

const temporary = mkdtempSync(join(tmpdir(), "simd-optim-package-"));

/** A folder outside the repository, with these files. */
export function folder(name: string, files: Readonly<Record<string, string>> = {}): string {
  const path = join(temporary, name);
  cpSync(`${here}fixtures`, path, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

export function removeFolders(): void {
  rmSync(temporary, { recursive: true });
}
