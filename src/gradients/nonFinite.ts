import { checkChoice, checkKeys, refuse } from "../check.ts";
import { type Parameter, type Selection, selected } from "../parameters.ts";
import { LARGEST_FLOAT32 } from "../real.ts";
import type { OptimizerState } from "../savedState.ts";
import { unravel } from "../shape.ts";

/** An element that is NaN or infinite, or in the report of a step that was left out one that is too large. */
export interface NonFinite {
  /** The name of the parameter; of the group, such as "groups[0]", for a number that it keeps. */
  readonly name: string;
  /** What of the state it is in, such as "exp_avg"; absent for gradients and values. */
  readonly slot?: string;
  /** Where in it, an index for each axis. */
  readonly index: readonly number[];
  /** NaN, Infinity or -Infinity. */
  readonly value: number;
  /** All of it in words, such as "fc.weight[3, 17] = NaN", or "exp_avg of fc.weight[3, 17] = NaN". */
  readonly text: string;
}

/** What `findNonFinite` needs of an optimizer. */
export interface StateOwner {
  /** The parameters, by group. */
  readonly groups: readonly { readonly params: readonly Parameter[] }[];
  /** The state, in place. */
  stateDict(options: { copy: false }): Pick<OptimizerState, "state" | "groups">;
}

/**
 * The first element that is NaN or infinite among the gradients, or with `of: "value"` among the values, of the
 * parameters in the order given; undefined where all are finite. Gradients of frozen parameters are not looked at, for
 * no step uses them.
 */
export function findNonFinite(params: Selection, options?: { of?: "gradient" | "value" }): NonFinite | undefined;
/**
 * The first element that is NaN or infinite in the state of an optimizer: in the arrays of its parameters, then in the
 * numbers of its groups. A momentum that is not finite stays so, and not every rule hands it on to the values: the
 * guide on numerics says which do not. Of what wraps an optimizer, ask the optimizer inside.
 */
export function findNonFinite(optimizer: StateOwner, options: { of: "state" }): NonFinite | undefined;
export function findNonFinite(
  subject: Selection | StateOwner,
  options: { of?: "gradient" | "value" | "state" } = {},
): NonFinite | undefined {
  checkKeys("findNonFinite", options, ["of"]);
  const { of = "gradient" } = options;
  checkChoice("of", of, ["gradient", "value", "state"]);
  if (of !== "state") return firstNonFinite(selected("params", subject), of);
  if (!ownsState(subject)) refuse("optimizer", subject, 'an optimizer, since of is "state"');
  return firstInState(subject);
}

/** The same for parameters that are known to be good. */
export function firstNonFinite(parameters: Iterable<Parameter>, of: "gradient" | "value"): NonFinite | undefined {
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
    const found = firstAboveIn(parameter, parameter[of], limitOf(parameter));
    if (found) return found;
  }
  return undefined;
}

function ownsState(subject: unknown): subject is StateOwner {
  const { groups, stateDict } = (subject ?? {}) as Partial<StateOwner>;
  return (
    typeof stateDict === "function" && Array.isArray(groups) && groups.every(({ params }) => Array.isArray(params))
  );
}

function firstInState(optimizer: StateOwner): NonFinite | undefined {
  const { state, groups } = optimizer.stateDict({ copy: false });
  for (const parameter of optimizer.groups.flatMap(({ params }) => params)) {
    for (const [slot, data] of Object.entries(state[parameter.name] ?? {})) {
      const elements = { pointer: data.byteOffset, size: data.length, data };
      const found = firstAboveIn(parameter, elements, LARGEST_FLOAT32, slot);
      if (found) return found;
    }
  }
  for (const [i, { numbers }] of groups.entries()) {
    for (const [slot, value] of Object.entries(numbers)) {
      const name = `groups[${i}]`;
      if (!Number.isFinite(value)) return { name, slot, index: [], value, text: `${slot} of ${name} = ${value}` };
    }
  }
  return undefined;
}

/** Elements in linear memory. */
interface Elements {
  readonly pointer: number;
  readonly size: number;
  readonly data: Float32Array;
}

/** The first such element of a parameter's gradients, values or state; a slot may have a size of its own. */
function firstAboveIn(
  parameter: Parameter,
  { pointer, size, data }: Elements,
  limit: number,
  slot?: string,
): NonFinite | undefined {
  const at = parameter.collection.engine.unchecked.firstAbove(pointer, size, limit);
  if (at < 0) return undefined;
  const { name } = parameter;
  const index = size === parameter.size ? unravel(at, parameter.shape) : [at];
  const value = data[at]!;
  const place = `${name}[${index.join(", ")}] = ${value}`;
  return slot === undefined
    ? { name, index, value, text: place }
    : { name, slot, index, value, text: `${slot} of ${place}` };
}
