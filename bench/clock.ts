/**
 * How fast the processor runs now, measured and not believed: a chain of additions and exclusive ors, each of which
 * waits for the one before it, takes one cycle an operation on every processor in use.
 */
import { interleave, secondsEach } from "./spread.ts";

/** Operations in the body of the loop. */
const BODY = 128;
const TURNS = 20_000;

/** One section of a Wasm module. */
function section(id: number, bytes: number[]): number[] {
  return [id, ...unsigned(bytes.length), ...bytes];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

/** A module that exports, as "", (turns, y) => x: x = (x + y) ^ y, BODY / 2 times a turn. */
function chainModule(): Uint8Array<ArrayBuffer> {
  const [i32, get, set, add, xor, subtract] = [0x7f, 0x20, 0x21, 0x6a, 0x73, 0x6b];
  const [turns, y, x] = [0, 1, 2];
  const step = [get, y, add, get, y, xor];
  const chain = Array.from({ length: BODY / 2 }, () => step).flat();
  const loop = [
    ...[0x03, 0x40, get, x, ...chain, set, x],
    ...[get, turns, 0x41, 1, subtract, 0x22, turns, 0x0d, 0, 0x0b],
  ];
  const code = [1, 1, i32, ...loop, get, x, 0x0b];
  return Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, i32, i32, 1, i32]),
    ...section(3, [1, 0]),
    ...section(7, [1, 0, 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

const { exports } = new WebAssembly.Instance(new WebAssembly.Module(chainModule()));
const chain = exports[""] as (turns: number, y: number) => number;

/** Cycles in a nanosecond, at best. */
export function clockGHz(): number {
  const [seconds] = interleave(40, () => secondsEach(1, () => chain(TURNS, 3)));
  return (TURNS * BODY) / (seconds!.min * 1e9);
}
