import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load, Random } from "simd-optim";
import { loadCheckpoint, saveCheckpoint } from "simd-optim/node";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { resumeCommand } from "../../examples/charlm/checkpoint.ts";
import { describeGuarded } from "../../examples/charlm/description.ts";
import { History } from "../../examples/charlm/history.ts";
import { parseSettings } from "../../examples/charlm/options.ts";
import { planRun, Session } from "../../examples/charlm/session.ts";
import { encode } from "../../examples/support/corpus.ts";
import { RunFile } from "../../examples/support/runFile.ts";
import { charlm, type Outcome } from "../support/charlm.ts";
import { everyNth, slow, swept } from "../support/sweep.ts";

const folder = mkdtempSync(join(tmpdir(), "charlm-resume-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SENTENCE = "It is <b>not</b> the & sign alone, said the 'cat' to the \"hat\".\n";
const text = join(folder, "the text.txt");
writeFileSync(text, SENTENCE.repeat(20));

/** A run, its checkpoint, log and page. */
function files(name: string) {
  const [checkpoint, out, log, events] = ["safetensors", "out", "jsonl", "events"].map((end) =>
    join(folder, `${name}.${end}`),
  ) as [string, string, string, string];
  const args = ["--text", text, "--bench-sizes", "none", "--out", out, "--checkpoint", checkpoint];
  return {
    args: [...args, "--log", log, "--tensorboard", events],
    bytes: () => readFileSync(checkpoint),
    /** The page, but for how long it took. */
    page: () => readFileSync(join(out, "report.html"), "utf8").replace(/<div><dt>training<\/dt>.*/, ""),
    /** The records, but for times. */
    records: () =>
      readFileSync(log, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line, (key, value) => (/^time$|[sS]econd/.test(key) ? undefined : value))),
    events: () => readdirSync(events),
  };
}

/** What is printed about the result. */
function result({ stdout }: Outcome): string[] {
  return ["held-out loss", "cross-check"].map((name) => new RegExp(`^${name} .*`, "m").exec(stdout)![0]);
}

describe("a run that is interrupted and resumed ends in the same bytes as one that is not", () => {
  const random = new Random(1, "moments");
  const runs: [string, string[]][] = [
    ["AdamW", ["--steps", swept("300", "20"), "--norms-every", "7"]],
    ["SophiaG", ["--steps", "120", "--optimizer", "sophia", "--accumulate", "2", "--spikes", "rollback"]],
    ["ScheduleFreeAdamW", ["--steps", "200", "--optimizer", "schedulefree", "--lr", "0.01", "--spikes", "none"]],
  ];

  test.for(everyNth(runs, 3))("%s", async ([name, options]) => {
    const whole = files(`${name} whole`);
    const parts = files(`${name} parts`);
    const args = [...parts.args, ...options];
    const steps = Number(options[1]);
    const line = (step: number) => ` ${step}/${steps} `;
    const delay = random.below(60);
    const uninterrupted = await charlm([...whole.args, ...options]);
    const first = await charlm(args, { at: line(steps / 10), delay });
    const second = await charlm([...args, "--resume"], { at: line(steps / 2), delay, signal: "SIGTERM" });
    const last = await charlm([...args, "--resume", "--backend", "scalar"]);
    expect([uninterrupted, last].map(({ code, stderr }) => [code, stderr])).toEqual(Array(2).fill([0, ""]));
    const ends = [first, second].map(({ code, stderr }) => [code, stderr]);
    expect(ends, `delay ${delay}`).toEqual([
      [130, "charlm: interrupted\n"],
      [143, "charlm: ended by SIGTERM\n"],
    ]);
    for (const { stdout } of [first, second]) {
      expect(stdout).toContain(`resume with    ${resumeCommand(args)}\n`);
    }
    expect(Buffer.compare(parts.bytes(), whole.bytes()), `delay ${delay}`).toBe(0);
    expect(result(last)).toEqual(result(uninterrupted));
    const backend = /<tr><th scope="row">backend.*?<\/tr>/;
    expect(parts.page().replace(backend, "")).toBe(whole.page().replace(backend, ""));
    expect(parts.records()).toEqual(whole.records());
    expect(parts.records().filter(({ updateNorm }) => updateNorm > 0)).toHaveLength(
      name === "AdamW" ? Math.floor(steps / 7) : 0,
    );
    expect([whole.events().length, parts.events().length]).toEqual([1, 3]);
  });

  test.runIf(slow)(
    "even if it was killed, from where it was saved last (in npm run test:slow, for it takes 4 s)",
    async () => {
      const whole = files("kept");
      const killed = files("killed");
      const options = ["--steps", "200", "--save-every", "15"];
      await charlm([...whole.args, ...options]);
      const { code } = await charlm([...killed.args, ...options], { at: " 100/200 ", signal: "SIGKILL" });
      expect(code).toBe(null);
      const { stdout } = await charlm([...killed.args, ...options, "--resume"]);
      const taken = Number(/^resumed +after (\d+) of 200/m.exec(stdout)![1]);
      expect([taken % 15, taken >= 90]).toEqual([0, true]);
      expect(Buffer.compare(killed.bytes(), whole.bytes())).toBe(0);
      expect(killed.page()).toBe(whole.page());
    },
  );
});

describe("in one process", () => {
  beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
  afterEach(() => void vi.restoreAllMocks());
  const corpus = encode({ title: "sentences", content: SENTENCE.repeat(20) });

  /** Begins a run, does something with it, and lets go of its file. */
  async function begin<T>(
    args: readonly string[],
    job: (session: Session) => T,
    learned = corpus,
  ): Promise<Awaited<T>> {
    const settings = parseSettings(args)!;
    using file = settings.checkpoint === undefined ? undefined : new RunFile(settings.checkpoint);
    const runtime = await load();
    const plan = await planRun(settings, learned, runtime, file, new AbortController().signal);
    return await job(new Session(plan, runtime, learned, settings));
  }

  function finish(args: readonly string[], signal = new AbortController().signal): Promise<Session> {
    return begin(args, async (session) => {
      await session.train(signal);
      return session;
    });
  }

  const itself = (session: Session) => session;

  function checkpoint(name: string): string[] {
    return ["--checkpoint", join(folder, "in", name)];
  }

  test("a run can be interrupted before its first step", async () => {
    const args = [...checkpoint("none"), "--steps", "12"];
    await expect(finish(args, AbortSignal.abort(new Error("early")))).rejects.toThrow("early");
    const resumed = await finish([...args, "--resume"]);
    const whole = await finish([...checkpoint("all"), "--steps", "12"]);
    expect(resumed.trainer.bits()).toEqual(whole.trainer.bits());
    expect(resumed.history.stateDict()).toEqual(whole.history.stateDict());
  });

  test("a run that is finished has nothing left to train, and its file stays as it is", async () => {
    const args = [...checkpoint("finished"), "--steps", "12"];
    const before = await finish(args);
    const bytes = readFileSync(args[1]!);
    const after = await finish([...args, "--resume"]);
    expect(after.history.here.steps).toBe(0);
    expect(after.history.stateDict()).toEqual(before.history.stateDict());
    expect(Buffer.compare(readFileSync(args[1]!), bytes)).toBe(0);
  });

  test("more steps go on where the schedule does not depend on them, to the same bits", async () => {
    const schedule = ["--schedule", "warmup(constant(0.01), 5)"];
    const args = [...checkpoint("longer"), ...schedule];
    await finish([...args, "--steps", "20"]);
    const longer = await finish([...args, "--steps", "70", "--resume"]);
    const whole = await finish([...checkpoint("long"), ...schedule, "--steps", "70"]);
    expect(longer.trainer.bits()).toEqual(whole.trainer.bits());
    expect(longer.history.early).toEqual(whole.history.early);
    expect(longer.history.losses).toEqual(whole.history.losses);
    await expect(begin([...args, "--steps", "69", "--resume"], itself)).rejects.toThrow(
      /after 70 steps, not 69 at most/,
    );
  });

  test("a rate that was found by trial is kept and not looked for again", async () => {
    const args = [...checkpoint("trials"), "--optimizer", "sgd", "--steps", "6"];
    await finish(args);
    using file = new RunFile(args[1]!);
    const settings = parseSettings([...args, "--resume"])!;
    const plan = await planRun(settings, corpus, await load(), file, AbortSignal.abort());
    expect(plan.recipe.rate).toBe(plan.saved!.rate);
    expect(plan.trials.length).toBeGreaterThan(1);
  });

  test("a mean over two batches is their mean gradient, and the loss their mean loss", async () => {
    const one = await begin(["--spikes", "none"], itself);
    const two = await begin(["--spikes", "none", "--accumulate", "2"], itself);
    const losses = [one.trainer.step().loss, 0];
    // The second batch from the same parameters: as if the first step had not been.
    const fresh = await begin(["--spikes", "none"], itself);
    fresh.trainer.parts.batches.position = one.trainer.parts.batches.position;
    losses[1] = fresh.trainer.step().loss;
    expect(two.trainer.step().loss).toBe((losses[0]! + losses[1]) / 2);
    expect(two.trainer.steps).toBe(1);
    const [a, b, mean] = [one, fresh, two].map(({ trainer }) => [
      ...trainer.network.parameters.get("output.bias").grad,
    ]);
    for (const [i, value] of mean!.entries()) expect(value).toBeCloseTo((a![i]! + b![i]!) / 2, 6);
  });

  test("what the guard did is told, the first times with reasons, apart from what was left out for others", () => {
    const history = new History();
    expect(describeGuarded(history)).toEqual([]);
    const reason = "the loss is NaN";
    for (let i = 0; i < 7; i++) {
      const found =
        i === 1 ? { applied: true, action: "step" } : { applied: false, action: "skip", cause: "nonFinite", reason };
      history.add({ step: i, loss: Number.NaN, ...(found as object), applied: found.applied });
    }
    const left = { step: 7, applied: false, loss: 1, reason: "lr is 0" };
    history.add(left);
    history.add({ ...left, action: "skip", cause: "optimizer" });
    history.add({ ...left, action: "skip", cause: "skipBatches" });
    const [[spikes, value], others] = describeGuarded(history) as [[string, string], [string, string]];
    expect(spikes).toBe("spikes");
    expect(others).toEqual([
      "left out",
      "3 in all; skip at step 8: lr is 0; skip at step 9: lr is 0; skip at step 10: lr is 0",
    ]);
    expect(value).toMatch(/^6 in all; skip at step 1: the loss is NaN; skip at step 3: .*; \.\.\.$/);
    expect(value.match(/at step/g)).toHaveLength(5);
  });

  describe("what is not of the same run is refused, and stays as it is", () => {
    const path = join(folder, "in", "refused");
    const args = ["--checkpoint", path, "--steps", "5"];
    const others: [string, string[], RegExp][] = [
      ["without --resume", args, /there is one already; --resume goes on from it/],
      ["seed", [...args, "--resume", "--seed", "2"], /made with --seed: 1, not 2/],
      ["rate", [...args, "--resume", "--lr", "0.5"], /made with --lr: 0\.003, not 0\.5/],
      ["optimizer", [...args, "--resume", "--optimizer", "Lion"], /made with --optimizer: AdamW, not Lion/],
      ["schedule", [...args, "--resume", "--schedule", "constant(1)"], /made with --schedule: undefined, not constant/],
      ["accumulation", [...args, "--resume", "--accumulate", "3"], /made with --accumulate: 1, not 3/],
      ["guard", [...args, "--resume", "--spikes", "clip"], /made with --spikes: skip, not clip/],
      ["steps", [...args, "--resume", "--steps", "50"], /begun with --steps 5; with 50 its learning rate would/],
      ["missing file", ["--checkpoint", `${path}.missing`, "--resume"], /no such file to resume from/],
      ["a folder", ["--checkpoint", folder, "--resume"], /which is a folder/],
      ["a file that is none", ["--checkpoint", text, "--resume"], /--checkpoint .*the text\.txt: /],
      ["a broken file", ["--checkpoint", `${path}.broken`, "--resume"], /--checkpoint .*refused\.broken: /],
      ["another checkpoint", ["--checkpoint", `${path}.other`, "--resume"], /not a checkpoint of this command/],
      ["a damaged history", ["--checkpoint", `${path}.damaged`, "--steps", "5", "--resume"], /history .* is damaged/],
    ];

    test.for(others)("%s", async ([, given, message], { onTestFinished }) => {
      await finish(args);
      onTestFinished(() => rmSync(path));
      const bytes = readFileSync(path);
      writeFileSync(`${path}.broken`, bytes.subarray(0, bytes.length - 1));
      saveCheckpoint(`${path}.other`, { model: (await load()).parameters({ w: [2] }) });
      const whole = await begin([...args, "--resume"], itself);
      const { run } = loadCheckpoint(path, {}, { strict: false }).data;
      const [monitor, history] = [{ skipped: 0, nonFinite: 0, recent: [] }, { losses: [1] }].map((state) => ({
        stateDict: () => state,
        loadStateDict: () => {},
      }));
      saveCheckpoint(`${path}.damaged`, { run, ...whole.trainer.parts, monitor, history });
      await expect(begin(given, itself)).rejects.toThrow(message);
      expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
    });

    test("text", async () => {
      await finish(args);
      const other = encode({ title: "others", content: SENTENCE.repeat(21) });
      await expect(begin([...args, "--resume"], itself, other)).rejects.toThrow(/another text: sentences, not others/);
    });
  });
});

test("the command that resumes can be given to a shell as it is", () => {
  expect(resumeCommand(["--out", "a b", "--lr=1"])).toBe("npm start -- --out 'a b' --lr=1 --resume");
  expect(resumeCommand(["--resume", "--text", "it's"])).toBe("npm start -- --resume --text 'it'\\''s'");
});
