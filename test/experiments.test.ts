import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { afterAll, expect, test, vi } from "vitest";
import type { Experiment, Outcome } from "../examples/experiments/experiment.ts";
import { mup } from "../examples/experiments/mup.ts";
import { perform } from "../examples/experiments/perform.ts";

const folder = mkdtempSync(join(tmpdir(), "experiments-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Seconds of work, more on a machine that has other things to do. */
const PATIENCE = 120_000;

test("mup: the best learning rate at width 64 is the best at 512 in muP, and only there", {
  timeout: PATIENCE,
}, async () => {
  const print = vi.spyOn(console, "log").mockImplementation(() => {});
  expect(await perform(mup, join(folder, "new"))).toBe(true);
  const printed = print.mock.calls.join("\n");
  print.mockRestore();
  expect(printed).toContain("standard parametrisation: best lr 2^-6 at width 64, 2^-7 at 512");
  expect(printed).toContain("muP, from width 64: best lr 2^-6 at width 64, 2^-6 at 512");
  expect(printed).toContain(`holds: ${mup.description}`);
  const svg = readFileSync(join(folder, "new", "mup.svg"), "utf8");
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  const drawn = parseHTML(svg).document;
  expect(drawn.querySelectorAll('[aria-label="line"] path')).toHaveLength(8);
  expect(drawn.querySelectorAll('[aria-label="dot"] circle')).toHaveLength(8);
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
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "examples/experiments/main.ts", "none"], {
    cwd: new URL("..", import.meta.url).pathname,
    encoding: "utf8",
  });
  expect(status).toBe(2);
  expect(stderr).toContain(`mup         ${mup.description}`);
});
