/** Twin of assembly/layer/activation.ts. */
import type { Views } from "../../../memory/heap.ts";
import { atLeast, clip, mulAdd, f32 as round } from "../lanes.ts";
import * as elementary from "../math.ts";

function forward({ f32 }: Views, x: number, y: number, n: number, activation: (x: number) => number): void {
  for (let i = 0; i < n; i++) f32[(y >>> 2) + i] = activation(f32[(x >>> 2) + i]!);
}

/** dx = dy slope(of), where `of` is the input or the output. */
function backward(
  { f32 }: Views,
  of: number,
  dy: number,
  dx: number,
  n: number,
  slope: (value: number) => number,
): void {
  for (let i = 0; i < n; i++) f32[(dx >>> 2) + i] = f32[(dy >>> 2) + i]! * slope(f32[(of >>> 2) + i]!);
}

export function tanh(memory: Views, x: number, y: number, n: number): void {
  forward(memory, x, y, n, elementary.tanh);
}

export function tanhBackward(memory: Views, y: number, dy: number, dx: number, n: number): void {
  backward(memory, y, dy, dx, n, (value) => round(1 - round(value * value)));
}

export function relu(memory: Views, x: number, y: number, n: number): void {
  forward(memory, x, y, n, (value) => atLeast(value, 0));
}

export function reluBackward({ f32 }: Views, y: number, dy: number, dx: number, n: number): void {
  for (let i = 0; i < n; i++) f32[(dx >>> 2) + i] = f32[(y >>> 2) + i] === 0 ? 0 : f32[(dy >>> 2) + i]!;
}

export function sigmoid(memory: Views, x: number, y: number, n: number): void {
  forward(memory, x, y, n, elementary.sigmoid);
}

export function sigmoidBackward(memory: Views, y: number, dy: number, dx: number, n: number): void {
  backward(memory, y, dy, dx, n, (value) => round(value * round(1 - value)));
}

const bounded = (x: number) => clip(x, -128, 128);

/** `parts` gives what the input is multiplied by, and the slope. */
function withSlope(
  { f32 }: Views,
  x: number,
  y: number,
  slope: number,
  n: number,
  parts: (near: number) => [factor: number, slope: number],
): void {
  for (let i = 0; i < n; i++) {
    const value = f32[(x >>> 2) + i]!;
    const [factor, rate] = parts(bounded(value));
    f32[(y >>> 2) + i] = value * factor;
    f32[(slope >>> 2) + i] = rate;
  }
}

/** A sigmoid and 1 minus it. */
function sides(x: number): [s: number, complement: number] {
  const decay = elementary.exp(round(0 - x));
  const s = round(1 / round(1 + decay));
  return [s, s < 0.5 ? round(1 - s) : round(decay * s)];
}

export function silu(memory: Views, x: number, y: number, slope: number, n: number): void {
  withSlope(memory, x, y, slope, n, (near) => {
    const [s, complement] = sides(near);
    return [s, s * mulAdd(near, complement, 1)];
  });
}

const TAIL = [
  -0.07165627782285515, 0.28358841950619496, -0.3302530897483746, 0.34940068441413524, -0.09392499271889604,
  0.1248726415498839, 0.06919219054070869, 0.08506885528408524, 0.08371157580304935,
].map(round);
const DENSITY_AT_0 = round(0.39894228);

function tailRatio(a: number): number {
  const t = round(1 / mulAdd(round(0.21), a, 1));
  return round(elementary.polynomial(t, TAIL) * t);
}

export function gelu(memory: Views, x: number, y: number, slope: number, n: number): void {
  withSlope(memory, x, y, slope, n, (near) => {
    const bell = elementary.exp(-0.5 * round(near * near));
    const tail = round(bell * tailRatio(Math.abs(near)));
    const below = near < 0 ? tail : round(1 - tail);
    return [below, mulAdd(round(near * DENSITY_AT_0), bell, below)];
  });
}

/** 2 sqrt(2 / pi), and that times 0.044715 and 3 times 0.044715. */
const LINEAR = round(1.59576912);
const CUBIC = round(0.0713548162);
const CUBIC_RATE = round(0.214064449);

export function geluTanh(memory: Views, x: number, y: number, slope: number, n: number): void {
  withSlope(memory, x, y, slope, n, (near) => {
    const square = round(near * near);
    const [s, complement] = sides(round(near * mulAdd(CUBIC, square, LINEAR)));
    const rate = mulAdd(CUBIC_RATE, square, LINEAR);
    return [s, mulAdd(s, round(round(near * rate) * complement), s)];
  });
}
