import { describe, refuse, SimdOptimError } from "../core/check.ts";
import { followsShape, sameShape, sizeOf } from "../core/shape.ts";
import { ELEMENTS, type TypedArray } from "../memory/elementType.ts";
import { DeferredArray, noteObjection, noteType, type SavedArray } from "../state/stateful.ts";
import type { Parameter } from "../tensor/parameters.ts";
import { type Reading, readInto } from "./byteSource.ts";
import { elementTypeOf, FLOATS } from "./fileTypes.ts";
import { readArray, readFloats } from "./safetensors.ts";
import type { TensorInfo } from "./safetensorsHeader.ts";

/** A tensor of a file, and where in linear memory its elements are to go. */
export interface Transfer {
  readonly tensor: TensorInfo;
  readonly elements: number;
  target(): TypedArray;
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

/** Has an array remember its shape and type in the file, for whoever takes it for the state of a parameter. */
function fromFile<A extends object>(array: A, { dtype, shape: own }: TensorInfo): A {
  return noteObjection(array, (shape, type) => {
    const taken = type === "f32" ? FLOATS : [ELEMENTS[type].file];
    if (!taken.includes(dtype)) return `got ${dtype}, expected ${taken.join(", ")}`;
    return followsShape(own, shape) ? undefined : `got ${describe(own)}, expected ${describe(shape)}`;
  });
}

/**
 * An array of state that stands for a tensor, and plans to load it where it is told to go. One that is of no floats stands
 * for nothing that can be loaded.
 */
export function deferState(tensor: TensorInfo, transfers: Transfer[]): SavedArray {
  if (!FLOATS.includes(tensor.dtype)) return fromFile({} as SavedArray, tensor);
  const elements = sizeOf(tensor.shape);
  const transfer = (target: TypedArray) => void transfers.push({ tensor, elements, target: () => target });
  return fromFile(new DeferredArray(elements, transfer, elementTypeOf(tensor.dtype)), tensor);
}

/** Reads an array of state: what JavaScript has no array for, F16 and BF16, as float32, which holds it exactly. */
export function* readState(tensor: TensorInfo): Reading<TypedArray> {
  if (tensor.dtype !== "F16" && tensor.dtype !== "BF16") {
    const array = yield* readArray(tensor);
    const type = elementTypeOf(tensor.dtype);
    return fromFile(type ? noteType(array, type) : array, tensor);
  }
  const floats = new Float32Array(sizeOf(tensor.shape));
  yield* readFloats(tensor, floats);
  return fromFile(floats, tensor);
}

/** Carries out what was planned. */
export function* carryOut(transfers: readonly Transfer[]): Reading<void> {
  for (const { tensor, elements, target } of transfers) {
    const array = target();
    // Growth of linear memory detaches the arrays in it.
    if (array.length !== elements) refuse(tensor.name, `${array.length} elements`, `${elements}: memory has grown`);
    if (array instanceof Float32Array) yield* readFloats(tensor, array);
    else
      yield* readInto(tensor.offset, new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength));
  }
}

/** What a file calls a parameter, by the option that says so. */
export function nameInFile(names: (name: string) => string, name: string): string {
  if (typeof names !== "function") refuse("names", names, "a function of the name of a parameter");
  const inFile: unknown = names(name);
  return typeof inFile === "string" ? inFile : refuse(`names(${describe(name)})`, inFile, "a name in the file");
}

/** Says what names a file has that has none of those that are asked for. */
export function refuseNames(argument: string, tensors: ReadonlyMap<string, TensorInfo>, example: string): never {
  const [first] = tensors.keys();
  const expected = `names such as ${describe(example)}: the option names says what a file calls a parameter`;
  refuse(argument, `a file of tensors such as ${describe(first)}`, expected, "STATE_MISMATCH");
}

/** Throws if there is anything to report. */
export function refuseMisfits(argument: string, misfits: Misfits, kinds: readonly (keyof Misfits)[]): void {
  const problems = kinds.filter((kind) => misfits[kind].length > 0);
  if (problems.length === 0) return;
  const text = problems.map((kind) => `${kind} ${misfits[kind].join(", ")}`).join("; ");
  throw new SimdOptimError("STATE_MISMATCH", `${argument}: ${text}`);
}
