/** Files that one run at a time may write. */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, realpathSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { BAD_INPUT, Failure } from "./failure.ts";
import { fields, text, whole } from "./shape.ts";

/** Who holds a file. */
interface Holder {
  readonly id: string;
  readonly host: string;
  readonly process: number;
  readonly since: string;
}

const HOLDER = fields<Holder>({ id: text, host: text, process: whole(1), since: text });

/** Milliseconds from one sign of life to the next, and from the last one until the file is free. */
const RENEWED = 10_000;
const EXPIRED = 300_000;

/** Those that this process holds: another process may have had its number once. */
const held = new Set<string>();

/**
 * Keeps a file for this process until it is released or the process ends: who holds it stands in another file beside it,
 * with ".lock" at its end. A process that was killed holds nothing: at once on its own computer, and as soon as it has given
 * no sign of life for five minutes on another. One that was taken for dead and is not learns so from `check`, before it
 * writes.
 */
export class FileLock {
  readonly #path: string;
  readonly #subject: string;
  readonly #holder: Holder;
  readonly #timer: NodeJS.Timeout;

  /** Refuses a file that another process holds. */
  constructor(path: string, subject: string) {
    // The same file may have several names.
    this.#path = `${existsSync(path) ? realpathSync(path) : path}.lock`;
    this.#subject = subject;
    this.#holder = { id: randomUUID(), host: hostname(), process: process.pid, since: new Date().toISOString() };
    this.#take();
    held.add(this.#holder.id);
    this.#timer = setInterval(() => this.#renew(), RENEWED).unref();
    process.once("exit", this.release);
  }

  /** To be called before the file is written: refuses if another process has taken it over. */
  check(): void {
    const holder = holderIn(this.#path);
    if (holder === undefined) this.#take();
    else if (holder === "unknown" || holder.id !== this.#holder.id) throw this.#inUse(holder);
    this.#renew();
  }

  /** Lets others have the file. Needs no `this`. */
  readonly release = (): void => {
    clearInterval(this.#timer);
    process.off("exit", this.release);
    if (!held.delete(this.#holder.id)) return;
    const holder = holderIn(this.#path);
    if (typeof holder === "object" && holder.id === this.#holder.id) rmSync(this.#path, { force: true });
  };

  [Symbol.dispose](): void {
    this.release();
  }

  #take(): void {
    const holder = holderIn(this.#path);
    if (holder !== undefined && isHeld(holder, this.#path)) throw this.#inUse(holder);
    rmSync(this.#path, { force: true });
    try {
      writeFileSync(this.#path, JSON.stringify(this.#holder), { flag: "wx" });
    } catch (error) {
      // Another process was faster.
      if ((error as NodeJS.ErrnoException).code === "EEXIST") throw this.#inUse("unknown");
      throw new Failure(`${this.#subject}: cannot be kept: ${(error as Error).message}`, BAD_INPUT);
    }
  }

  #renew(): void {
    const now = new Date();
    // It may have been removed: `check` makes another.
    if (existsSync(this.#path)) utimesSync(this.#path, now, now);
  }

  #inUse(holder: Holder | "unknown"): Failure {
    const who =
      holder === "unknown"
        ? `another process, which ${this.#path} is of`
        : `process ${holder.process} on ${holder.host}, since ${holder.since}`;
    return new Failure(`${this.#subject}: in use by ${who}; two runs cannot write one file`, BAD_INPUT);
  }
}

/** Who holds a file; "unknown" if that is not written, or not yet, and undefined if nobody does. */
function holderIn(path: string): Holder | "unknown" | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const holder = JSON.parse(readFileSync(path, "utf8")) as Holder;
    return HOLDER(holder, "") === undefined ? holder : "unknown";
  } catch {
    return existsSync(path) ? "unknown" : undefined;
  }
}

/** Whether a holder is at work, as far as can be told. What is not of a run is not to be removed. */
function isHeld(holder: Holder | "unknown", path: string): boolean {
  if (holder === "unknown") return statSync(path, { throwIfNoEntry: false })?.size !== 0 || isFresh(path);
  if (holder.host !== hostname()) return isFresh(path);
  if (holder.process === process.pid) return held.has(holder.id);
  return isAlive(holder.process) && isFresh(path);
}

function isFresh(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs < EXPIRED;
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
