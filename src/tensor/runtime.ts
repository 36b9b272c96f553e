import { checkChoice, checkInteger, checkKeys, checkShape, refuse } from "../core/check.ts";
import { Engine, type LoadOptions, openMachine } from "../kernels/engine.ts";
import { bytesOf, ELEMENT_TYPES, ELEMENTS, type ElementType } from "../memory/elementType.ts";
import { type Declarations, declare } from "./declare.ts";
import type { Parameters } from "./parameters.ts";
import { IGNORED, Tensor } from "./tensor.ts";

/** Linear memory, the kernels over it, and what lives in it. */
export class Runtime extends Engine {
  /**
   * A tensor of zeros, or of `values`: any numbers for "f32", which rounds them, and "f64"; for integers, whole numbers in
   * their range, and for "u32" also -100, torch's mark of a target that counts for nothing, which is kept as 2^32 - 100;
   * for "f16", "bf16", "f8e4m3" and "f8e5m2" the bits of the elements.
   */
  tensor<T extends ElementType = "f32">(
    shape: readonly number[],
    options: { type?: T; values?: ArrayLike<number> } = {},
  ): Tensor<T> {
    checkKeys("tensor", options, ["type", "values"]);
    const { type = "f32" as T, values } = options;
    const size = checkShape("shape", shape);
    checkChoice("type", type, ELEMENT_TYPES);
    if (values !== undefined) checkValues(values, size, type);
    const tensor = new Tensor(this, shape, type);
    if (values) tensor.data.set(values);
    return tensor;
  }

  /** Named parameters with room for their gradients, in the order given: `{ "fc.weight": [10, 784] }`. */
  parameters(declarations: Declarations): Parameters {
    return declare(this, declarations);
  }
}

/** Opens a runtime: chooses a backend (see `LoadOptions.backend`), and says in `reason` why it is that one. */
export async function load(options?: LoadOptions): Promise<Runtime> {
  const machine = await openMachine(options);
  const runtime = new Runtime(machine);
  return machine.instances?.atOnce === false ? runtime.add() : runtime;
}

/** Refuses what no tensor of the type can hold as it is: float32 rounds, and all but it and float64 are whole. */
function checkValues(values: ArrayLike<number>, size: number, type: ElementType): void {
  if (typeof values !== "object" || values === null || !Number.isInteger(values.length)) {
    refuse("values", values, "a list or typed array of numbers");
  }
  if (values.length !== size) refuse("values", values.length, `${size} values`, "SHAPE_MISMATCH");
  const { array } = ELEMENTS[type];
  const real = type === "f32" || type === "f64";
  // Typed arrays hold nothing else, but for those of bigints.
  if (real ? ArrayBuffer.isView(values) && typeof values[0] === "number" : values instanceof array) return;
  const span = 2 ** (8 * bytesOf(type));
  const range = type === "i8" ? "[-128, 127]" : (`[0, ${span - 1}]` as const);
  for (let i = 0; i < size; i++) {
    if (!real && !(type === "u32" && values[i] === IGNORED)) checkInteger(`values[${i}]`, values[i], range);
    else if (typeof values[i] !== "number") refuse(`values[${i}]`, values[i], "a number");
  }
}
