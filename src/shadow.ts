import { refuse, SimdOptimError } from "./check.ts";
import { type Block, releaseWithOwner } from "./heap.ts";
import type { Parameter } from "./parameters.ts";
import { fillFrom, isSavedArray, type SavedArray, type StateDictOptions } from "./stateful.ts";

/** A copy of the values of some parameters, in linear memory. */
export class Shadow {
  readonly #parameters: readonly Parameter[];
  readonly #block: Block;

  constructor(parameters: readonly Parameter[]) {
    this.#parameters = parameters;
    const elements = parameters.reduce((sum, { size }) => sum + size, 0);
    this.#block = parameters[0]!.collection.engine.heap.allocate(4 * elements);
    releaseWithOwner(this.#block, this);
  }

  get bytes(): number {
    return this.#block.bytes;
  }

  /** Visits each parameter and the address of its copy. */
  forEach(visit: (parameter: Parameter, pointer: number) => void): void {
    if (!this.#block.held) throw new SimdOptimError("DISPOSED", "this copy of parameters has been disposed");
    let { pointer } = this.#block;
    for (const parameter of this.#parameters) {
      visit(parameter, pointer);
      pointer += 4 * parameter.size;
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

  /** Copies the gradients here. */
  saveGradients(): void {
    this.forEach(({ collection, gradient, size }, pointer) => {
      collection.engine.unchecked.copy(gradient.pointer, pointer, size);
    });
  }

  /** The address of each copy, in the order of the parameters. */
  pointers(): number[] {
    const pointers: number[] = [];
    this.forEach((_, pointer) => void pointers.push(pointer));
    return pointers;
  }

  /** Refuses arrays that are not those of these parameters. */
  check(argument: string, arrays: Readonly<Record<string, SavedArray>>): void {
    if (arrays === null || typeof arrays !== "object") refuse(argument, arrays, "arrays by parameter name");
    for (const { name, size } of this.#parameters) {
      const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
      if (!isSavedArray(array) || array.length !== size) {
        refuse(`${argument}.${name}`, array?.length, `${size} elements`, "STATE_MISMATCH");
      }
    }
  }

  /** Takes over the contents from arrays, which `check` must accept. */
  load(argument: string, arrays: Readonly<Record<string, SavedArray>>): void {
    this.check(argument, arrays);
    const inPlace = this.toArrays({ copy: false });
    for (const [name, array] of Object.entries(inPlace)) fillFrom(arrays[name]!, array);
  }

  /** The contents by parameter name, a copy unless views in place are asked for. */
  toArrays({ copy = true }: StateDictOptions = {}): Record<string, Float32Array> {
    const arrays: Record<string, Float32Array> = Object.create(null);
    this.forEach(({ name, collection, size }, pointer) => {
      const array = collection.engine.heap.views.f32.subarray(pointer / 4, pointer / 4 + size);
      arrays[name] = copy ? array.slice() : array;
    });
    return arrays;
  }

  dispose(): void {
    this.#block.release();
  }
}

/**
 * Moves parameters elsewhere, runs `fn`, and puts them back bit for bit, whether it returns or throws. A promise is
 * waited for. `back` is called once they are back.
 */
export function runElsewhere<T>(parameters: readonly Parameter[], move: () => void, fn: () => T, back?: () => void): T {
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
