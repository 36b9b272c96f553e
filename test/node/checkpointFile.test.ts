import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import crypto from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readSync } from "../../src/checkpoint/byteSource.ts";
import { readingTensors, Safetensors } from "../../src/checkpoint/safetensors.ts";
import { writeCheckpoint } from "../../src/checkpoint/write.ts";
import { loadCheckpoint, loadParametersFile, saveCheckpoint, saveSafetensors } from "../../src/node/index.ts";
import { AdamW } from "../../src/optim/index.ts";
import { Random } from "../../src/tensor/random.ts";
import { load } from "../../src/tensor/runtime.ts";
import { swept } from "../support/sweep.ts";

const folder = mkdtempSync(join(tmpdir(), "checkpoint-"));
afterAll(() => rmSync(folder, { recursive: true }));
const rt = await load();

function makeRun(value = 0) {
  const model = rt.parameters({ w: [100, 3], b: [3] });
  for (const { data, grad } of model) {
    data.fill(value);
    grad.fill(1);
  }
  return { model, optimizer: new AdamW(model) };
}

test("saves the bytes of a checkpoint, replaces what was there, and loads it", () => {
  const path = join(folder, "run.safetensors");
  const saved = makeRun();
  for (const epoch of [1, 2]) {
    saved.optimizer.step();
    saveCheckpoint(path, { ...saved, epoch });
    expect(new Uint8Array(readFileSync(path))).toEqual(writeCheckpoint({ ...saved, epoch }).bytes());
    const loaded = makeRun(9);
    expect(loadCheckpoint(path, loaded).data).toEqual({ epoch });
    expect(loaded.optimizer.stateDict()).toEqual(saved.optimizer.stateDict());
  }
  const params = rt.parameters({ w: [100, 3] });
  expect(loadParametersFile(path, params).unexpected).toContain("b");
  expect([...params.get("w").data]).toEqual([...saved.model.get("w").data]);
  expect(readdirSync(folder).filter((name) => name.startsWith("run"))).toEqual(["run.safetensors"]);
});

describe("what a path leads to", () => {
  const epoch = (path: string) => loadCheckpoint(path, {}).data["epoch"];

  test("a link stays a link, and what it names is written, near or far, there or not", () => {
    mkdirSync(join(folder, "far", "deep"), { recursive: true });
    symlinkSync(join("far", "deep"), join(folder, "short"));
    for (const [link, names, path] of [
      ["latest", join(folder, "target"), "target"],
      ["relative", "target", "target"],
      ["dangling", "made", "made"],
      ["to-a-link", "dangling", "made"],
      // The folder above is that of what "short" leads to.
      ["above", "short/../beside", "far/beside"],
    ] as const) {
      symlinkSync(names, join(folder, link));
      saveCheckpoint(join(folder, link), { epoch: link });
      expect(lstatSync(join(folder, link)).isSymbolicLink()).toBe(true);
      expect(lstatSync(join(folder, path)).isFile()).toBe(true);
      expect(epoch(join(folder, path))).toBe(link);
    }
  });

  test("links without end, and links into folders that do not exist, are refused", () => {
    symlinkSync("ring-b", join(folder, "ring-a"));
    symlinkSync("ring-a", join(folder, "ring-b"));
    expect(() => saveCheckpoint(join(folder, "ring-a"), {})).toThrow("expected a path of at most 40 links");
    symlinkSync("none/run", join(folder, "nowhere"));
    expect(() => saveCheckpoint(join(folder, "nowhere"), {})).toThrow("there is no folder");
  });

  test.each(["600", "644", "664", "400"])("a file of mode %s keeps it", (text) => {
    const [path, mode] = [join(folder, `mode-${text}`), Number.parseInt(text, 8)];
    saveCheckpoint(path, { epoch: 1 });
    chmodSync(path, mode);
    saveCheckpoint(path, { epoch: 2 });
    expect(lstatSync(path).mode & 0o777).toBe(mode);
    expect(epoch(path)).toBe(2);
  });

  test("what is no file is refused, and stays", () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    symlinkSync("pipe", join(folder, "to-pipe"));
    mkdirSync(join(folder, "sub"));
    for (const [path, what] of [
      [pipe, "a pipe"],
      [join(folder, "to-pipe"), "a pipe"],
      [join(folder, "sub"), "a folder"],
      [`${folder}/`, "a folder"],
      [`${folder}/sub/..`, "a folder"],
      ["/dev/null", "a device"],
    ] as const) {
      const refused = expect.objectContaining({ code: "BAD_ARGUMENT", message: expect.stringContaining(what) });
      expect(() => saveCheckpoint(path, {}), path).toThrow(refused);
      expect(() => loadCheckpoint(path, {}), path).toThrow(refused);
    }
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    for (const path of ["", "a\0b", undefined, new URL("file:///tmp/run")]) {
      expect(() => saveCheckpoint(path as string, {})).toThrow("path: got");
      expect(() => loadCheckpoint(path as string, {})).toThrow("path: got");
    }
  });

  test("a folder that does not exist is named", () => {
    const refused = expect.objectContaining({
      name: "SimdOptimError",
      message: expect.stringContaining(`there is no folder ${join(folder, "none")}`),
    });
    expect(() => saveCheckpoint(join(folder, "none", "run"), {})).toThrow(refused);
    writeFileSync(join(folder, "no-folder"), "");
    expect(() => saveCheckpoint(join(folder, "no-folder", "run"), {})).toThrow("there is no folder");
  });
});

test("a save that fails leaves the old file and nothing beside it", () => {
  const path = join(folder, "old");
  saveCheckpoint(path, { epoch: 1 });
  class Broken extends Safetensors {
    override *[Symbol.iterator]() {
      yield [...super[Symbol.iterator]()][0]!;
      throw new Error("disk full");
    }
  }
  expect(() => saveSafetensors(path, new Broken([["t", { data: new Float32Array(8) }]]))).toThrow("disk full");
  expect(loadCheckpoint(path, {}).data).toEqual({ epoch: 1 });
  expect(readdirSync(folder).filter((name) => name.startsWith("old"))).toEqual(["old"]);
  expect(() => loadCheckpoint(join(folder, "none"), {})).toThrow("ENOENT");
});

test("what has been left beside a file is cleared away after an hour, and nothing else", () => {
  const path = join(folder, "busy");
  const [old, young] = [Date.now() / 1e3 - 3700, Date.now() / 1e3 - 3000];
  const names = [
    "busy.0123456789abcdef.partial",
    "busy.fedcba9876543210.partial",
    "busy.mine.partial",
    "lazy.0123456789abcdef.partial",
  ];
  for (const [i, name] of names.entries()) {
    writeFileSync(join(folder, name), "");
    utimesSync(join(folder, name), old, i === 1 ? young : old);
  }
  // What only looks like one, and cannot be removed as one.
  mkdirSync(join(folder, "busy.0000000000000000.partial"));
  utimesSync(join(folder, "busy.0000000000000000.partial"), old, old);
  saveCheckpoint(path, {});
  expect(names.map((name) => existsSync(join(folder, name)))).toEqual([false, true, true, true]);
  expect(existsSync(join(folder, "busy.0000000000000000.partial"))).toBe(true);
});

test("a link that is planted beside a file is not followed", () => {
  const [path, victim] = [join(folder, "planted"), join(folder, "victim")];
  writeFileSync(victim, "mine");
  vi.spyOn(crypto, "randomBytes").mockImplementationOnce(() => Buffer.alloc(8));
  syncBuiltinESMExports();
  symlinkSync(victim, `${path}.${"0".repeat(16)}.partial`);
  expect(() => saveCheckpoint(path, {})).toThrow("EEXIST");
  expect(readFileSync(victim, "utf8")).toBe("mine");
  expect(lstatSync(`${path}.${"0".repeat(16)}.partial`).isSymbolicLink()).toBe(true);
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  saveCheckpoint(path, {});
  expect(readFileSync(victim, "utf8")).toBe("mine");
});

describe("a file that is cut short while it is read", () => {
  test("is refused", () => {
    const path = join(folder, "cut");
    const run = makeRun();
    saveCheckpoint(path, run);
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    expect(() => loadCheckpoint(path, run)).toThrow(expect.objectContaining({ code: "BAD_FILE" }));
  });
});

/** Saves generation after generation, each of one value all through, and says which ones are done. */
const CHILD = `
  import { writeSync } from "node:fs";
  import { load } from "./src/index.ts";
  import { saveCheckpoint } from "./src/node/index.ts";
  const path = process.argv[2];
  // The backend that starts soonest.
  const rt = await load({ backend: "reference" });
  const model = rt.parameters({ a: [100000], b: [1000], c: [50000] });
  for (let generation = Number(process.argv[3]); ; generation++) {
    for (const { data } of model) data.fill(generation);
    saveCheckpoint(path, { model, progress: { generation } });
    writeSync(1, generation + "\\n");
  }
`;
const KILLS = swept(100, 10);
const AT_ONCE = swept(10, 2);

const child = join(folder, "child.mjs");
beforeAll(async () => {
  const root = new URL("../..", import.meta.url).pathname;
  await build({
    stdin: { contents: CHILD, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    outfile: child,
    logLevel: "error",
  });
});

/** The generation of a file, all of which must be of one. */
function generationOf(path: string): number {
  const { tensors } = readSync(readFileSync(path), readingTensors);
  const { generation } = loadCheckpoint(path, {}, { strict: false }).data["progress"] as { generation: number };
  for (const { data } of tensors.values()) expect((data as Float32Array).every((x) => x === generation)).toBe(true);
  return generation;
}

test("processes that save to one path at the same time leave the file of one of them, whole", async () => {
  const path = join(folder, "shared");
  const saving = [1, 1_000_000].map((first) =>
    spawn(process.execPath, [child, path, String(first)], { stdio: ["ignore", "pipe", "inherit"] }),
  );
  const ended = saving.map((process) => once(process, "close"));
  for (let i = 0; i < 50; i++) {
    await Promise.all(saving.map(({ stdout }) => once(stdout!, "data")));
    const bytes = new Uint8Array(readFileSync(path));
    const { tensors } = readSync(bytes, readingTensors);
    const [first] = tensors.get("a")!.data;
    for (const { data } of tensors.values()) expect((data as Float32Array).every((x) => x === first)).toBe(true);
  }
  // Neither has met the other: both still run.
  expect(saving.map(({ exitCode }) => exitCode)).toEqual([null, null]);
  for (const process of saving) process.kill("SIGKILL");
  await Promise.all(ended);
});

test(`${KILLS} kills at random moments of a save leave the old file or the new one, whole`, async () => {
  const random = new Random(5, "kills");
  const left = () => readdirSync(folder).filter((name) => name.startsWith("killed"));
  // What is left beside the files themselves is of saves that were killed in the middle.
  const enoughInSaves = () => left().length - AT_ONCE > KILLS / 10;

  /** Kills so many times, and then for as long as none came where they are to come: that is for the machine to say. */
  async function killOften(path: string, times: number): Promise<void> {
    let next = 1;
    for (let i = 0; i < times || !enoughInSaves(); i++) {
      const delay = 30 * random.uniform();
      const saving = spawn(process.execPath, [child, path, String(next)], { stdio: ["ignore", "pipe", "inherit"] });
      const done = await linesUntilKilled(saving, delay);
      const last = Number(done.at(-1));
      const generation = generationOf(path);
      expect([last, last + 1]).toContain(generation);
      next = generation + 1;
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => killOften(join(folder, `killed${i}`), KILLS / AT_ONCE)));
  for (const name of left()) utimesSync(join(folder, name), 0, 0);
  for (let i = 0; i < AT_ONCE; i++) saveCheckpoint(join(folder, `killed${i}`), {});
  expect(left()).toHaveLength(AT_ONCE);
});

/** What the child prints until it is killed, which is some milliseconds after its first line. */
async function linesUntilKilled(saving: ChildProcess, delay: number): Promise<string[]> {
  let output = "";
  saving.stdout!.setEncoding("utf8").on("data", (text: string) => {
    if (output === "") setTimeout(() => saving.kill("SIGKILL"), delay);
    output += text;
  });
  const [, signal] = (await once(saving, "close")) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
  return output.trim().split("\n");
}
