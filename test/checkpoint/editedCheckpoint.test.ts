/** Checkpoints of the examples that somebody has edited: whatever is in them, there is one line about it or a run. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "simd-optim";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { describeRun } from "../../examples/charlm/description.ts";
import { parseSettings } from "../../examples/charlm/options.ts";
import { reportPage } from "../../examples/charlm/report.ts";
import { planRun, Session } from "../../examples/charlm/session.ts";
import { parseSettings as parseGpt } from "../../examples/gpt/options.ts";
import { run as runGpt } from "../../examples/gpt/run.ts";
import { settingsOf } from "../../examples/gpt/story.ts";
import { isExpected } from "../../examples/support/command.ts";
import { encode } from "../../examples/support/corpus.ts";
import { RunFile } from "../../examples/support/runFile.ts";
import { MANIFEST } from "../../src/checkpoint/format.ts";
import { everyNth, swept } from "../support/sweep.ts";

// What the machine can do is of no matter here, and takes a while to measure.
vi.mock("../../examples/gpt/speed.ts", () => ({ gemmRate: () => Promise.resolve(1e9) }));
// Modules are shared with other files, which do not share this one.
vi.hoisted(() => vi.resetModules());
afterAll(() => {
  vi.doUnmock("../../examples/gpt/speed.ts");
  vi.resetModules();
});

const folder = mkdtempSync(join(tmpdir(), "edited-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

const corpus = encode({
  title: "sentences",
  content: "It is not the sign alone, said the cat to the hat.\n".repeat(20),
});

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A checkpoint with another manifest: what it says about its parts, and data. */
function withManifest(bytes: Buffer, change: (manifest: Json) => Json): Buffer {
  const end = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString("utf8", 8, end));
  header.__metadata__[MANIFEST] = JSON.stringify(change(JSON.parse(header.__metadata__[MANIFEST])));
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, " ")]);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([size, padded, bytes.subarray(end)]);
}

type Path = readonly (string | number)[];

/** The ways to all values, lists and objects among them; in a list, to its first and last. */
function pathsIn(value: Json, path: Path = []): Path[] {
  if (value === null || typeof value !== "object") return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  const shown = Array.isArray(value) ? keys.filter((_, i) => i === 0 || i === keys.length - 1) : keys;
  return [path, ...shown.flatMap((key) => pathsIn((value as Record<string | number, Json>)[key]!, [...path, key]))];
}

function replaced(value: Json, [key, ...rest]: Path, change: (old: Json) => Json | undefined): Json | undefined {
  if (key === undefined) return change(value);
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, Json>;
  const made = replaced(copy[key]!, rest, change);
  if (made === undefined) delete copy[key];
  else copy[key] = made;
  return copy as Json;
}

/** What somebody may put in the place of a value; undefined takes it away. */
const EDITS: readonly ((old: Json) => Json | undefined)[] = [
  ...[null, "edited", -1, 0.5, 1e9, [], {}, [null]].map((value) => () => value),
  ...["NaN", "12n"].map((word) => () => ({ $: word })),
  () => ({ $tensor: "nowhere" }),
  (old) => (typeof old === "number" ? old + 1 : Array.isArray(old) ? old.slice(1) : undefined),
];

/** Runs from a checkpoint after each edit of each value, and returns the edits that end in what nobody expects. */
async function brokenEdits(bytes: Buffer, path: string, resume: () => Promise<unknown>): Promise<string[]> {
  let manifest: Json = null;
  withManifest(bytes, (found) => {
    manifest = found;
    return found;
  });
  const broken: string[] = [];
  for (const [i, place] of everyNth(pathsIn(manifest), 3).entries()) {
    // What the package itself keeps is many alike: a quarter of the edits each, by turns.
    const isOwn = place[1] === "run" || place[1] === "history";
    // In `npm test` a third of the places are edited, each once.
    const share = isOwn ? swept(1, 12) : swept(4, EDITS.length);
    for (const edit of EDITS.filter((_, k) => (i + k) % share === 0)) {
      let edited: Json | undefined;
      writeFileSync(
        path,
        withManifest(bytes, (found) => {
          edited = replaced(found, place, edit);
          return edited ?? null;
        }),
      );
      try {
        await resume();
      } catch (error) {
        if (!isExpected(error)) broken.push(`${place.join(".")}: ${edit}: ${(error as Error).stack}`);
      }
    }
  }
  return broken;
}

/** Does something with the file, and lets it be interrupted at its first save. */
async function interrupted(
  path: string,
  job: (file: RunFile, signal: AbortSignal) => Promise<unknown>,
): Promise<Buffer> {
  const controller = new AbortController();
  const { save } = RunFile.prototype;
  vi.spyOn(RunFile.prototype, "save").mockImplementation(function (this: RunFile, parts) {
    save.call(this, parts);
    controller.abort(new Error("enough"));
  });
  using file = new RunFile(path);
  await expect(job(file, controller.signal)).rejects.toThrow();
  return readFileSync(path);
}

describe("whatever is edited in a checkpoint, there is no stack trace", () => {
  test("of the character model", async () => {
    const path = join(folder, "charlm");
    const args = [
      "--checkpoint",
      path,
      "--optimizer",
      "adam",
      "--spikes",
      "rollback",
      "--steps",
      "8",
      "--save-every",
      "4",
    ];
    const train = async (given: string[], file: RunFile, signal: AbortSignal) => {
      const settings = parseSettings(given)!;
      const runtime = await load();
      const plan = await planRun(settings, corpus, runtime, file, signal);
      const session = new Session(plan, runtime, corpus, settings);
      const { trainer, history } = session;
      const description = describeRun(runtime, corpus, plan.recipe, trainer, plan.trials);
      await session.train(signal);
      reportPage({
        ...{ optimizer: "Lion", history, frequencyLoss: 1, timings: [], description },
        crossCheck: { steps: 8, parameters: 1, differing: 0 },
        sample: { prompt: "", continuation: "" },
      });
    };
    const bytes = await interrupted(path, (file, signal) => train(args, file, signal));
    const resume = async () => {
      using file = new RunFile(path);
      await train([...args, "--resume"], file, new AbortController().signal);
    };
    expect(await brokenEdits(bytes, path, resume)).toEqual([]);
  });

  test("of the GPT", async () => {
    const path = join(folder, "gpt");
    const shape = ["--width", "4", "--layers", "1", "--heads", "1", "--context", "4", "--batch", "1"];
    const args = ["--steps", "3", "--evaluate-every", "2", "--sample-length", "1", "--dropout", "0.1"];
    const train = (given: string[], file: RunFile, signal: AbortSignal) => {
      const parsed = parseGpt(given)!;
      const settings = parsed.has("resume") ? settingsOf(path, parsed, corpus) : parsed.settings;
      return runGpt(settings, corpus, file, signal);
    };
    const bytes = await interrupted(path, (file, signal) => train([...shape, ...args], file, signal));
    const resume = async () => {
      using file = new RunFile(path);
      await train(["--resume", path, "--sample-length", "1"], file, new AbortController().signal);
    };
    expect(await brokenEdits(bytes, path, resume)).toEqual([]);
  });
});
