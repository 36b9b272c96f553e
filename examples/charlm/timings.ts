/** Words for what the benchmark measured. */
import type { Backend } from "simd-optim";
import { count } from "../support/count.ts";
import { BACKENDS, type Row } from "./benchmark.ts";

/** A parameter count as people say it: 65536 is 64 Ki. */
export function sizeName(parameters: number): string {
  if (parameters % 2 ** 20 === 0) return `${count(parameters / 2 ** 20)} Mi`;
  if (parameters % 2 ** 10 === 0) return `${count(parameters / 2 ** 10)} Ki`;
  return count(parameters);
}

/** Three significant digits. */
export function timeName(nanoseconds: number): string {
  return nanoseconds.toPrecision(3);
}

/** How many times as long as SIMD a backend takes; undefined for SIMD itself, or where either was not measured. */
export function ratioToSimd({ nanoseconds }: Row, backend: Backend): number | undefined {
  const { simd, [backend]: time } = nanoseconds;
  return backend === "simd" || simd === undefined || time === undefined ? undefined : time / simd;
}

/** The table that is printed: a row for each size, a column for each backend, and the ratios to SIMD. */
export function timingsTable(rows: readonly Row[]): string {
  const head = ["AdamW, ns/parameter".padEnd(22), ...BACKENDS.map((backend) => backend.padEnd(18))];
  const body = rows.map((row) => [
    `  ${sizeName(row.parameters)} parameters`.padEnd(22),
    ...BACKENDS.map((backend) => cell(row, backend).padEnd(18)),
  ]);
  return [head, ...body].map((cells) => cells.join("").trimEnd()).join("\n");
}

function cell(row: Row, backend: Backend): string {
  const time = row.nanoseconds[backend];
  if (time === undefined) return "not measured";
  const ratio = ratioToSimd(row, backend);
  return timeName(time).padStart(6) + (ratio === undefined ? "" : `  ${`${ratio.toFixed(1)}\u00d7`.padStart(5)}`);
}
