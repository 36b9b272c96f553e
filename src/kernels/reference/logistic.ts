/** Twin of assembly/logistic.ts. */
import { atLeast, f32 } from "./lanes.ts";
import { exp, logNear } from "./math.ts";

const LIMIT = f32(0.41421356);

export function tailOf(x: number): number {
  return exp(-Math.abs(x));
}

export function log1pTail(tail: number): number {
  return tail > LIMIT ? logNear(f32(f32(tail - 1) * 0.5), 1) : logNear(tail, 0);
}

export function softplus(x: number, log1p: number): number {
  return f32(atLeast(x, 0) + log1p);
}

export function logisticOfMagnitude(tail: number): number {
  return f32(1 / f32(1 + tail));
}

export function logistic(x: number, tail: number, ofMagnitude: number): number {
  return x < 0 ? f32(tail * ofMagnitude) : ofMagnitude;
}
