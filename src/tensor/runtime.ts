import { checkChoice, checkInteger, checkKeys, checkShape, refuse } from "../core/check.ts";
import { Engine, type LoadOptions, openMachine } from "../kernels/engine.ts";
import { type Declarations, declare } from "./declare.ts";
import type { Parameters } from "./parameters.ts";
import { ELEMENT_TYPES, type ElementType, IGNORED, Tensor } from "./tensor.ts";

/** Linear memory, the kernels over it, and what lives in it. */
export class Runtime extends Engine {
  /**
   * A tensor of zeros, or of `values`: any numbers for "f32", which rounds them, and for "u32" whole numbers in [0, 2^32)
   * or -100, torch's mark of a target that counts for nothing, which is kept as 2^32 - 100.
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
  return new Runtime(await openMachine(options));
}

/** Refuses what no tensor of the type can hold as it is: float32 rounds, and indices are whole. */
function checkValues(values: ArrayLike<number>, size: number, type: ElementType): void {
  if (typeof values !== "object" || values === null || !Number.isInteger(values.length)) {
    refuse("values", values, "a list or typed array of numbers");
  }
  if (values.length !== size) refuse("values", values.length, `${size} values`, "SHAPE_MISMATCH");
  // Typed arrays hold nothing else, but for those of bigints.
  if (type === "f32" ? ArrayBuffer.isView(values) && typeof values[0] === "number" : values instanceof Uint32Array)
    return;
  for (let i = 0; i < size; i++) {
    if (type === "u32" && values[i] !== IGNORED) checkInteger(`values[${i}]`, values[i], "[0, 4294967295]");
    else if (typeof values[i] !== "number") refuse(`values[${i}]`, values[i], "a number");
  }
}
