/** The GPT of the examples: its command, its memory, and runs that are stopped and go on. */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { load, Network, plan, Random } from "simd-optim";
import { loadCheckpoint, saveCheckpoint } from "simd-optim/node";
import { afterAll, describe, expect, test } from "vitest";
import { pairLoss } from "../../examples/gpt/baseline.ts";
import { layerRows } from "../../examples/gpt/layerTable.ts";
import { gpt, type Shape } from "../../examples/gpt/model.ts";
import { parseSettings, type Settings } from "../../examples/gpt/options.ts";
import { encodePrompt } from "../../examples/gpt/prompt.ts";
import { type Story, settingsOf as savedSettings } from "../../examples/gpt/story.ts";
import { Trainer } from "../../examples/gpt/trainer.ts";
import { encode } from "../../examples/support/corpus.ts";
import { sample } from "../../examples/support/sampling.ts";
import { type Outcome, start } from "../support/charlm.ts";
import { expectSame } from "../support/differences.ts";

const folder = mkdtempSync(join(tmpdir(), "gpt-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SENTENCE = "It is <b>not</b> the & sign alone, said the 'cat' to the \"hat\".\n";
const text = join(folder, "text.txt");
writeFileSync(text, SENTENCE.repeat(20));
const corpus = encode({ title: "text.txt", content: SENTENCE.repeat(20) });

const SMALL = ["--width", "16", "--layers", "2", "--heads", "2", "--context", "8", "--batch", "2"];
const RUN = [...SMALL, "--steps", "30", "--evaluate-every", "10", "--dropout", "0.1", "--sample-length", "50"];

/** Runs the command; it gets SIGINT as soon as `interruptAt` has been printed. */
function command(args: readonly string[], interruptAt?: string): Promise<Outcome> {
  return start(["--model", "gpt", ...args], interruptAt === undefined ? undefined : { at: interruptAt });
}

/** Settings as the command line gives them. */
function settingsOf(...args: string[]): Settings {
  return parseSettings(["--text", text, ...SMALL, ...args])!.settings;
}

/** The story in a checkpoint but for its times, and the tensors. */
function contents(path: string) {
  const { data } = loadCheckpoint(path, {}, { strict: false });
  const { story } = data["run"] as { story: Story };
  const bytes = readFileSync(path);
  // After the header all is arrays, in an order that depends on names alone.
  return { ...story, seconds: 0, arrays: bytes.subarray(8 + Number(bytes.readBigUInt64LE())) };
}

describe("the command", () => {
  const out = join(folder, "whole");
  const log = join(folder, "log.jsonl");

  test("trains, evaluates, logs, saves, samples, and writes one page with nothing to fetch", async () => {
    const { code, stdout, stderr } = await command(["--text", text, ...RUN, "--out", out, "--log", log]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/30\/30 {2}loss [\d.]+, held out [\d.]+, [\d,]+ tokens\/s, \d+ % of gemm\n/);
    expect(stdout).toMatch(/memory +[\d.]+ [kM]B of linear memory at most, [\d.]+ [kM]B predicted/);
    const lines = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ loss }) => loss !== undefined).map(({ step }) => step)).toEqual(
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
    expect(lines.filter(({ heldOutLoss }) => heldOutLoss).map(({ step }) => step)).toEqual([0, 10, 20, 30]);
    expect(lines.find(({ step, loss }) => step === 7 && loss)).toMatchObject({ mfu: expect.any(Number), skipped: 0 });

    const page = readFileSync(join(out, "report.html"), "utf8");
    expect(page).not.toMatch(/<script|<link|<img|<b>not|\s(src|href)=|@import|url\(/i);
    expect(page.replaceAll(/ xmlns(:\w+)?="[^"]*"/g, "")).not.toMatch(/https?:|NaN|undefined|Infinity/);
    const { document } = parseHTML(page);
    expect(document.querySelectorAll("figure svg")).toHaveLength(2);
    expect(document.querySelector("figure svg")!.textContent).toContain("frequencies of pairs");
    expect(document.querySelector("pre")!.textContent).toHaveLength(16 + 50);
    const table = [...document.querySelectorAll(".numbers tbody tr")].map(
      (row) => row.querySelector("th")!.textContent,
    );
    expect(table).toEqual(["token", "position", "block.0", "block.1", "norm", "head", "all"]);
  });

  test("interrupted and resumed, it ends bit-equal to a run that never stopped, recomputed or not", async () => {
    const stopped = join(folder, "stopped short");
    const { code, stderr } = await command(["--text", text, ...RUN, "--out", stopped], "\n   3/30");
    expect(code).toBe(130);
    const pattern = /^gpt: stopped after (\d+) steps and saved; go on by: npm start -- --model gpt (.*)\n$/;
    const [, steps, words] = pattern.exec(stderr)!;
    const path = join(stopped, "gpt.safetensors");
    expect(words).toBe(`--text ${text} --out '${stopped}' --resume '${path}'`);
    expect(Number(steps)).toBeLessThan(30);
    expect(existsSync(join(stopped, "report.html"))).toBe(false);
    const again = join(folder, "again.safetensors");
    copyFileSync(path, again);
    const [plain, recomputed] = await Promise.all([
      command(["--text", text, "--out", stopped, "--resume", path, "--sample-length", "50"]),
      command(["--text", text, "--out", join(folder, "re"), "--resume", again, "--recompute", "--backend", "scalar"]),
    ]);
    expect([plain.code, plain.stderr, recomputed.code]).toEqual([0, "", 0]);
    const truth = contents(join(out, "gpt.safetensors"));
    for (const file of [path, again]) {
      const ours = contents(file);
      expect({ ...ours, arrays: 0 }).toEqual({ ...truth, arrays: 0 });
      expect(ours.arrays.equals(truth.arrays)).toBe(true);
    }
    const written = ({ stdout }: Outcome) => stdout.slice(stdout.indexOf("\n\n", stdout.indexOf("saved")));
    expect(written(plain).slice(0, 60)).toBe(written(recomputed).slice(0, 60));
  });

  test("only samples and reports, where there is nothing left to train", async () => {
    const saved = ["--resume", join(out, "gpt.safetensors"), "--out", join(folder, "samples")];
    const { code, stdout, stderr } = await command([
      "--text",
      text,
      ...saved,
      "--prompt",
      "It is",
      "--sample-length",
      "9",
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/\n\nIt is[\s\S]{9}\n\nreport/);
    expect(stdout).not.toContain("tokens/s,");
  });

  test("refuses to take the place of another run, and a log that is none, in one line each", async () => {
    const saved = join(out, "gpt.safetensors");
    const bytes = readFileSync(saved);
    const [again, logged] = await Promise.all([
      command(["--text", text, ...RUN, "--out", out]),
      command(["--text", text, ...RUN, "--out", join(folder, "logged"), "--log", folder]),
    ]);
    expect([again.code, again.stderr]).toEqual([
      1,
      `gpt: --checkpoint ${saved}: there is one already; --resume ${saved} goes on from it, and another --checkpoint is another run\n`,
    ]);
    expect(logged.code).toBe(1);
    expect(logged.stderr).toMatch(/^gpt: --log \S+: EISDIR: [^\n]+\n$/);
    expect(readFileSync(saved).equals(bytes)).toBe(true);
    expect(existsSync(`${saved}.lock`)).toBe(false);
  });

  test("refuses to go on from the run of another text", async () => {
    const other = join(folder, "other.txt");
    writeFileSync(other, SENTENCE.repeat(21));
    const { code, stderr } = await command(["--text", other, "--resume", join(out, "gpt.safetensors")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^gpt: --text: the run in .* is on text.txt, and this is another text\n$/);
  });

  test("refuses numbers that the run has not, and files that are none", () => {
    const saved = join(out, "gpt.safetensors");
    const given = (...args: string[]) => savedSettings(saved, parseSettings(args)!, corpus);
    expect(given("--layers", "2", "--temperature", "2")).toMatchObject({ layers: 2, width: 16, temperature: 2 });
    expect(() => given("--layers", "3")).toThrow(`--layers 3: the run in ${saved} has 2`);
    expect(() => given("--weight-decay", "0")).toThrow(`--weight-decay 0: the run in ${saved} has 0.1`);
    expect(() => savedSettings(text, parseSettings([])!, corpus)).toThrow("expected");
    const foreign = join(folder, "foreign.safetensors");
    saveCheckpoint(foreign, { run: { epoch: 1 } });
    expect(() => savedSettings(foreign, parseSettings([])!, corpus)).toThrow(
      "not a checkpoint of this command: run.recipe is undefined, expected an object",
    );
  });

  test.each([
    [["--dropout", "1"], "'1' is invalid. Expected a number from 0 to 0.95. (see --help)"],
    [["--steps", "1.5"], "'1.5' is invalid. Expected a whole number from 1 to 10000000. (see --help)"],
    [["--stepps", "1"], "unknown option '--stepps' (see --help)"],
    [["--model", "bert"], "Allowed choices are gpt. (see --help)"],
  ])("refuses %j", (args, message) => {
    expect(() => parseSettings(args)).toThrow(message);
  });

  test("refuses what does not fit the text", async () => {
    const runtime = await load();
    expect(() => new Trainer(runtime, corpus, settingsOf("--context", "500"))).toThrow(
      /too short: .* a --context of 500/,
    );
    expect(() => new Trainer(runtime, corpus, settingsOf("--heads", "3"))).toThrow("a multiple of the 3 heads");
    expect(() => encodePrompt(corpus, "\u0416")).toThrow('--prompt: "\u0416" does not occur in text.txt');
    expect(() => encodePrompt(corpus, "")).toThrow("--prompt: it is empty");
    expect(encodePrompt(corpus, "It").map((id) => corpus.vocabulary[id])).toEqual(["I", "t"]);
  });
});

describe("the model", () => {
  const shape: Shape = {
    ...{ vocabulary: 65, context: 64, width: 128, layers: 4, heads: 4 },
    ...{ dropout: 0, recompute: false },
  };

  test("is GPT-2's: 0.8 million parameters, tied, and started with 0.02, less where branches join", async () => {
    const { parameters } = new Network(await load(), gpt(shape), { seed: 1 });
    const block = 12 * 128 * 128 + (4 + 9) * 128;
    expect(parameters.size).toBe((65 + 64) * 128 + 4 * block + 2 * 128);
    const deviation = (name: string) => {
      const { data } = parameters.get(name);
      return Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
    };
    for (const name of ["token.weight", "position.weight", "block.2.attention.qkv.weight", "block.0.mlp.up.weight"]) {
      expect(deviation(name) / 0.02, name).toBeCloseTo(1, 1);
    }
    for (const name of ["block.1.attention.proj.weight", "block.3.mlp.down.weight"]) {
      expect((deviation(name) * Math.sqrt(8)) / 0.02, name).toBeCloseTo(1, 1);
    }
    expect(deviation("block.1.mlp.norm.weight")).toBe(1);
    const zero = [...parameters].filter(({ name }) => name.endsWith("bias"));
    expect(zero.every(({ data }) => data.every((x) => x === 0))).toBe(true);
  });

  test("takes less memory when blocks are recomputed, under the same names", () => {
    const input = { shape: [8, 64], type: "u32" } as const;
    const [plain, less] = [false, true].map((recompute) => plan(gpt({ ...shape, recompute }), input));
    expect(less!.activations).toBeLessThan(plain!.activations / 2);
    expect(less!.parameters).toBe(plain!.parameters);
    expect(Object.keys(less!.kept)).toEqual(expect.arrayContaining(["block.0", "block.3", "norm"]));
  });

  test("decays matrices and embeddings alone", async () => {
    const { recipe } = new Trainer(await load(), corpus, settingsOf("--weight-decay", "0.3"));
    const [decayed, rest] = recipe.optimizer.groups;
    expect(decayed).toMatchObject({ weightDecay: 0.3, betas: [0.9, 0.95] });
    expect(rest).toMatchObject({ weightDecay: 0 });
    expect(decayed!.params.every(({ name }) => /(?<!norm)\.weight$/.test(name))).toBe(true);
    expect(rest!.params.every(({ name }) => /bias$|norm\.weight$/.test(name))).toBe(true);
    expect(recipe.clip).toBe(1);
  });
});

describe("a trainer", () => {
  test.each([[[]], [["--recompute"]], [["--layers", "5", "--width", "48", "--context", "20"]]])(
    "takes within a tenth of the memory that is predicted before the first step: %j",
    async (args: string[]) => {
      const runtime = await load();
      const trainer = new Trainer(runtime, corpus, settingsOf(...args));
      const predicted = trainer.predictedBytes;
      trainer.heldOutLoss();
      trainer.step();
      trainer.heldOutLoss();
      sample(runtime, trainer.network, [1, 2], { length: 30, context: 8, temperature: 1, random: new Random(1) });
      expect(Math.abs(runtime.heap.highWater / predicted - 1)).toBeLessThan(0.1);
    },
  );

  test("takes the same steps to the bit on every backend", async () => {
    const losses = await Promise.all(
      (["simd", "scalar", "reference"] as const).map(async (backend) => {
        const trainer = new Trainer(await load({ backend }), corpus, settingsOf("--dropout", "0.1"));
        return Array.from({ length: 4 }, () => trainer.step().loss);
      }),
    );
    expect(losses[1]).toEqual(losses[0]);
    expect(losses[2]).toEqual(losses[0]);
  });

  test("learns more than which character follows which", async () => {
    const trainer = new Trainer(await load(), corpus, settingsOf("--steps", "200", "--lr", "0.01", "--batch", "8"));
    for (let step = 0; step < 200; step++) trainer.step();
    expect(trainer.heldOutLoss()).toBeLessThan(pairLoss(corpus));
  });

  test("evaluates without changing anything, on the same windows each time", async () => {
    const trainer = new Trainer(await load(), corpus, settingsOf("--dropout", "0.5"));
    const before = trainer.network.parameters.get("block.0.mlp.up.weight").data.slice();
    expect(trainer.heldOutLoss()).toBe(trainer.heldOutLoss());
    expectSame(trainer.network.parameters.get("block.0.mlp.up.weight").data, before);
  });

  test("accounts for every parameter and every byte that is kept", async () => {
    const trainer = new Trainer(await load(), corpus, settingsOf());
    const { network, plan: planned } = trainer;
    const rows = layerRows(trainer);
    const total = (key: "parameters" | "owned" | "kept") => rows.reduce((sum, row) => sum + row[key], 0);
    expect(total("parameters")).toBe(network.parameters.size);
    expect(total("owned")).toBe(16 * network.parameters.size);
    expect(total("kept")).toBe(Object.values(planned.kept).reduce((a, b) => a + b));
  });
});

test("samples continue the prompt, looking back no farther than the context", async () => {
  const runtime = await load();
  const { network } = new Trainer(runtime, corpus, settingsOf());
  const how = () => ({ length: 20, context: 8, temperature: 0.5, random: new Random(3, "sample") });
  const long = Array.from({ length: 20 }, (_, i) => i);
  const first = sample(runtime, network, long, how());
  expect(first).toHaveLength(20);
  expect(sample(runtime, network, long.slice(-8), how())).toEqual(first);
  expect(sample(runtime, network, long, { ...how(), random: new Random(4, "sample") })).not.toEqual(first);
});

test("the loss of pairs is that of their frequencies, one more of each", () => {
  const train = Uint32Array.of(0, 1, 0, 1, 0);
  const heldOut = Uint32Array.of(0, 1, 1);
  const loss = pairLoss({ title: "", distinct: 2, replaced: 0, vocabulary: ["a", "b"], train, heldOut });
  // After a: 0 of a and 2 of b; after b: 2 of a.
  expect(loss).toBeCloseTo(-(Math.log(3 / 4) + Math.log(1 / 4)) / 2, 12);
});
