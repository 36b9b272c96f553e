/** The files that a run is saved to and recorded in, each of one run at a time. */
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Parts } from "simd-optim";
import { type LogFile, loadCheckpoint, openLog, saveCheckpoint } from "simd-optim/node";
import { makeFolder } from "./command.ts";
import { BAD_INPUT, Failure, withSubject } from "./failure.ts";
import { FileLock } from "./fileLock.ts";
import type { Shape } from "./shape.ts";

/** The checkpoint that a run is saved to. Whoever makes it disposes of it. */
export class RunFile {
  readonly #lock: FileLock;

  /** Makes the folder of the file, and takes the file, before the work that would be lost without them. */
  constructor(
    readonly path: string,
    readonly subject = `--checkpoint ${path}`,
  ) {
    makeFolder(dirname(path), subject);
    this.#lock = new FileLock(path, subject);
  }

  /** Refuses to take the place of another run; `hint` says what to do instead. */
  refuseExisting(hint: string): void {
    if (existsSync(this.path)) throw new Failure(`${this.subject}: there is one already; ${hint}`, BAD_INPUT);
  }

  /** Saves the parts of a run, unless another process has taken the file over. */
  save(parts: Parts): void {
    this.#lock.check();
    withSubject(this.subject, () => saveCheckpoint(this.path, parts));
  }

  [Symbol.dispose](): void {
    this.#lock.release();
  }
}

/** Reads what a checkpoint says of its run, all of which has been looked at. */
export function readRun<Run>(path: string, subject: string, shape: Shape): Run {
  if (!existsSync(path)) throw new Failure(`${subject}: no such file to resume from`, BAD_INPUT);
  return runIn<Run>(withSubject(subject, () => loadCheckpoint(path, {}, { strict: false })).data, subject, shape);
}

/** Loads the parts of a run, and reads what is said of it. */
export function loadRun<Run>(path: string, subject: string, parts: Parts, shape: Shape): Run {
  return runIn<Run>(withSubject(subject, () => loadCheckpoint(path, parts)).data, subject, shape);
}

function runIn<Run>(data: Readonly<Record<string, unknown>>, subject: string, shape: Shape): Run {
  if (!Object.hasOwn(data, "run")) throw new Failure(`${subject}: not a checkpoint of this command`, BAD_INPUT);
  const problem = shape(data["run"], "run");
  if (problem !== undefined) throw new Failure(`${subject}: not a checkpoint of this command: ${problem}`, BAD_INPUT);
  return data["run"] as Run;
}

/** The file of `--log`. Whoever makes it closes it. */
export class RunLog {
  readonly #file: LogFile;
  readonly #lock: FileLock | undefined;

  constructor(path: string) {
    const subject = `--log ${path}`;
    // Devices and pipes may be shared.
    if (!existsSync(path) || statSync(path).isFile()) {
      makeFolder(dirname(path), subject);
      this.#lock = new FileLock(path, subject);
    }
    try {
      this.#file = withSubject(subject, () => openLog(path));
    } catch (error) {
      this.#lock?.release();
      throw error;
    }
  }

  /** Appends a record. Needs no `this`. */
  readonly write = (record: string | Uint8Array): void => this.#file.write(record);

  close(): void {
    this.#file.close();
    this.#lock?.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
