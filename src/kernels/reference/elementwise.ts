/** Twin of assembly/elementwise.ts. */
import type { Views } from "../../memory/heap.ts";
import { clip, mulAdd, f32 as round } from "./lanes.ts";
import * as elementary from "./math.ts";

export function fill({ f32 }: Views, y: number, n: number, value: number): void {
  f32.fill(value, y >>> 2, (y >>> 2) + n);
}

export function copy({ u32 }: Views, x: number, y: number, n: number): void {
  u32.copyWithin(y >>> 2, x >>> 2, (x >>> 2) + n);
}

export function pick({ u32 }: Views, x: number, y: number, n: number, every: number): void {
  for (let i = 0; i < n; i++) u32[(y >>> 2) + i] = u32[(x >>> 2) + i * every]!;
}

export function scale({ f32 }: Views, x: number, y: number, n: number, alpha: number): void {
  const by = round(alpha);
  for (let i = 0; i < n; i++) f32[(y >>> 2) + i] = by * f32[(x >>> 2) + i]!;
}

export function axpy({ f32 }: Views, x: number, y: number, n: number, alpha: number): void {
  const by = round(alpha);
  for (let i = 0; i < n; i++) f32[(y >>> 2) + i] = mulAdd(by, f32[(x >>> 2) + i]!, f32[(y >>> 2) + i]!);
}

export function multiply({ f32 }: Views, x: number, y: number, z: number, n: number): void {
  for (let i = 0; i < n; i++) f32[(z >>> 2) + i] = f32[(x >>> 2) + i]! * f32[(y >>> 2) + i]!;
}

export function lerp({ f32 }: Views, x: number, y: number, n: number, weight: number): void {
  const by = round(weight);
  for (let i = 0; i < n; i++) {
    const from = f32[(y >>> 2) + i]!;
    f32[(y >>> 2) + i] = mulAdd(by, round(f32[(x >>> 2) + i]! - from), from);
  }
}

export function clamp({ f32 }: Views, x: number, y: number, n: number, low: number, high: number): void {
  for (let i = 0; i < n; i++) f32[(y >>> 2) + i] = clip(f32[(x >>> 2) + i]!, round(low), round(high));
}

function map({ f32 }: Views, x: number, y: number, n: number, fn: (x: number) => number): void {
  for (let i = 0; i < n; i++) f32[(y >>> 2) + i] = fn(f32[(x >>> 2) + i]!);
}

export function exp(memory: Views, x: number, y: number, n: number): void {
  map(memory, x, y, n, elementary.exp);
}

export function log(memory: Views, x: number, y: number, n: number): void {
  map(memory, x, y, n, elementary.log);
}
