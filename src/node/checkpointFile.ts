import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync as readFileAt,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { threadId } from "node:worker_threads";
import { type ByteSource, type Reading, readSync } from "../byteSource.ts";
import { refuse } from "../check.ts";
import type { Parts } from "../checkpointFormat.ts";
import { type LoadParametersOptions, type ParametersReport, readingParameters } from "../loadParameters.ts";
import type { Selection } from "../parameters.ts";
import { type CheckpointReport, type ReadCheckpointOptions, readingCheckpoint } from "../readCheckpoint.ts";
import type { Safetensors } from "../safetensors.ts";
import { writeCheckpoint } from "../writeCheckpoint.ts";

/**
 * Saves a checkpoint (see `writeCheckpoint`) as a file, all of it or nothing: it is written beside `path`, brought to the
 * disk, and takes the place of `path` in one move. Whatever happens meanwhile, `path` is the old file or the new one.
 * What a process that was killed has left beside it, the next save clears away. Synchronous, so that no step comes in
 * between; errors of the file system are those of node:fs.
 */
export function saveCheckpoint(path: string, parts: Parts): void {
  saveSafetensors(path, writeCheckpoint(parts));
}

/** Loads a checkpoint from a file: see `readCheckpoint`. */
export function loadCheckpoint(path: string, parts: Parts, options: ReadCheckpointOptions = {}): CheckpointReport {
  return readFrom(path, (size) => readingCheckpoint(size, parts, options));
}

/** Loads parameters from a safetensors file: see `loadParameters`. */
export function loadParametersFile(
  path: string,
  params: Selection,
  options: LoadParametersOptions = {},
): ParametersReport {
  return readFrom(path, (size) => readingParameters(size, params, options));
}

/** Writes a safetensors file, all of it or nothing, as `saveCheckpoint` does. */
export function saveSafetensors(path: string, file: Safetensors): void {
  // The file that a link leads to is replaced, not the link.
  const target = existsSync(path) ? realpathSync(path) : path;
  const temporary = `${target}.${process.pid}-${threadId}${SUFFIX}`;
  clearLeftovers(target);
  try {
    const descriptor = openSync(temporary, "w");
    try {
      for (const chunk of file) writeAll(descriptor, chunk);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(target));
}

const SUFFIX = ".partial";
/** What one call is given at most: the system writes no more than 2 GiB, and less is not slower. */
const PIECE = 1 << 26;

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, Math.min(PIECE, bytes.length - done));
  }
}

/** Removes what processes that are no more have left of saves to `target`. */
function clearLeftovers(target: string): void {
  const start = `${basename(target)}.`;
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(start) || !name.endsWith(SUFFIX)) continue;
    const owner = /^(\d+)-\d+$/.exec(name.slice(start.length, -SUFFIX.length))?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(dirname(target), name), { force: true });
  }
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Brings the new name to the disk, too. Windows has no such thing for folders. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readFrom<T>(path: string, start: (size: number) => Reading<T>): T {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const source: ByteSource = { size, read: (offset, target) => readAll(descriptor, offset, target, path) };
    return readSync(source, start);
  } finally {
    closeSync(descriptor);
  }
}

function readAll(descriptor: number, offset: number, target: Uint8Array, path: string): void {
  for (let done = 0; done < target.length; ) {
    const count = readFileAt(descriptor, target, done, target.length - done, offset + done);
    if (count === 0) refuse(path, `its end at ${offset + done}`, "a file that nobody shortens", "BAD_FILE");
    done += count;
  }
}
