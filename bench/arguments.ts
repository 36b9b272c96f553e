/** Readers of arguments of the command line. */
import { InvalidArgumentError } from "commander";
import type { Backend } from "../src/kernels/engine.ts";

export const BACKENDS: readonly Backend[] = ["simd", "scalar", "reference"];

export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw new InvalidArgumentError("expected a number above 0");
  return value;
}

export function whole(text: string): number {
  const value = positive(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError("expected a whole number");
  return value;
}

export function wholeList(text: string): number[] {
  return text.split(",").map(whole);
}

export function backendList(text: string): Backend[] {
  const names = text.split(",");
  const unknown = names.find((name) => !BACKENDS.includes(name as Backend));
  if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is none of ${BACKENDS.join(", ")}`);
  return names as Backend[];
}
