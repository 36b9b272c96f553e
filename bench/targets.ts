/** Times what this package promises beside the comparison with C. */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSettings } from "../examples/gpt/options.ts";
import { Trainer } from "../examples/gpt/trainer.ts";
import { encode } from "../examples/support/corpus.ts";
import { clipGradNorm, gradNorm } from "../src/gradients/clip.ts";
import { gemm } from "../src/linalg/gemm.ts";
import { crossEntropy } from "../src/losses/crossEntropy.ts";
import type { StepOptions } from "../src/optim/define/measure.ts";
import { AdamW } from "../src/optim/index.ts";
import { normal, Random } from "../src/tensor/random.ts";
import { load, type Runtime } from "../src/tensor/runtime.ts";
import { clockGHz } from "./clock.ts";
import { fillFloats, fillIndices } from "./inputs.ts";
import { interleave, processorSecondsEach, type Spread, secondsEach } from "./spread.ts";

function report(what: string, figure: string, target: string, met: boolean): void {
  console.log(`${what.padEnd(44)}${figure.padEnd(54)}target ${target}: ${met ? "met" : "missed"}`);
}

/** A ratio of two spreads, by minimum and by median. */
function ratio(a: Spread, b: Spread): string {
  return `${(a.min / b.min).toFixed(2)} x (median ${(a.median / b.median).toFixed(2)} x)`;
}

/** AdamW over `tensors` parameters of `size` elements each. */
function adamOver(runtime: Runtime, tensors: number, size: number) {
  const names = Array.from({ length: tensors }, (_, i) => [`w${i}`, [size]] as const);
  const params = runtime.parameters(Object.fromEntries(names));
  for (const { data, grad } of params) {
    fillFloats(data, 0);
    fillFloats(grad, 1);
  }
  const optimizer = new AdamW(params, { lr: 1e-3 });
  secondsEach(20, () => optimizer.step());
  return { params, optimizer };
}

/** A step of the same. */
function adamStep(runtime: Runtime, tensors: number, size: number): (options?: StepOptions) => unknown {
  const { optimizer } = adamOver(runtime, tensors, size);
  return (options) => optimizer.step(options);
}

async function timeScalar(): Promise<void> {
  const elements = 64 << 10;
  const steps = await Promise.all(
    (["simd", "scalar"] as const).map(async (backend) => adamStep(await load({ backend }), 1, elements)),
  );
  const [simd, scalar] = interleave(60, ...steps.map((step) => () => secondsEach(50, step))) as [Spread, Spread];
  report("AdamW, 64 Ki: scalar / simd", ratio(scalar, simd), ">= 2.5 x", scalar.min / simd.min >= 2.5);
}

async function timeTensors(): Promise<void> {
  const runtime = await load({ backend: "simd" });
  const steps = [adamStep(runtime, 1000, 1000), adamStep(runtime, 1, 1_000_000)];
  const [many, one] = interleave(30, ...steps.map((step) => () => secondsEach(20, step))) as [Spread, Spread];
  report("AdamW, 1000 tensors of 1000 / one of 1e6", ratio(many, one), "<= 1.05 x", many.min / one.min <= 1.05);
}

/** What clipping adds to a step beside the pass that takes the norm. */
async function timeClipping(): Promise<void> {
  const { params, optimizer } = adamOver(await load({ backend: "simd" }), 1000, 1000);
  const turns = [
    () => clipGradNorm(params, 1) && optimizer.step(),
    () => gradNorm(params) && optimizer.step(),
    () => optimizer.step(),
  ];
  for (const turn of turns) secondsEach(100, turn);
  const [clipped, measured, plain] = interleave(
    400,
    ...turns.map((turn) => () => processorSecondsEach(5, turn)),
  ) as Spread[];
  const share = (of: "min" | "median") => 1 + (clipped![of] - measured![of]) / plain![of];
  report(
    "AdamW, 1000 tensors of 1000: clipped / not",
    `${share("min").toFixed(2)} x (median ${share("median").toFixed(2)} x) beside the norm`,
    "<= 1.05 x",
    share("median") <= 1.05,
  );
}

/** Monitoring: a step that reports norms beside one that does not, on the same parameters. */
async function timeNorms(): Promise<void> {
  const step = adamStep(await load({ backend: "simd" }), 1, 16 << 20);
  const norms = { norms: true } as const;
  secondsEach(5, () => step(norms));
  const turns = [() => secondsEach(1, step), () => secondsEach(1, () => step(norms))];
  const [plain, measured] = interleave(200, ...turns) as [Spread, Spread];
  report("AdamW, 16 Mi: with norms / without", ratio(measured, plain), "<= 1.15 x", measured.min / plain.min <= 1.15);
}

/** A product of square matrices. */
function product(runtime: Runtime, side: number): () => void {
  const [a, b, c] = Array.from({ length: 3 }, () => runtime.tensor([side, side])) as [Matrix, Matrix, Matrix];
  fillFloats(a.data, 0);
  fillFloats(b.data, 1);
  secondsEach(3, () => gemm(a, b, c));
  return () => gemm(a, b, c);
}

/** A training step of the GPT of the examples at its default size, of the rate of matrix products in turns. */
async function timeGpt(): Promise<void> {
  const side = 512;
  const random = new Random(1, "text");
  const letters = Array.from({ length: 20_000 }, () => String.fromCharCode(32 + random.below(65)));
  const runtime = await load({ backend: "simd" });
  const trainer = new Trainer(
    runtime,
    encode({ title: "letters", content: letters.join("") }),
    parseSettings([])!.settings,
  );
  secondsEach(5, () => trainer.step());
  const multiply = product(runtime, side);
  const turns = [() => processorSecondsEach(1, () => trainer.step()), () => processorSecondsEach(10, multiply)];
  const [step, multiplied] = interleave(60, ...turns) as [Spread, Spread];
  const share = (of: "min" | "median") => (trainer.flopsPerStep / step[of]) * (multiplied[of] / (2 * side ** 3));
  report(
    `GPT step, ${(trainer.network.parameters.size / 1e6).toFixed(2)} M parameters x ${trainer.tokensPerStep} tokens`,
    `${(1e3 * step.min).toFixed(1)} ms, ${share("min").toFixed(2)} of the rate of gemm (median ${share("median").toFixed(2)})`,
    ">= 0.60",
    share("min") >= 0.6,
  );
}

async function timeGemm(): Promise<void> {
  const side = 512;
  const multiply = product(await load({ backend: "simd" }), side);
  const clocks: number[] = [];
  const [seconds] = interleave(40, () => {
    clocks.push(clockGHz());
    return secondsEach(1, multiply);
  });
  const clock = Math.max(...clocks);
  const rate = (2 * side ** 3) / (seconds!.min * 1e9);
  const goal = Math.min(18, 0.7 * 8 * clock);
  report(
    `gemm, ${side} x ${side} x ${side}`,
    `${rate.toFixed(1)} GFLOP/s, ${(rate / (8 * clock)).toFixed(2)} of 4 lanes x 2 x ${clock.toFixed(2)} GHz`,
    `>= ${goal.toFixed(1)} GFLOP/s`,
    rate >= goal,
  );
}

/** Softmax cross-entropy with its gradient against one exp and one scale over the same rows, each row while in cache. */
async function timeCrossEntropy(): Promise<void> {
  const [rows, classes] = [64, 50_257];
  const runtime = await load({ backend: "simd" });
  const [logits, gradient] = [runtime.tensor([rows, classes]), runtime.tensor([rows, classes])];
  const [targets, losses] = [runtime.tensor([rows], { type: "u32" }), runtime.tensor([rows])];
  normal(logits, { seed: 1, name: "logits" });
  fillIndices(targets.data, classes);
  const { exp, scale } = runtime.unchecked;
  const sweeps = () => {
    for (let row = 0; row < rows; row++) {
      const at = gradient.pointer + 4 * row * classes;
      exp(logits.pointer + 4 * row * classes, at, classes);
      scale(at, at, classes, 0.5);
    }
  };
  const runs = [() => crossEntropy(logits, targets, { losses, gradient }), sweeps];
  const [loss, swept] = interleave(60, ...runs.map((run) => () => secondsEach(1, run))) as [Spread, Spread];
  const what = `cross-entropy, ${rows} x ${classes} / exp and scale`;
  report(what, ratio(loss, swept), "<= 1.40 x", loss.min / swept.min <= 1.4);
}

type Matrix = ReturnType<typeof Runtime.prototype.tensor<"f32">>;

function timeColdStart(): void {
  const script = fileURLToPath(new URL("coldStart.js", import.meta.url));
  const [ms] = interleave(10, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
    if (status !== 0) throw new Error(`${script} failed; it needs "npm run build":\n${stderr}`);
    return Number(stdout);
  });
  const figure = `${ms!.min.toFixed(1)} ms (median ${ms!.median.toFixed(1)} ms)`;
  report("load() to the end of the first step", figure, "< 25 ms", ms!.median < 25);
}

function weigh(): void {
  for (const variant of ["simd", "scalar"]) {
    const { size } = statSync(new URL(`../build/${variant}.wasm`, import.meta.url));
    report(`build/${variant}.wasm`, `${size} bytes`, "< 64 KB", size < 64_000);
  }
}

export async function timeTargets(): Promise<void> {
  await timeScalar();
  await timeTensors();
  await timeClipping();
  await timeNorms();
  await timeCrossEntropy();
  await timeGpt();
  await timeGemm();
  console.log("  (the clock is measured: a chain of dependent integer operations, one cycle each)");
  timeColdStart();
  weigh();
}
