/** The benchmark runs, covers what there is, and measures something. Its figures are not judged here. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

interface Row {
  name: string;
  kind: string;
  elements: number;
  backend: string;
  ns: number;
  gigabytesPerSecond: number;
  ofCopy: number;
  timesSimd: number;
}

const root = new URL("../..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

const bench = (...args: string[]) => ["--import", "tsx", "bench/main.ts", ...args];

test("times a kernel and an optimizer under each backend, for people and for machines", () => {
  const json = join(folder, "figures.json");
  const args = bench("--quick", "--filter", "lion", "--sizes", "2048", "--max-time", "0.02", "--json", json);
  const table = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  const { environment, rows } = JSON.parse(readFileSync(json, "utf8")) as { environment: object; rows: Row[] };
  expect(environment).toMatchObject({ node: process.version, cpu: expect.any(String), date: expect.any(String) });
  for (const backend of ["simd", "scalar", "reference"]) {
    for (const name of ["lion", "Lion"]) {
      const row = rows.find((candidate) => candidate.name === name && candidate.backend === backend)!;
      expect(row.elements).toBe(2048);
      for (const figure of [row.ns, row.gigabytesPerSecond, row.ofCopy, row.timesSimd])
        expect(figure).toBeGreaterThan(0);
      expect(table).toMatch(new RegExp(`^${name} .*${backend}`, "m"));
    }
  }
});

test("a filter that nothing has is an error in one line", () => {
  const { status, stderr } = spawnSync(process.execPath, bench("--filter", "nothing like it"), {
    cwd: root,
    encoding: "utf8",
  });
  expect(status).toBe(1);
  expect(stderr.trim()).toBe('error: no kernel or optimizer has "nothing like it" in its name');
});
