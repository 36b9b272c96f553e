import { checkChoice, checkKeys } from "../check.ts";
import { type Parameter, type Selection, selected } from "../parameters.ts";

/** An element that is NaN or infinite, or too large to be stepped with. */
export interface NonFinite {
  /** The name of the parameter. */
  readonly name: string;
  /** Where in it, an index for each axis. */
  readonly index: readonly number[];
  /** The element itself: of `findNonFinite`, NaN, Infinity or -Infinity. */
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
  return firstFrom(parameters, of, Infinity);
}

/** What gradients are to be below, as a rule sees them: rules square sums of up to three, and float32 ends at 2^128. */
const TOO_LARGE = 2 ** 62;

/**
 * The first element among the gradients, of parameters that are known to be good, that a step is not to be taken with:
 * NaN, infinite, or 2^62 or more once it is clipped.
 */
export function firstUnusable(parameters: Iterable<Parameter>): NonFinite | undefined {
  return firstFrom(parameters, "gradient", TOO_LARGE);
}

/** The first element that is NaN or, once it is clipped, of a magnitude of `limit` or more. */
function firstFrom(parameters: Iterable<Parameter>, of: "gradient" | "value", limit: number): NonFinite | undefined {
  for (const parameter of parameters) {
    if (of === "gradient" && parameter.frozen) continue;
    const { name, shape, clipping } = parameter;
    const { engine, pointer, size, data } = parameter[of];
    // Where the norm was NaN the coefficient is, too: then there is a NaN to be named, whatever the limit.
    const at = engine.unchecked.firstNotBelow(pointer, size, limit / ((clipping?.coefficient ?? 1) || 0));
    if (at < 0) continue;
    const index = unravel(at, shape);
    const value = data[at]!;
    return { name, index, value, text: `${name}[${index.join(", ")}] = ${value}` };
  }
  return undefined;
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
