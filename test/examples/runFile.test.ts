/** The files that runs of the examples are saved to and recorded in: one run at a time has them. */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FileLock } from "../../examples/support/fileLock.ts";
import { RunFile, RunLog } from "../../examples/support/runFile.ts";
import { anyNumber, arrayOf, fields, list, number, optional, text, whole } from "../../examples/support/shape.ts";
import { ROOT } from "../support/charlm.ts";

const folder = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MINUTE = 60_000;

/** A lock as another process would have left it, so many milliseconds ago. */
function leave(path: string, holder: object | string, age = 0): void {
  const content = typeof holder === "string" ? holder : JSON.stringify({ id: "other", since: "then", ...holder });
  writeFileSync(`${path}.lock`, content);
  const then = new Date(Date.now() - age);
  utimesSync(`${path}.lock`, then, then);
}

/** The number of a process that is no more. */
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => child.on("close", resolve));
  return child.pid!;
}

const here = hostname();

describe("a file lock", () => {
  test("keeps others out until it is released, by whatever name they call the file", () => {
    const path = join(folder, "one");
    writeFileSync(path, "");
    symlinkSync(path, join(folder, "link"));
    const lock = new FileLock(path, "--checkpoint one");
    expect(() => new FileLock(join(folder, "link"), "--log link")).toThrow(
      expect.objectContaining({
        name: "Failure",
        exitCode: 1,
        message: expect.stringMatching(
          `^--log link: in use by process ${process.pid} on ${here}, since [\\dT:.-]+Z; two runs cannot write one file$`,
        ),
      }),
    );
    lock.check();
    lock.release();
    lock.release();
    expect(existsSync(`${path}.lock`)).toBe(false);
    new FileLock(join(folder, "link"), "--log link").release();
  });

  test("of a process that is no more is taken over, at once here and in time from elsewhere", async () => {
    const path = join(folder, "two");
    const take = () => new FileLock(path, "--checkpoint two").release();
    const dead = await deadProcess();
    const living = process.ppid;
    const stale: [object | string, number][] = [
      [{ host: here, process: dead }, 0],
      // The process has the number that another had before it.
      [{ host: here, process: process.pid }, 0],
      [{ host: here, process: living }, 6 * MINUTE],
      [{ host: "elsewhere", process: living }, 6 * MINUTE],
      ["", 6 * MINUTE],
    ];
    for (const [holder, age] of stale) {
      leave(path, holder, age);
      expect(take, JSON.stringify(holder)).not.toThrow();
    }
    const fresh: [object | string, number, RegExp][] = [
      [{ host: here, process: living }, 4 * MINUTE, new RegExp(`in use by process ${living} on ${here}, since then`)],
      [{ host: "elsewhere", process: dead }, 4 * MINUTE, new RegExp(`in use by process ${dead} on elsewhere`)],
      ["", 0, /in use by another process/],
      ["of a package manager", 60 * MINUTE, /in use by another process, which .*two.lock is of/],
    ];
    for (const [holder, age, message] of fresh) {
      leave(path, holder, age);
      expect(take, JSON.stringify(holder)).toThrow(message);
    }
    expect(readFileSync(`${path}.lock`, "utf8")).toBe("of a package manager");
  });

  test("that another process has taken over is found out before anything is written, and one that is gone is made anew", () => {
    const path = join(folder, "three");
    using file = new RunFile(path);
    rmSync(`${path}.lock`);
    file.save({ run: 1 });
    expect(existsSync(`${path}.lock`)).toBe(true);
    const bytes = readFileSync(path);
    leave(path, { host: "elsewhere", process: 7 });
    expect(() => file.save({ run: 2 })).toThrow(`--checkpoint ${path}: in use by process 7 on elsewhere`);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    file[Symbol.dispose]();
    expect(existsSync(`${path}.lock`)).toBe(true);
  });

  test("goes with its process, however that ends by itself", async () => {
    const path = join(folder, "four");
    const module = JSON.stringify(join(ROOT, "examples/support/fileLock.ts"));
    const source = `import { FileLock } from ${module};
      new FileLock(${JSON.stringify(path)}, "it");
      console.log("held");
      process.exit(3);`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", source], { cwd: ROOT });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
    expect([await new Promise((resolve) => child.on("close", resolve)), output]).toEqual([3, "held\n"]);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });
});

test("a log is of one run at a time, and a device of any", () => {
  const path = join(folder, "new", "log.jsonl");
  const log = new RunLog(path);
  log.write("{}\n");
  expect(() => new RunLog(path)).toThrow(/^--log .*log.jsonl: in use by process/);
  log.close();
  new RunLog(path).close();
  expect(readFileSync(path, "utf8")).toBe("{}\n");
  mkdirSync(join(folder, "dir"));
  expect(() => new RunLog(join(folder, "dir"))).toThrow(
    expect.objectContaining({ name: "Failure", message: expect.stringMatching(/^--log .*dir: EISDIR/) }),
  );
});

test("data is looked at as a whole, and what is wrong with it named", () => {
  const shape = fields<{ a: number; b: string[]; c?: number; d: unknown; e: number }>({
    ...{ a: number(0, 1), b: list(text), c: optional(whole(1, 9)), d: arrayOf(Float64Array), e: anyNumber },
  });
  const right = { a: 0.5, b: ["x"], d: new Float64Array(1), e: Number.NaN, other: 1 };
  expect(shape(right, "run")).toBeUndefined();
  const wrong: [object | null, string][] = [
    [null, "run is null, expected an object"],
    [{ a: 2 }, "run.a is 2, expected a number from 0 to 1"],
    [{ a: 1n }, "run.a is 1n, expected a number from 0 to 1"],
    [{ b: ["x", null] }, "run.b[1] is null, expected a text"],
    [{ b: { length: 0 } }, "run.b is { length: 0 }, expected a list"],
    [{ c: 1.5 }, "run.c is 1.5, expected a whole number from 1 to 9"],
    [{ d: [1] }, "run.d is [ 1 ], expected Float64Array"],
    [{ e: "x".repeat(99) }, `run.e is '${"x".repeat(39)}..., expected a number`],
  ];
  for (const [part, message] of wrong) expect(shape(part && { ...right, ...part }, "run")).toBe(message);
});
