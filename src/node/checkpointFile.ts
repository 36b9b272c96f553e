import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync as readFileAt,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { type ByteSource, type Reading, readSync } from "../checkpoint/byteSource.ts";
import type { Parts } from "../checkpoint/format.ts";
import { type LoadParametersOptions, type ParametersReport, readingParameters } from "../checkpoint/loadParameters.ts";
import { type CheckpointReport, type ReadCheckpointOptions, readingCheckpoint } from "../checkpoint/read.ts";
import { Safetensors } from "../checkpoint/safetensors.ts";
import { writeCheckpoint } from "../checkpoint/write.ts";
import { refuse } from "../core/check.ts";
import type { Selection } from "../tensor/parameters.ts";

/** How long after the last write a file that was to take the place of another counts as left over. */
const LEFT_OVER = 3_600_000;
/** What such a file is called after a dot, besides the name of the other. */
const PARTIAL = /^[0-9a-f]{16}\.partial$/;
/** Those bits of a file's mode that say who may do what. */
const PERMISSIONS = 0o777;
/** What one call is given at most: the system writes no more than 2 GiB, and less is not slower. */
const PIECE = 1 << 26;

/**
 * Saves a checkpoint (see `writeCheckpoint`) as a file, all of it or nothing: it is written beside `path`, brought to the
 * disk, and takes the place of `path` in one move. Whatever happens meanwhile, `path` is the old file or the new one, and
 * the new one has the permission bits of the old. A link stays, and the file that it names is written. A folder, a pipe
 * or a device is refused, and so is a path whose folder does not exist.
 *
 * What a process that was killed has left beside it, a save to the same path removes an hour after the last write to it:
 * from another container, or over a network, it cannot be told whether that process still runs. A save that stands still
 * for an hour may therefore fail, and then the old file is there. Several may save to one path at the same time; the file
 * of the last one stays. Synchronous, so that no step comes in between; other errors of the file system are those of
 * node:fs.
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
  checkPath(path);
  if (!(file instanceof Safetensors)) refuse("file", file, "a Safetensors, as writeCheckpoint gives");
  const target = targetOf(path);
  const old = statSync(target, { throwIfNoEntry: false });
  if (old) checkRegular(path, old);
  const temporary = `${target}.${randomBytes(8).toString("hex")}.partial`;
  const bits = old && old.mode & PERMISSIONS;
  // Fails where there is something, even a link that leads nowhere.
  const descriptor = openSync(temporary, "wx", bits);
  try {
    try {
      const made = fstatSync(descriptor);
      // The process's mask may have taken some away, and file systems that have no bits refuse to set any.
      if (bits !== undefined && (made.mode & PERMISSIONS) !== bits) fchmodSync(descriptor, bits);
      // By the clock of the disk, which is the same for all who share it; and before more room is needed.
      clearLeftovers(target, made.mtimeMs - LEFT_OVER);
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

function readFrom<T>(path: string, start: (size: number) => Reading<T>): T {
  checkPath(path);
  // Looked at first: to open a pipe would wait for whoever writes to it.
  checkRegular(path, statSync(path));
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

/** Refuses what is no path. */
function checkPath(path: unknown): asserts path is string {
  if (typeof path !== "string" || path === "" || path.includes("\0")) refuse("path", path, "the path of a file");
}

/** Refuses what can be neither replaced nor read at any place: folders, pipes, devices. */
function checkRegular(path: string, stats: Stats): void {
  if (!stats.isFile()) refuse("path", `${path}, which is ${kindOf(stats)}`, "a file");
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a pipe";
  return stats.isSocket() ? "a socket" : "a device";
}

/** As many as Linux follows. */
const MOST_LINKS = 40;

/** The path of the file that a path leads to through links, by a folder that exists. The file need not. */
function targetOf(path: string): string {
  let target = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    const folder = folderOf(target);
    target = join(folder, basename(target));
    if (!lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) return target;
    const link = readlinkSync(target);
    // Not joined: what ".." means after a link to a folder, only the system knows.
    target = isAbsolute(link) ? link : `${folder}/${link}`;
  }
  refuse("path", path, `a path of at most ${MOST_LINKS} links`);
}

function folderOf(path: string): string {
  const folder = dirname(path);
  try {
    // Of what is in it: of a file there is nothing.
    return realpathSync.native(`${folder}/.`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    refuse("path", path, `a file in a folder that exists; there is no folder ${folder}`);
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, Math.min(PIECE, bytes.length - done));
  }
}

/** Removes what was to take the place of `target` and was last written before some time. */
function clearLeftovers(target: string, before: number): void {
  for (const path of partialsOf(target)) {
    try {
      const stats = lstatSync(path);
      if (stats.isFile() && stats.mtimeMs < before) rmSync(path);
    } catch {
      // Gone already, or not to be removed by us: it is in nobody's way.
    }
  }
}

function partialsOf(target: string): string[] {
  const [folder, start] = [dirname(target), `${basename(target)}.`];
  try {
    const names = readdirSync(folder).filter((name) => name.startsWith(start));
    return names.filter((name) => PARTIAL.test(name.slice(start.length))).map((name) => join(folder, name));
  } catch {
    // A folder may allow new files and no list of those it has.
    return [];
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
