import { refuse, SimdOptimError } from "../core/check.ts";
import { arrayOn } from "../memory/elementType.ts";
import { Shadow } from "./shadow.ts";
import { fillFrom, misfit, type SavedArray, type StateDictOptions, wantsCopy } from "./stateful.ts";

/** A copy that is part of a state: it can be saved and loaded by parameter name, and hold gradients instead. */
export class StatefulShadow extends Shadow {
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
    for (const { name, size, shape } of this.parameters) {
      const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
      const problem = misfit(array, size, shape);
      if (problem !== undefined) throw new SimdOptimError("STATE_MISMATCH", `${argument}.${name}: ${problem}`);
    }
  }

  /** Takes over the contents from arrays, which `check` must accept. */
  load(argument: string, arrays: Readonly<Record<string, SavedArray>>): void {
    this.check(argument, arrays);
    const inPlace = this.toArrays({ copy: false });
    for (const [name, array] of Object.entries(inPlace)) fillFrom(arrays[name]!, array);
  }

  /** The contents by parameter name, a copy unless views in place are asked for. */
  toArrays(options: StateDictOptions = {}): Record<string, Float32Array> {
    const copy = wantsCopy(options);
    const arrays: Record<string, Float32Array> = Object.create(null);
    this.forEach(({ name, collection, size }, pointer) => {
      const array = arrayOn("f32", collection.engine.heap.views.u8.buffer, pointer, size);
      arrays[name] = copy ? array.slice() : array;
    });
    return arrays;
  }
}
