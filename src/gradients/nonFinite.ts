import { checkChoice, checkKeys } from "../check.ts";
import { type Parameter, type Selection, selected } from "../parameters.ts";
import { LARGEST_FLOAT32 } from "../real.ts";

/** An element that is NaN or infinite, or in the report of a step that was left out one that is too large. */
export interface NonFinite {
  /** The name of the parameter. */
  readonly name: string;
  /** Where in it, an index for each axis. */
  readonly index: readonly number[];
  /** NaN, Infinity or -Infinity. */
  readonly value: number;
  /** All of it in words, such as "fc.weight[3, 17] = NaN". */
  readonly text: string;
}

/**
 * The first element that is NaN or infinite among the gradients, or with `of: "value"` among the values, of the
 * parameters in the order given; undefined where all are finite. Gradients of frozen parameters are not looked at, for
 * no step uses them.
 */
export function findNonFinite(params: Selection, options: { of?: "gradient" | "value" } = {}): NonFinite | undefined {
  const parameters = selected("params", params);
  checkKeys("findNonFinite", options, ["of"]);
  const { of = "gradient" } = options;
  checkChoice("of", of, ["gradient", "value"]);
  return firstAbove(parameters, of, () => LARGEST_FLOAT32);
}

/** What a gradient may be, as a rule sees it: rules square it, or a sum of up to three, which float32 has below 2^64. */
const LARGEST_GRADIENT = 2 ** 62;

/**
 * The first element among the gradients, of parameters that are known to be good, that a step is not to be taken with:
 * NaN, infinite, or above 2^62 once it is clipped.
 */
export function firstUnusable(parameters: Iterable<Parameter>): NonFinite | undefined {
  return firstAbove(parameters, "gradient", ({ clipping }) => {
    // NaN where the norm was NaN: then there is a NaN to be named.
    const coefficient = (clipping?.coefficient ?? 1) || 0;
    return Math.min(LARGEST_GRADIENT / coefficient, LARGEST_FLOAT32);
  });
}

/** The first element that is NaN or of a magnitude above the limit of its parameter. */
function firstAbove(
  parameters: Iterable<Parameter>,
  of: "gradient" | "value",
  limitOf: (parameter: Parameter) => number,
): NonFinite | undefined {
  for (const parameter of parameters) {
    if (of === "gradient" && parameter.frozen) continue;
    const found = firstAboveIn(parameter, of, limitOf(parameter));
    if (found) return found;
  }
  return undefined;
}

function firstAboveIn(parameter: Parameter, of: "gradient" | "value", limit: number): NonFinite | undefined {
  const { engine, pointer, size, data } = parameter[of];
  const at = engine.unchecked.firstAbove(pointer, size, limit);
  if (at < 0) return undefined;
  const { name, shape } = parameter;
  const index = unravel(at, shape);
  const value = data[at]!;
  return { name, index, value, text: `${name}[${index.join(", ")}] = ${value}` };
}

/** The index along each axis of a position in row-major order. */
function unravel(position: number, shape: readonly number[]): number[] {
  let rest = position;
  return shape
    .map((_, axis) => {
      const extent = shape.at(-1 - axis)!;
      const along = rest % extent;
      rest = (rest - along) / extent;
      return along;
    })
    .reverse();
}
