/** Twin of assembly/moments.ts: new values of old ones, which the caller stores. */
import { mulAdd, f32 as round } from "./lanes.ts";

export function first(m: number, x: number, beta: number, gain: number): number {
  return mulAdd(beta, m, round(gain * x));
}

export function second(v: number, x: number, beta: number, gain: number): number {
  const scaled = round(gain * x);
  return mulAdd(beta, v, round(scaled * scaled));
}

export function root(v: number, inside: number, outside: number): number {
  return round(round(Math.sqrt(round(v + inside))) + outside);
}
