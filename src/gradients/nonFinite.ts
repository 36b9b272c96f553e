import { checkChoice, checkKeys } from "../check.ts";
import { type Parameter, type Selection, selected } from "../parameters.ts";
import { unravel } from "../shape.ts";

/** An element that is NaN or infinite. */
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
  return firstNonFinite(parameters, of);
}

/** The same for parameters that are known to be good, as those of an optimizer are at every step. */
export function firstNonFinite(parameters: Iterable<Parameter>, of: "gradient" | "value"): NonFinite | undefined {
  for (const parameter of parameters) {
    if (of === "gradient" && parameter.frozen) continue;
    const found = nonFiniteIn(parameter, of);
    if (found) return found;
  }
  return undefined;
}

function nonFiniteIn(parameter: Parameter, of: "gradient" | "value"): NonFinite | undefined {
  const { engine, pointer, size, data } = parameter[of];
  const at = engine.unchecked.firstNonFinite(pointer, size);
  if (at < 0) return undefined;
  const { name, shape } = parameter;
  const index = unravel(at, shape);
  const value = data[at]!;
  return { name, index, value, text: `${name}[${index.join(", ")}] = ${value}` };
}
