import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { load } from "simd-optim";
import { afterAll, expect, test, vi } from "vitest";
import { batch } from "../../examples/experiments/batch.ts";
import { decay } from "../../examples/experiments/decay.ts";
import { doubleDescent } from "../../examples/experiments/doubleDescent.ts";
import type { Experiment, Outcome } from "../../examples/experiments/experiment.ts";
import { grokking } from "../../examples/experiments/grokking.ts";
import { leastSquares } from "../../examples/experiments/linearSystem.ts";
import { minima } from "../../examples/experiments/minima.ts";
import { mup } from "../../examples/experiments/mup.ts";
import { perform } from "../../examples/experiments/perform.ts";
import { Sharpness } from "../../examples/experiments/sharpness.ts";
import { sparse } from "../../examples/experiments/sparse.ts";
import { warmup } from "../../examples/experiments/warmup.ts";
import { wsd } from "../../examples/experiments/wsd.ts";
import { zipf } from "../../examples/experiments/zipf.ts";
import { commandOf } from "../support/commands.ts";
import { swept } from "../support/sweep.ts";

const folder = mkdtempSync(join(tmpdir(), "experiments-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** How many curves each draws, dashed ones included, and a line that it prints. */
const cases: readonly (readonly [Experiment, curves: number, line: string])[] = [
  [batch, 6, "that of batch 64 is 4.97 mnat away with lr x 8, 0.62 with lr x sqrt 8"],
  [decay, 8, "AdamW, decoupled decay: best loss 0.785 to 0.777"],
  [doubleDescent, 3, "falls to 0.118 with 60 features, rises to 5.91 with 100 features"],
  [grokking, 2, "training accuracy reaches 95 % by step"],
  [minima, 16, "ends in the valley of sharpness 5; the network settles at 10.0, 1.00 of 2 / lr"],
  [mup, 8, "muP, from width 64: best lr 2^-6 at width 64, 2^-6 at 512"],
  [sparse, 3, "L1, subgradient: 0 of 256 weights are 0"],
  [warmup, 4, "gradual warm-up: loss 0.295"],
  [wsd, 2, "is at 0.8879 before its cool-down and ends at 0.8434"],
  [zipf, 8, "Zipf labels, SGD at its best lr 2: loss 2.906, 3.431 on the rare half"],
];

const quick = [doubleDescent, sparse];

test.each(
  swept(
    cases,
    cases.filter(([experiment]) => quick.includes(experiment)),
  ),
)("$name", async (experiment, curves, line) => {
  const print = vi.spyOn(console, "log").mockImplementation(() => {});
  const held = await perform(experiment, join(folder, "new"), { reduced: true });
  const printed = print.mock.calls.join("\n");
  print.mockRestore();
  expect(held, printed).toBe(true);
  expect(printed).toContain(line);
  expect(printed).toContain(`holds: ${experiment.description}`);
  const svg = readFileSync(join(folder, "new", `${experiment.name}.svg`), "utf8");
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  expect(parseHTML(svg).document.querySelectorAll('[aria-label="line"] path')).toHaveLength(curves);
});

test("least squares: the solution where there is one, the shortest of many, and the ridge between", () => {
  const near = (got: Float64Array, expected: number[]) => {
    expect(got).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) expect(got[i]).toBeCloseTo(value, 12);
  };
  // By hand: A^T A = [[2, 1], [1, 5]], A^T b = [3, 6]; and with 1 on the diagonal [[3, 1], [1, 6]].
  const tall = { rows: 3, columns: 2, data: [1, 0, 0, 2, 1, 1] };
  near(leastSquares(tall, [1, 2, 2], 0), [1, 1]);
  near(leastSquares(tall, [1, 2, 2], 1), [12 / 17, 15 / 17]);
  // The shortest w with w1 + 2 w2 = 5.
  near(leastSquares({ rows: 1, columns: 2, data: [1, 2] }, [5], 0), [1, 2]);
  near(leastSquares({ rows: 1, columns: 2, data: [1, 2] }, [5], 5), [0.5, 1]);
});

test("sharpness: the largest eigenvalue, with the parameters as they were", async () => {
  const runtime = await load();
  const params = runtime.parameters({ a: [2], b: [1] });
  const [a, b] = [params.get("a"), params.get("b")];
  a.data.set([0.5, -0.25]);
  // Of a quadratic form with eigenvalues 9, 5 and 3.
  const gradient = () => {
    const [x, y, z] = [a.data[0]!, a.data[1]!, b.data[0]!];
    a.grad.set([7 * x + 2 * y, 2 * x + 7 * y]);
    b.grad.set([3 * z]);
  };
  expect(new Sharpness(runtime, params, gradient, 1).measure()).toBeCloseTo(9, 3);
  expect([...a.data, ...b.data]).toEqual([0.5, -0.25, 0]);
});

test("an experiment whose claim does not hold says so", async () => {
  const series = [{ name: "a", panel: "p", points: [{ x: 0, y: 0 }] }];
  const figure: Outcome["figure"] = { description: "", x: { label: "x" }, y: { label: "y" }, series };
  const print = vi.spyOn(console, "log").mockImplementation(() => {});
  const run = async () => ({ figure, lines: [], passed: false });
  const experiment: Experiment = { name: "wrong", description: "All is well.", run };
  expect(await perform(experiment, folder)).toBe(false);
  expect(print.mock.calls.join()).toContain("does not hold: All is well.");
  print.mockRestore();
});

test("without the name of one, the command lists them", () => {
  const { status, stderr } = spawnSync(process.execPath, [commandOf("experiments/main"), "none"], {
    encoding: "utf8",
  });
  expect(status).toBe(2);
  for (const [{ description }] of cases) expect(stderr).toContain(description);
});
