/** Files that grow while a run goes on, for Node and what is compatible with it. */
import { appendFileSync, closeSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { checkText, refuse, SimdOptimError } from "../core/check.ts";
import { isRecord } from "../core/json.ts";

/**
 * A file to append to, one whole record a call. A record is with the operating system when `write` returns, so that a
 * crash of the process loses nothing; `flush` waits until it is on the disk.
 */
export class LogFile {
  /** Where the file is. */
  readonly path: string;
  #handle: number | undefined;

  /** @internal Use `openLog` or `openEventFile`. */
  constructor(path: string, handle: number) {
    this.path = path;
    this.#handle = handle;
  }

  /** Appends a record. Needs no `this`: it may be handed to a sink as it is. */
  readonly write = (record: string | Uint8Array): void => {
    appendFileSync(this.#open(), record);
  };

  /** Writes what is still held back to the file. */
  flush(): void {
    fsyncSync(this.#open());
  }

  /** Flushes and closes; later writes throw. */
  close(): void {
    if (this.#handle === undefined) return;
    this.flush();
    closeSync(this.#handle);
    this.#handle = undefined;
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #open(): number {
    if (this.#handle === undefined) throw new SimdOptimError("DISPOSED", `${this.path} has been closed`);
    return this.#handle;
  }
}

/** The longest line that is looked at. */
const LONGEST_LINE = 1 << 22;
const NEWLINE = 10;

/**
 * Opens a file of lines to append to, made where there is none. A last line that a crash cut short is removed, so that what
 * follows does not run into it; one that lacks only its end, being an object of JSON, is given that.
 *
 * Nothing else is ever removed. A file whose last line has no end is taken for a log only if its first line and the last
 * whole one are objects of JSON, as `jsonLines` writes them, of at most 4 MB; any other is refused and left as it is. So
 * is one without a single whole line, such as a log whose first line was cut short: it is for you to remove.
 */
export function openLog(path: string): LogFile {
  checkText("path", path);
  mkdirSync(dirname(path), { recursive: true });
  const handle = openSync(path, "a+");
  try {
    mendEnd(path, handle);
  } catch (error) {
    closeSync(handle);
    throw error;
  }
  return new LogFile(path, handle);
}

/** Removes or ends a last line without an end, of a file that is a log. */
function mendEnd(path: string, handle: number): void {
  const { size } = fstatSync(handle);
  const end = readAt(handle, Math.max(0, size - 2 * LONGEST_LINE), size);
  if (end.length === 0 || end.at(-1) === NEWLINE) return;
  const start = readAt(handle, 0, Math.min(size, LONGEST_LINE));
  const whole = end.lastIndexOf(NEWLINE) + 1;
  const last = end.subarray(end.lastIndexOf(NEWLINE, whole - 2) + 1, whole);
  if (whole === 0 || !isRecordLine(start.subarray(0, start.indexOf(NEWLINE) + 1)) || !isRecordLine(last)) {
    const expected = "a log: a file without lines, or that ends with one, or of lines that are objects of JSON";
    refuse("path", `${path}, whose last line has no end`, expected, "BAD_FILE");
  }
  const rest = end.subarray(whole);
  if (isRecordLine(rest)) appendFileSync(handle, "\n");
  else ftruncateSync(handle, size - rest.length);
}

/** The bytes from `start` to `end`, or to where the file ends. */
function readAt(handle: number, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - start);
  return bytes.subarray(0, readSync(handle, bytes, 0, bytes.length, start));
}

function isRecordLine(line: Uint8Array): boolean {
  try {
    return isRecord(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line)));
  } catch {
    return false;
  }
}

/**
 * Makes a new event file for `tensorBoard` in a folder of logs, by the name that TensorBoard expects. A run that is resumed
 * makes another beside the first: TensorBoard reads all of a folder, each up to where a crash cut it short.
 */
export function openEventFile(folder: string): LogFile {
  checkText("folder", folder);
  mkdirSync(folder, { recursive: true });
  const seconds = Math.floor(Date.now() / 1e3);
  for (let attempt = 0; ; attempt++) {
    const path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${attempt}`);
    try {
      return new LogFile(path, openSync(path, "ax"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
