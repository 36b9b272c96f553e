import type { Reading } from "./byteSource.ts";
import { describe, refuse, SimdOptimError } from "./check.ts";
import { FLOATS } from "./dtype.ts";
import type { Parameter } from "./parameters.ts";
import { readFloats } from "./safetensors.ts";
import type { TensorInfo } from "./safetensorsHeader.ts";
import { sameShape, sizeOf } from "./shape.ts";
import { DeferredArray } from "./stateful.ts";

/** A tensor of a file, and where in linear memory its elements are to go. */
export interface Transfer {
  readonly tensor: TensorInfo;
  readonly elements: number;
  target(): Float32Array;
}

/** What does not fit between a file and what is to be loaded from it. */
export interface Misfits {
  readonly missing: string[];
  readonly unexpected: string[];
  readonly misshapen: string[];
}

/** Plans to load a parameter from a tensor, or reports under `name` why that cannot be. */
export function planParameter(
  name: string,
  parameter: Parameter,
  tensor: TensorInfo | undefined,
  transfers: Transfer[],
  { missing, misshapen }: Misfits,
): void {
  // Reading the pointer refuses a disposed collection.
  parameter.value.pointer;
  const { shape, size } = parameter;
  if (tensor === undefined) missing.push(name);
  else if (!FLOATS.includes(tensor.dtype))
    misshapen.push(`${name}: got ${tensor.dtype}, expected ${FLOATS.join(", ")}`);
  else if (!sameShape(tensor.shape, shape)) {
    misshapen.push(`${name}: got ${describe(tensor.shape)}, expected ${describe(shape)}`);
  } else transfers.push({ tensor, elements: size, target: () => parameter.data });
}

/** An array of state that stands for a tensor, and plans to load it where it is told to go. */
export function defer(tensor: TensorInfo, transfers: Transfer[]): DeferredArray {
  const elements = sizeOf(tensor.shape);
  return new DeferredArray(elements, (target) => void transfers.push({ tensor, elements, target: () => target }));
}

/** Carries out what was planned. */
export function* carryOut(transfers: readonly Transfer[]): Reading<void> {
  for (const { tensor, elements, target } of transfers) {
    const array = target();
    // Growth of linear memory detaches the arrays in it.
    if (array.length !== elements) refuse(tensor.name, `${array.length} elements`, `${elements}: memory has grown`);
    yield* readFloats(tensor, array);
  }
}

/** Throws if there is anything to report. */
export function refuseMisfits(argument: string, misfits: Misfits, kinds: readonly (keyof Misfits)[]): void {
  const problems = kinds.filter((kind) => misfits[kind].length > 0);
  if (problems.length === 0) return;
  const text = problems.map((kind) => `${kind} ${misfits[kind].join(", ")}`).join("; ");
  throw new SimdOptimError("STATE_MISMATCH", `${argument}: ${text}`);
}
