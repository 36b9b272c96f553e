import { checkShape, refuse } from "./check.ts";
import { type Declarations, declare } from "./declare.ts";
import { Engine, type LoadOptions, openMachine } from "./engine.ts";
import type { Parameters } from "./parameters.ts";
import { type ElementType, Tensor } from "./tensor.ts";

/** Linear memory, the kernels over it, and what lives in it. */
export class Runtime extends Engine {
  /** A tensor of zeros, or of `values`. */
  tensor<T extends ElementType = "f32">(
    shape: readonly number[],
    { type = "f32" as T, values }: { type?: T; values?: ArrayLike<number> } = {},
  ): Tensor<T> {
    const size = checkShape("shape", shape);
    if (values && values.length !== size) refuse("values", values.length, `${size} values`, "SHAPE_MISMATCH");
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
