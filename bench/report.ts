import type { Backend } from "../src/kernels/engine.ts";
import type { Spread } from "./spread.ts";
import type { Subject, Trial } from "./subject.ts";

/** One measured row, or why there is none. Everything but `medianNs` comes from the fastest sample. */
export interface Row {
  readonly kind: Subject["kind"];
  readonly name: string;
  readonly elements: number;
  readonly backend: Backend;
  readonly skipped?: string;
  readonly ns?: number;
  readonly medianNs?: number;
  readonly gigabytesPerSecond?: number;
  /** Share of the speed at which the copy kernel moves bytes over arrays of this size. */
  readonly ofCopy?: number;
  /** Time as a multiple of the simd backend's. */
  readonly timesSimd?: number;
  readonly gigaflops?: number;
  /** Whether values were still ordinary at the end. */
  readonly ordinary?: boolean;
}

export function bytesPerNs({ bytes }: Trial, { min }: Spread): number {
  return bytes / (min * 1e9);
}

/** What a measurement says. */
export function figures(trial: Trial, spread: Spread, copy: number, simd: Spread | undefined) {
  const speed = bytesPerNs(trial, spread);
  return {
    ns: (spread.min * 1e9) / trial.elements,
    medianNs: (spread.median * 1e9) / trial.elements,
    gigabytesPerSecond: speed,
    ofCopy: speed / copy,
    ...(simd === undefined ? {} : { timesSimd: spread.min / simd.min }),
    ...(trial.flops === undefined ? {} : { gigaflops: trial.flops / (spread.min * 1e9) }),
  };
}

/** 65536 as "64 Ki". */
export function formatCount(count: number): string {
  const unit = ["", " Ki", " Mi", " Gi"].findLastIndex((_, i) => count % 1024 ** i === 0);
  return `${count / 1024 ** Math.max(unit, 0)}${["", " Ki", " Mi", " Gi"][Math.max(unit, 0)]}`;
}

const HEADINGS = ["size", "backend", "ns/element", "median", "GB/s", "of copy", "x simd", "GFLOP/s"];
const WIDTHS = [8, 9, 10, 8, 7, 7, 7, 7];

/** A table that is printed row by row, as figures come in. */
export class Table {
  readonly #nameWidth: number;

  constructor(names: readonly string[]) {
    this.#nameWidth = Math.max(...names.map((name) => name.length));
  }

  heading(): string {
    return this.#line("", HEADINGS);
  }

  row(row: Row): string {
    const start = [formatCount(row.elements), row.backend];
    if (row.skipped !== undefined) return `${this.#line(row.name, start)}  skipped: ${row.skipped}`;
    const numbers: [number | undefined, number][] = [
      [row.ns, 3],
      [row.medianNs, 3],
      [row.gigabytesPerSecond, 1],
      [row.ofCopy, 2],
      [row.timesSimd, 2],
      [row.gigaflops, 1],
    ];
    const cells = numbers.map(([value, digits]) => value?.toFixed(digits) ?? "");
    const note = row.ordinary === false ? "  values drifted out of the ordinary" : "";
    return this.#line(row.name, [...start, ...cells]) + note;
  }

  #line(name: string, cells: readonly string[]): string {
    const padded = cells.map((cell, i) => (i === 1 ? cell.padEnd(WIDTHS[i]!) : cell.padStart(WIDTHS[i]!)));
    return `${name.padEnd(this.#nameWidth)}  ${padded.join("  ")}`.trimEnd();
  }
}
