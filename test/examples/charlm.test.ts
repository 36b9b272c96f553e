import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DOMParser, parseHTML } from "linkedom";
import {
  crossEntropy,
  defineOptimizer,
  load,
  Network,
  Random,
  runElsewhere,
  SimdOptimError,
  schedules,
} from "simd-optim";
import { afterAll, describe, expect, test } from "vitest";
import { benchmark } from "../../examples/charlm/benchmark.ts";
import { crossCheck } from "../../examples/charlm/crossCheck.ts";
import { characterModel } from "../../examples/charlm/model.ts";
import { parseSettings } from "../../examples/charlm/options.ts";
import { Trainer } from "../../examples/charlm/training.ts";
import { chooseRate } from "../../examples/charlm/trials.ts";
import { decode, encode, frequencyLoss } from "../../examples/support/corpus.ts";
import { html } from "../../examples/support/html.ts";
import { findOptimizers, type OptimizerClass, optimizers } from "../../examples/support/optimizers.ts";
import { sample } from "../../examples/support/sampling.ts";
import { docComments, packageText, readText } from "../../examples/support/text.ts";
import { COMMAND, charlm, type Outcome, run } from "../support/charlm.ts";
import { everyNth, slow } from "../support/sweep.ts";

const folder = mkdtempSync(join(tmpdir(), "charlm-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SENTENCE = "It is <b>not</b> the & sign alone, said the 'cat' to the \"hat\".\n";

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const text = file("a <i>short<i> text.txt", SENTENCE.repeat(20));

/** A run of a few steps without the benchmark. */
function shortRun(name: string, ...args: readonly string[]): Promise<Outcome> {
  const out = ["--out", join(folder, name)];
  return charlm(["--text", text, "--steps", "4", "--bench-sizes", "none", ...out, ...args]);
}

function heldOutLoss({ stdout }: Outcome): string {
  return /held-out loss +(\d+\.\d{6}) nats/.exec(stdout)![1]!;
}

describe("a run", () => {
  test("checks, times, samples, and writes one page with all figures and nothing to fetch", async () => {
    const out = join(folder, "new", "folder");
    const args = ["--text", text, "--steps", "60", "--bench-sizes", "1024,4096", "--out", out];
    const { code, stdout, stderr } = await charlm(args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/steps 1 to 50 repeated on reference: 0 of [\d,]+ parameters differ in any bit/);
    expect(stdout).toMatch(/ 4 Ki parameters +[\d.]+ +[\d.]+ +[\d.]+\u00d7 +[\d.]+ +[\d.]+\u00d7\n/);
    expect(stdout).toContain(join(out, "report.html"));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not reach a file or a pipe.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);

    const page = readFileSync(join(out, "report.html"), "utf8");
    expect(page).not.toMatch(/<script|<link|<img|<i>short|\s(src|href)=|@import|url\(/i);
    expect(page.replaceAll(/ xmlns(:\w+)?="[^"]*"/g, "")).not.toMatch(/https?:/);
    const { document } = parseHTML(page);
    const figures = [...document.querySelectorAll("figure")];
    const titles = figures.map((figure) => figure.querySelector("h2")!.textContent);
    expect(titles).toEqual(["Loss", "Learning rate", "Gradient norm", "Time of an AdamW step"]);
    for (const figure of figures) {
      expect(figure.querySelector("figcaption")!.textContent).toMatch(/^[A-Z].*\.$/s);
      const drawings = [...figure.querySelectorAll("svg")];
      expect(drawings).toHaveLength(2);
      for (const drawing of drawings) expect(drawing.outerHTML).not.toMatch(/NaN|undefined|Infinity/);
    }
    const labels = figures.map((figure) => figure.querySelector("svg")!.textContent).join();
    expect(labels).toContain("nats per character");
    expect(labels).toContain("optimizer step");
    expect(labels).toContain("time per parameter (ns");
    expect(figures[3]!.querySelector("svg")!.querySelectorAll("rect")).toHaveLength(2 * 3);
    expect(document.querySelector("table")!.textContent).toContain("a <i>short<i> text.txt");
    expect(document.querySelector("pre")!.textContent).toHaveLength(8 + 600);
  });

  test.runIf(slow)(
    "depends on the seed, and on nothing else: not the backend either (in npm run test:slow, for it takes 4 s)",
    async () => {
      const outcomes = await Promise.all([
        shortRun("seed-3", "--seed", "3", "--backend", "simd"),
        shortRun("seed-3-again", "--seed", "3", "--backend", "reference"),
        shortRun("seed-4", "--seed", "4"),
      ]);
      expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
      const [once, again, other] = outcomes.map(heldOutLoss);
      expect(again).toBe(once);
      expect(other).not.toBe(once);
    },
  );

  test("finds a learning rate by trial, unless it is given one", async () => {
    const [found, given] = await Promise.all([
      shortRun("sgd", "--optimizer", "sGd"),
      shortRun("sgd-lr", "--optimizer", "SGD", "--lr", "0.5"),
    ]);
    expect(found.stdout).toMatch(/optimizer +SGD \(Polyak 1964/);
    const rate = /learning rate +up to ([\d.]+) /.exec(found.stdout)![1];
    expect(found.stdout).toMatch(new RegExp(`rate by trial .*[\\d.]+ at ${rate}, [\\d.]+ at `));
    expect(given.stdout).toMatch(/learning rate +up to 0\.5 /);
    expect(given.stdout).not.toContain("rate by trial");
    expect(heldOutLoss(given)).not.toBe(heldOutLoss(found));
  });

  test("compares optimizers in one figure and one table", async () => {
    const args = ["--text", text, "--steps", "5", "--compare", "adamw,sgd, Adam"];
    const { code, stdout, stderr } = await charlm([...args, "--out", join(folder, "comparison")]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.match(/repeated on reference: 0 of [\d,]+ parameters differ/g)).toHaveLength(3);
    const printed = /^optimizer +learning rate .*\n((?:.+\n)+)/m.exec(stdout)![1]!.trim().split("\n");
    const rows = printed.map((row) => row.split(/ {2,}/));

    const page = readFileSync(join(folder, "comparison", "report.html"), "utf8");
    expect(page).not.toMatch(/<script|<link|<img|\s(src|href)=|@import|url\((?!#)/i);
    const { document } = parseHTML(page);
    const figure = document.querySelector("figure")!;
    expect(figure.querySelector("h2")!.textContent).toBe("Comparison");
    const cells = [...document.querySelectorAll(".numbers tbody tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent),
    );
    expect(cells).toEqual(rows);
    expect(cells.map(([name]) => name).sort()).toEqual(["Adam", "AdamW", "SGD"]);
    const losses = cells.map((row) => Number(row[3]));
    expect(losses).toEqual([...losses].sort((a, b) => a - b));
    // Each is of its own model as it was in the end.
    expect(new Set(losses).size).toBe(3);
    expect([...figure.querySelectorAll(".legend li")].map((key) => key.textContent)).toEqual(
      cells.map((row) => `${row[0]} ${row[3]}`),
    );
    const drawings = [...figure.querySelectorAll("svg")];
    expect(drawings).toHaveLength(2);
    for (const drawing of drawings) {
      expect(drawing.outerHTML).not.toMatch(/NaN|undefined|Infinity/);
      for (const colour of [1, 2, 3]) {
        expect(drawing.querySelectorAll(`[stroke="var(--curve-${colour})"] path`)).toHaveLength(2);
      }
    }
  });

  test("draws schedules instead of training, into one SVG that stands alone", async () => {
    const out = join(folder, "new", "schedules");
    const cosine = "warmupCosine({ peak: 0.003, warmup: 100, total: 1000, floor: 0 })";
    const cycle = "oneCycle({ peak: 0.002, total: 500 })";
    const { code, stdout, stderr } = await charlm(["--plot-schedule", cosine, "--plot-schedule", cycle, "--out", out]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(`schedule       ${join(out, "schedule.svg")}\n`);
    const drawing = readFileSync(join(out, "schedule.svg"), "utf8");
    expect(drawing).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(drawing).not.toMatch(/NaN|undefined|Infinity/);
    const svg = new DOMParser().parseFromString(drawing, "image/svg+xml");
    const texts = [...svg.querySelectorAll("text")].map(({ textContent }) => textContent);
    expect(texts).toContain(cosine);
    expect(texts).toContain("1,000");
    expect(texts.join("")).toContain("annealStrategy");
    /** The points of a curve, in pixels. */
    const curve = (colour: number) => {
      const path = svg.querySelector(`[stroke="var(--curve-${colour})"] path`)!.getAttribute("d")!;
      const points = path.match(/-?[\d.]+,-?[\d.]+/g) as string[];
      return points.map((point) => point.split(",").map(Number) as [number, number]);
    };
    const [first, second] = [curve(1), curve(2)];
    expect([first.length, second.length]).toEqual([1001, 1001]);
    const bottom = first[1000]![1];
    const unit = (bottom - first[99]![1]) / 0.003;
    const cycled = schedules.oneCycle({ peak: 0.002, total: 500 });
    for (const [step, [, y]] of second.entries()) expect((bottom - y) / unit).toBeCloseTo(cycled(step), 5);
  });

  test("stops on SIGINT with exit code 130 and without a report", async () => {
    const out = join(folder, "interrupted");
    const { code, stderr } = await charlm(["--text", text, "--steps", "1000000", "--out", out], { at: "backend" });
    expect([code, stderr]).toEqual([130, "charlm: interrupted\n"]);
    expect(existsSync(join(out, "report.html"))).toBe(false);
  });

  test("says nothing when its reader leaves", async () => {
    const args = ["--text", text, "--steps", "2000", "--bench-sizes", "none", "--out", join(folder, "head")];
    const pipe = '"$0" "$@" | head -n 1';
    const { stdout, stderr } = await run("sh", ["-c", pipe, process.execPath, ...COMMAND, ...args]);
    expect(stdout).toMatch(/^text .*\n$/);
    expect(stderr).toBe("");
  });

  test("explains every option", async () => {
    const { code, stdout, stderr } = await charlm(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const option of [
      "text",
      "optimizer",
      "compare",
      "steps",
      "lr",
      "schedule",
      "accumulate",
      "spikes",
      "backend",
      "seed",
      "checkpoint",
      "resume",
      "save-every",
      "log",
      "tensorboard",
      "norms-every",
      "bench-sizes",
      "plot-schedule",
      "out",
      "help",
    ]) {
      expect(stdout).toMatch(new RegExp(`^ +--${option}\\b.* {2}\\S`, "m"));
    }
    for (const { spec } of optimizers) expect(stdout).toMatch(new RegExp(`\\b${spec.name}\\b`));
  });
});

describe("what it cannot use gets one line and an exit code", () => {
  mkdirSync(join(folder, "directory"));
  const failure = (exitCode: number, message: RegExp) =>
    expect.objectContaining({ name: "Failure", exitCode, message: expect.stringMatching(message) });
  const texts: [string, string, RegExp][] = [
    ["a missing file", join(folder, "missing"), /missing: cannot be read: no such file/],
    ["a directory", join(folder, "directory"), /directory: not a regular file/],
    ["a device", "/dev/zero", /not a regular file/],
    ["an empty file", file("empty", ""), /empty: the file is empty/],
    ["a binary file", file("binary", "text\0".repeat(100)), /binary: not a text: it contains NUL bytes/],
    ["bytes that are not UTF-8", file("latin1", Buffer.from("é", "latin1")), /it is not valid UTF-8/],
    ["one distinct character", file("same", "a".repeat(5000)), /only one distinct character/],
    ["a text too short to split", file("tiny", "to be or not"), /too short: 12 characters/],
  ];
  const uses: [string, string[], RegExp][] = [
    ["an unknown option", ["--stepz", "5"], /unknown option '--stepz'/],
    ["an argument too many", ["text.txt"], /too many arguments/],
    ["an option without its value", ["--seed"], /argument missing/],
    [
      "an unknown optimizer",
      ["--optimizer", "Adamant"],
      /'Adamant' is invalid\. No optimizer is called Adamant; there are .*Adam, AdamW/,
    ],
    ["an optimizer without a name", ["--optimizer", ""], /'' is invalid/],
    ["a start of several names", ["--optimizer", "L"], /'L' is invalid\. L may be LAMB, LARS, Lion/],
    ["an unknown optimizer to compare", ["--compare", "sgd,Adamant"], /No optimizer is called Adamant; there are /],
    ["one optimizer to compare", ["--compare", "sgd"], /'sgd' is invalid\. Expected from 2 to 8 optimizers/],
    ["an optimizer to compare twice", ["--compare", "sgd,SGD"], /Expected each optimizer once/],
    [
      "an optimizer beside a comparison",
      ["--compare", "sgd,adam", "--optimizer", "sgd"],
      /'--compare .*cannot be used with/,
    ],
    [
      "a schedule beside a comparison",
      ["--plot-schedule", "constant(1)", "--compare", "sgd,adam"],
      /cannot be used with/,
    ],
    ["a benchmark beside a comparison", ["--compare", "sgd,adam", "--bench-sizes", "64"], /cannot be used with option/],
    ["an unknown backend", ["--backend", "gpu"], /'gpu' is invalid\. Allowed choices are auto, simd, scalar/],
    ["negative steps", ["--steps", "-5"], /'-5' is invalid\. Expected a whole number from 1/],
    ["no steps", ["--steps", "0"], /'0' is invalid/],
    ["half a step", ["--steps", "1.5"], /'1\.5' is invalid/],
    ["steps in words", ["--steps", "many"], /'many' is invalid/],
    ["a negative seed", ["--seed", "-1"], /'-1' is invalid\. Expected a whole number from 0/],
    ["a learning rate of 0", ["--lr", "0"], /'0' is invalid\. Expected a number above 0/],
    ["a learning rate in words", ["--lr", "high"], /'high' is invalid/],
    ["a bad benchmark size", ["--bench-sizes", "64,-1"], /'64,-1' is invalid/],
    ["a line break in a value", ["--optimizer", "a\nb"], /'a\nb' is invalid/],
    ["a checkpoint of a comparison", ["--compare", "sgd,adam", "--checkpoint", "run"], /cannot be used with option/],
    ["a resumed run without its name", ["--resume"], /'--resume' needs '--checkpoint <file>'/],
    ["a schedule it cannot read", ["--schedule", "cosine(1"], /'cosine\(1' is invalid\. .*expected ","/],
    ["a schedule and a rate", ["--schedule", "constant(1)", "--lr", "1"], /cannot be used with option/],
    ["a schedule of no use", ["--schedule", "constant(1)", "--optimizer", "AGD"], /AGD has no learning rate/],
    ["an unknown policy", ["--spikes", "pray"], /Allowed choices are none, skip, clip, rollback, batchSkip/],
    ["no batches", ["--accumulate", "0"], /Expected a whole number from 1/],
  ];
  test.for(texts)("%s", ([, path, line]) => {
    expect(() => encode(readText(path))).toThrow(failure(1, line));
  });

  test.for(uses)("%s", ([, args, line]) => {
    expect(() => parseSettings(args)).toThrow(failure(2, line));
  });

  const runs: [string, string[], number, RegExp][] = [
    ["a missing file", ["--text", join(folder, "missing")], 1, /missing: cannot be read: no such file/],
    ["a report folder that is a file", ["--text", text, "--out", text], 1, /cannot be written to: EEXIST/],
    [
      "a learning rate that diverges",
      ["--text", text, "--steps", "40", "--lr", "1e30"],
      1,
      /AdamW diverged: 10 bad batches in a row up to step \d+, the last because the loss is NaN; try a smaller --lr/,
    ],
    [
      "one that diverges without a guard",
      ["--text", text, "--steps", "9", "--lr", "1e30", "--spikes", "none"],
      1,
      /at step \d is NaN/,
    ],
    ["a schedule it cannot read", ["--plot-schedule", "cosine(1"], 1, /got "cosine\(1", expected "," at character 9/],
    ["a line break in a value", ["--optimizer", "a\nb"], 2, /'a b' is invalid/],
  ];

  test.concurrent.for(runs)("a run with %s", async ([, args, status, line], context) => {
    const { code, stderr } = await charlm(["--out", join(folder, "never"), ...args]);
    context.expect(code).toBe(status);
    context.expect(stderr).toMatch(/^charlm: [^\n]+\n$/);
    context.expect(stderr).toMatch(line);
  });
});

describe("the parts", () => {
  test("the gradients of the model agree with central differences within 3e-3 of the largest", async () => {
    const runtime = await load();
    const shape = { vocabulary: 7, context: 3, width: 4, hidden: 6 };
    const network = new Network(runtime, characterModel(shape), { seed: 5 });
    const [x, targets] = [runtime.tensor([5, 3], { type: "u32" }), runtime.tensor([5], { type: "u32" })];
    const random = new Random(6, "characters");
    for (const { data } of [x, targets]) data.set(data.map(() => random.below(7)));
    const h = 2 ** -6;
    const lossAt = (data: Float32Array, i: number, value: number) => {
      const kept = data[i]!;
      data[i] = value;
      const loss = crossEntropy(network.forward(x, { training: false }), targets);
      data[i] = kept;
      return loss;
    };
    const logits = network.forward(x);
    crossEntropy(logits, targets, { gradient: logits });
    network.backward(logits);
    for (const { name, data, grad } of network.parameters) {
      const largest = grad.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      expect(largest, name).toBeGreaterThan(1e-3);
      data.forEach((x, i) => {
        const difference = (lossAt(data, i, x + h) - lossAt(data, i, x - h)) / (2 * h);
        expect(Math.abs(grad[i]! - difference), `${name}[${i}]`).toBeLessThanOrEqual(3e-3 * largest);
      });
    }
  });

  test("a name is one optimizer in any case, or the start of some", () => {
    const names = ["AdamW", "LAMB", "LARS", "Lion", "Slow", "SlowAdamW", "SlowSGD"];
    const among = names.map((name) => ({ spec: { name } }));
    const find = (name: string) => findOptimizers(name, among).map(({ spec }) => spec.name);
    expect(find("LAMB")).toEqual(["LAMB"]);
    expect(find("lI")).toEqual(["Lion"]);
    expect(find("la")).toEqual(["LAMB", "LARS"]);
    expect(find("slow")).toEqual(["Slow"]);
    expect(findOptimizers("slow", among.slice(5)).map(({ spec }) => spec.name)).toEqual(["SlowAdamW"]);
    expect(find("lambs")).toEqual([]);
  });

  describe("optimizers", () => {
    const corpus = encode({ title: "sentences", content: SENTENCE.repeat(20) });
    const steps = 24;

    test.for(everyNth(optimizers, 6).map((optimizer) => [optimizer.spec.name, optimizer] as const))(
      "%s learns",
      async ([, optimizer]) => {
        const runtime = await load();
        const { signal } = new AbortController();
        const recipe = { optimizer, steps, seed: 1 };
        const { rate, trials } = await chooseRate(runtime, corpus, recipe, undefined, () => {}, signal);
        // What needs no trials may take as long as they do: step sizes that are learned take a while to grow.
        const length = trials.length > 0 ? steps : 8 * steps;
        const trainer = new Trainer(runtime, corpus, { ...recipe, steps: length, rate });
        for (let step = 0; step < length; step++) trainer.step();
        expect(trainer.heldOutLoss()).toBeLessThan(frequencyLoss(corpus));
      },
    );

    /** An optimizer that does nothing, made for the test but for a part of its spec. */
    const idle = (part: Partial<Parameters<typeof defineOptimizer>[0]>): OptimizerClass =>
      defineOptimizer({ name: "Idle", rule: "", cites: "", options: {}, state: {}, update: () => {}, ...part });

    test("vectors are frozen for an optimizer that refuses them", async () => {
      const matrices = idle({
        state: {
          norm: {
            size: (shape) => {
              if (shape.length !== 2) throw new SimdOptimError("BAD_ARGUMENT", "no matrix");
              return 1;
            },
          },
        },
      });
      const trainer = new Trainer(await load(), corpus, { optimizer: matrices, steps, rate: undefined, seed: 1 });
      expect(trainer.trained.map(({ name }) => name)).toEqual(["embedding.weight", "hidden.weight", "output.weight"]);
      expect(trainer.optimizer.bytes).toBe(4 * 3);
      trainer.step();
    });

    test("an optimizer that averages keeps its rate and is judged where it evaluates", async () => {
      const zero = idle({
        options: { lr: findOptimizers("SGD", optimizers)[0]!.spec.options["lr"] as never },
        points: {
          training: "y",
          evaluation: "x",
          evaluate: { move: ({ kernels }, { p, n }) => kernels.fill(p, n, 0), run: runElsewhere },
        },
      });
      const trainer = new Trainer(await load(), corpus, { optimizer: zero, steps, rate: 0.5, seed: 1 });
      const rates = Array.from({ length: steps }, () => trainer.step().lr!);
      expect(rates[0]).toBeLessThan(0.5);
      expect(new Set(rates.slice(steps / 2))).toEqual(new Set([0.5]));
      expect(trainer.heldOutLoss()).toBeCloseTo(Math.log(corpus.vocabulary.length), 5);
    });

    test("an optimizer without a rate has no trials", async () => {
      const { signal } = new AbortController();
      const choose = async (optimizer: OptimizerClass, asked?: number) =>
        chooseRate(await load(), corpus, { optimizer, steps, seed: 1 }, asked, () => {}, signal);
      const own = idle({ options: { lr: { default: null } as never } });
      expect(await choose(idle({}), 0.1)).toEqual({ rate: undefined, trials: [] });
      expect(await choose(own)).toEqual({ rate: undefined, trials: [] });
      expect(await choose(own, 0.1)).toEqual({ rate: 0.1, trials: [] });
    });
  });

  test("the cross-check finds a single differing bit", async () => {
    const corpus = encode({ title: "sentences", content: SENTENCE.repeat(20) });
    const recipe = { optimizer: findOptimizers("AdamW", optimizers)[0]!, steps: 9, rate: 0.01, seed: 1 };
    const trainer = new Trainer(await load(), corpus, recipe);
    trainer.step();
    trainer.step();
    const bits = trainer.bits();
    const check = () => crossCheck(corpus, recipe, 2, bits, () => {}, new AbortController().signal);
    expect(await check()).toEqual({ steps: 2, parameters: bits.length, differing: 0 });
    bits[7]! ^= 1;
    expect(await check()).toEqual({ steps: 2, parameters: bits.length, differing: 1 });
  });

  test("texts are counted in code points, and the last tenth is held out", () => {
    const corpus = encode({ title: "emoji", content: "a\u{1f600}".repeat(100) });
    expect(corpus.vocabulary).toEqual(["a", "\u{1f600}"]);
    expect([corpus.train.length, corpus.heldOut.length]).toEqual([180, 20]);
    expect(decode(corpus, corpus.train.subarray(0, 3))).toBe("a\u{1f600}a");
    expect(frequencyLoss(corpus)).toBeCloseTo(Math.LN2, 12);
  });

  test("the rarest of too many characters become the replacement character", () => {
    const characters = Array.from({ length: 300 }, (_, i) => String.fromCodePoint(0x4e00 + i));
    const content = characters.map((character, i) => character.repeat(i < 255 ? 3 : 1)).join("");
    const corpus = encode({ title: "characters", content });
    expect(corpus.vocabulary).toHaveLength(256);
    expect([corpus.distinct, corpus.replaced]).toEqual([300, 45]);
    expect(decode(corpus, corpus.heldOut)).toBe(`${content.slice(-81, -45)}${"\ufffd".repeat(45)}`);
  });

  test("samples follow the logits", async () => {
    const runtime = await load();
    const network = new Network(runtime, characterModel({ vocabulary: 4, context: 2, width: 2, hidden: 2 }));
    network.parameters.get("output.weight").data.fill(0);
    network.parameters.get("output.bias").data.set([0, Math.log(3), -100, -100]);
    const how = { length: 4000, context: 2, temperature: 1, random: new Random(1, "sample") };
    const counts = [0, 0, 0, 0];
    for (const id of sample(runtime, network, [0, 1], how)) counts[id]!++;
    expect(counts.slice(2)).toEqual([0, 0]);
    // Five deviations of a binomial with n = 4000 and p = 3/4.
    expect(Math.abs(counts[1]! - 3000)).toBeLessThan(5 * Math.sqrt(4000 * 0.75 * 0.25));
    const cold = sample(runtime, network, [0, 1], { ...how, temperature: 0.05 });
    expect(new Set(cold)).toEqual(new Set([1]));
  });

  test.runIf(slow)("the benchmark times every backend (in npm run test:slow, for that takes seconds)", async () => {
    const done: number[] = [];
    const rows = await benchmark([4096, 1024], (count) => done.push(count), new AbortController().signal);
    expect(done).toEqual([1, 2]);
    expect(rows.map(({ parameters }) => parameters)).toEqual([1024, 4096]);
    const { simd, scalar, reference } = rows[1]!.nanoseconds;
    for (const time of [simd, scalar, reference]) expect(time).toBeGreaterThan(0);
  });

  test("values in markup are escaped, and markup in markup is not", () => {
    const inner = html`<b>${`<&>"'`}</b>`;
    expect(html`<p>${[inner, inner]}${1}</p>`.markup).toBe(
      "<p><b>&lt;&amp;&gt;&quot;&#39;</b>\n<b>&lt;&amp;&gt;&quot;&#39;</b>1</p>",
    );
  });

  test("the text of the package is its pages and its doc comments without their asterisks, and nothing installed", () => {
    const { content, title } = packageText();
    expect(content).toContain("Adam as in torch.optim.Adam");
    expect(docComments("/** One. */\nf();\n/**\n * Two,\n *     three.\n */")).toEqual(["One.", "Two,\n     three."]);
    const pages = ["docs", "docs/guides"].flatMap((folder) =>
      readdirSync(folder).filter((name) => name.endsWith(".md")),
    );
    expect(title).toContain(`${3 + pages.length} pages`);
  });
});
