/** What elements of arguments must be, where layers and losses depend on it. */
import { refuse } from "../core/check.ts";
import { unravel } from "../core/shape.ts";
import { nn } from "../kernels/nn.ts";
import type { View } from "../tensor/tensor.ts";

/** Refuses indices that are not below `bound`. */
export function checkIndices(argument: string, index: View<"u32">, bound: number): void {
  const { engine } = index;
  const at = nn.of(engine).firstOutOfRange(index.pointer, index.size, bound);
  if (at >= 0) refuseElement(argument, index, at, `a number below ${bound}`);
}

const LARGEST = 3.4028234663852886e38;

/** Refuses elements that are not in the interval; NaN is in none. */
export function checkElements(argument: string, view: View, interval: "[0, 1]" | "[0, inf)"): void {
  const high = interval === "[0, 1]" ? 1 : LARGEST;
  const at = nn.of(view.engine).firstOutside(view.pointer, view.size, 0, high);
  if (at >= 0) refuseElement(argument, view, at, `a number in ${interval}`);
}

function refuseElement(argument: string, view: View | View<"u32">, at: number, expected: string): never {
  refuse(`${argument}[${unravel(at, view.shape).join(", ")}]`, view.data[at], expected);
}
