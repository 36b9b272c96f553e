import { checkFunction, refuse, SimdOptimError } from "../core/check.ts";
import { advanced, bytesOf } from "../memory/elementType.ts";
import { type Block, releaseWithOwner } from "../memory/heap.ts";
import { type Parameter, type Selection, selected } from "../tensor/parameters.ts";

/** A copy of the values of some parameters, in linear memory. */
export class Shadow {
  protected readonly parameters: readonly Parameter[];
  readonly #block: Block;

  constructor(parameters: readonly Parameter[]) {
    this.parameters = parameters;
    const elements = parameters.reduce((sum, { size }) => sum + size, 0);
    this.#block = parameters[0]!.collection.engine.heap.allocate(bytesOf("f32", elements));
    releaseWithOwner(this.#block, this);
  }

  get bytes(): number {
    return this.#block.bytes;
  }

  /** Visits each parameter and the address of its copy. */
  forEach(visit: (parameter: Parameter, pointer: number) => void): void {
    if (!this.#block.held) throw new SimdOptimError("DISPOSED", "this copy of parameters has been disposed");
    let { pointer } = this.#block;
    for (const parameter of this.parameters) {
      visit(parameter, pointer);
      pointer = advanced(pointer, parameter.size);
    }
  }

  /** Copies the values here. */
  save(): void {
    this.forEach(({ collection, value, size }, pointer) => {
      collection.engine.unchecked.copy(value.pointer, pointer, size);
    });
  }

  /** Copies the values back. */
  restore(): void {
    this.forEach(({ collection, value, size }, pointer) => {
      collection.engine.unchecked.copy(pointer, value.pointer, size);
    });
  }

  dispose(): void {
    this.#block.release();
  }
}

/**
 * Moves parameters elsewhere by `move`, runs `fn`, and puts them back bit for bit, whether it returns or throws. A promise
 * is waited for. `back` is called once they are back.
 */
export function runElsewhere<T>(params: Selection, move: () => void, fn: () => T, back?: () => void): T {
  const parameters = selected("params", params);
  if (parameters.length === 0) refuse("params", params, "at least one parameter");
  checkFunction("move", move);
  checkFunction("fn", fn);
  if (back !== undefined) checkFunction("back", back);
  const home = new Shadow(parameters);
  const putBack = () => {
    home.restore();
    home.dispose();
    back?.();
  };
  home.save();
  let pending = false;
  try {
    move();
    const result = fn();
    if (!(result instanceof Promise)) return result;
    pending = true;
    return result.finally(putBack) as T;
  } finally {
    if (!pending) putBack();
  }
}
