import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { readSync } from "../../src/byteSource.ts";
import { loadCheckpoint, loadParametersFile, saveCheckpoint, saveSafetensors } from "../../src/node/index.ts";
import { AdamW } from "../../src/optim/index.ts";
import { Random } from "../../src/random.ts";
import { load } from "../../src/runtime.ts";
import { readingTensors, Safetensors } from "../../src/safetensors.ts";
import { writeCheckpoint } from "../../src/writeCheckpoint.ts";

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
  expect(readdirSync(folder)).toEqual(["run.safetensors"]);
});

test("a link stays a link", () => {
  const [path, link] = [join(folder, "target"), join(folder, "latest")];
  saveCheckpoint(path, { epoch: 1 });
  symlinkSync(path, link);
  saveCheckpoint(link, { epoch: 2 });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(loadCheckpoint(path, {}).data).toEqual({ epoch: 2 });
});

test("a save that fails leaves the old file and nothing beside it", () => {
  const path = join(folder, "old");
  saveCheckpoint(path, { epoch: 1 });
  const file = new Safetensors([["t", { data: new Float32Array(8) }]]);
  const broken = {
    *[Symbol.iterator]() {
      yield [...file][0]!;
      throw new Error("disk full");
    },
  } as unknown as Safetensors;
  expect(() => saveSafetensors(path, broken)).toThrow("disk full");
  expect(loadCheckpoint(path, {}).data).toEqual({ epoch: 1 });
  expect(readdirSync(folder).filter((name) => name.startsWith("old"))).toEqual(["old"]);
  expect(() => saveCheckpoint(join(folder, "none", "run"), {})).toThrow("ENOENT");
  expect(() => loadCheckpoint(join(folder, "none"), {})).toThrow("ENOENT");
});

test("what processes that are no more have left is cleared away, and nothing else", async () => {
  const path = join(folder, "busy");
  const gone = spawn(process.execPath, ["-e", ""]);
  await once(gone, "exit");
  const names = [
    `busy.${gone.pid}-0.partial`,
    `busy.${process.ppid}-0.partial`,
    "busy.mine.partial",
    `lazy.${gone.pid}-0.partial`,
  ];
  for (const name of names) writeFileSync(join(folder, name), "");
  saveCheckpoint(path, {});
  expect(names.map((name) => existsSync(join(folder, name)))).toEqual([false, true, true, true]);
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
const KILLS = 100;
const AT_ONCE = 10;

test("100 kills at random moments of a save leave the old file or the new one, whole", async () => {
  const child = join(folder, "child.mjs");
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
  const random = new Random(5, "kills");
  let leftovers = 0;
  let interrupted = 0;

  async function killOften(path: string, times: number): Promise<void> {
    let next = 1;
    for (let i = 0; i < times; i++) {
      const delay = 30 * random.uniform();
      const saving = spawn(process.execPath, [child, path, String(next)], { stdio: ["ignore", "pipe", "inherit"] });
      const done = await linesUntilKilled(saving, delay);
      const last = Number(done.at(-1));
      leftovers += readdirSync(folder).filter((name) => name.startsWith(`${basename(path)}.`)).length;
      const { tensors } = readSync(readFileSync(path), readingTensors);
      const { generation } = loadCheckpoint(path, {}, { strict: false }).data["progress"] as { generation: number };
      expect([last, last + 1]).toContain(generation);
      if (generation === last + 1) interrupted++;
      for (const { data } of tensors.values()) expect((data as Float32Array).every((x) => x === generation)).toBe(true);
      next = generation + 1;
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => killOften(join(folder, `killed${i}`), KILLS / AT_ONCE)));
  // The kills did come in the middle of saves.
  expect(leftovers).toBeGreaterThan(KILLS / 10);
  expect(interrupted).toBeLessThan(KILLS);
  for (let i = 0; i < AT_ONCE; i++) saveCheckpoint(join(folder, `killed${i}`), {});
  expect(readdirSync(folder).filter((name) => name.startsWith("killed"))).toHaveLength(AT_ONCE);
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
