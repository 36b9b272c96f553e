/** Twin of assembly/layer/rows.ts. */
import type { Views } from "../../../memory/heap.ts";
import { f32 as round } from "../lanes.ts";

export function gatherRows(
  { f32, u32 }: Views,
  table: number,
  index: number,
  out: number,
  rows: number,
  columns: number,
  _height: number,
): void {
  for (let i = 0; i < rows; i++) {
    const from = (table >>> 2) + u32[(index >>> 2) + i]! * columns;
    f32.copyWithin((out >>> 2) + i * columns, from, from + columns);
  }
}

export function scatterAddRows(
  { f32, u32 }: Views,
  x: number,
  index: number,
  table: number,
  rows: number,
  columns: number,
  _height: number,
): void {
  for (let i = 0; i < rows; i++) {
    const to = (table >>> 2) + u32[(index >>> 2) + i]! * columns;
    for (let j = 0; j < columns; j++) f32[to + j]! += f32[(x >>> 2) + i * columns + j]!;
  }
}

export function repeatRow({ u32 }: Views, x: number, y: number, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) u32.copyWithin((y >>> 2) + i * columns, x >>> 2, (x >>> 2) + columns);
}

export function addBias({ f32 }: Views, bias: number, y: number, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) f32[(y >>> 2) + i * columns + j]! += f32[(bias >>> 2) + j]!;
  }
}

const BLOCK = 64;

export function sumRows({ f32 }: Views, x: number, out: number, rows: number, columns: number): void {
  for (let j = 0; j < columns; j++) {
    for (let row = 0; row < rows; row += BLOCK) {
      let s = 0;
      for (let i = row; i < Math.min(row + BLOCK, rows); i++) s = round(s + f32[(x >>> 2) + i * columns + j]!);
      f32[(out >>> 2) + j]! += s;
    }
  }
}
