/** What is said of a run: names and values, which are printed before and after it and listed in its report. */
import { cpus } from "node:os";
import type { Runtime } from "simd-optim";
import { printable } from "./corpus.ts";
import { rounded } from "./count.ts";

export type Description = readonly (readonly [name: string, value: string])[];

/** A name and its value. */
export function line(name: string, value: string): void {
  console.log(`${name.padEnd(15)}${printable(value)}`);
}

export function lines(description: Description): void {
  for (const [name, value] of description) line(name, value);
}

/** The losses of a run that is going on. */
export function losses(loss: number, heldOut: number): string {
  return `loss ${rounded(loss)}, held out ${rounded(heldOut)}`;
}

/** What runs it. */
export function describeMachine({ backend, reason }: Runtime): Description {
  return [
    ["backend", `${backend}: ${reason}`],
    ["computer", `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus()[0]?.model ?? "unknown"}`],
  ];
}

/** A table of texts: the first column to the left, the others to the right. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "))
    .join("\n");
}
