/** Twin of assembly/layer/activation.ts. */
import type { Views } from "../../heap.ts";
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

export function silu(memory: Views, x: number, y: number, n: number): void {
  forward(memory, x, y, n, (value) => value / round(1 + elementary.exp(round(0 - value))));
}

export function siluBackward(memory: Views, x: number, dy: number, dx: number, n: number): void {
  backward(memory, x, dy, dx, n, (given) => {
    const value = bounded(given);
    const s = elementary.sigmoid(value);
    return round(s * mulAdd(value, round(1 - s), 1));
  });
}

const ROOT_HALF = round(Math.SQRT1_2);
const DENSITY_AT_0 = round(0.39894228);

const normalBelow = (x: number) => mulAdd(0.5, elementary.erf(round(x * ROOT_HALF)), 0.5);

export function gelu(memory: Views, x: number, y: number, n: number): void {
  forward(memory, x, y, n, (value) => value * normalBelow(value));
}

export function geluBackward(memory: Views, x: number, dy: number, dx: number, n: number): void {
  backward(memory, x, dy, dx, n, (given) => {
    const value = bounded(given);
    const density = elementary.exp(-0.5 * round(value * value));
    return mulAdd(round(value * DENSITY_AT_0), density, normalBelow(value));
  });
}

/** 2 sqrt(2 / pi), and that times 0.044715 and 3 times 0.044715. */
const LINEAR = round(1.59576912);
const CUBIC = round(0.0713548162);
const CUBIC_RATE = round(0.214064449);

const twiceInner = (x: number) => round(x * mulAdd(CUBIC, round(x * x), LINEAR));

export function geluTanh(memory: Views, x: number, y: number, n: number): void {
  forward(memory, x, y, n, (value) => {
    const away = round(0 - twiceInner(bounded(value)));
    return value / round(1 + elementary.exp(away));
  });
}

export function geluTanhBackward(memory: Views, x: number, dy: number, dx: number, n: number): void {
  backward(memory, x, dy, dx, n, (given) => {
    const value = bounded(given);
    const s = elementary.sigmoid(twiceInner(value));
    const rate = mulAdd(CUBIC_RATE, round(value * value), LINEAR);
    return mulAdd(s, round(round(value * rate) * round(1 - s)), s);
  });
}
