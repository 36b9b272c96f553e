import { checkChoice, checkKeys, refuse } from "../core/check.ts";
import { unravel } from "../core/shape.ts";
import type { OptimizerState } from "../state/savedState.ts";
import { type Parameter, type Selection, selected } from "../tensor/parameters.ts";

/** An element that is NaN or infinite, or too large to be stepped with. */
export interface NonFinite {
  /** The name of the parameter; of the group, such as "groups[0]", for a number that it keeps. */
  readonly name: string;
  /** What of the state it is in, such as "exp_avg"; absent for gradients and values. */
  readonly slot?: string;
  /** Where in it, an index for each axis. */
  readonly index: readonly number[];
  /** The element itself: of `findNonFinite`, NaN, Infinity or -Infinity. */
  readonly value: number;
  /** All of it in words, such as "fc.weight[3, 17] = NaN", or "exp_avg of fc.weight[3, 17] = NaN". */
  readonly text: string;
}

/** What `findNonFinite` needs of an optimizer. */
export interface StateOwner {
  /** The parameters, by group. */
  readonly groups: readonly {
    /** The parameters of the group. */
    readonly params: readonly Parameter[];
  }[];
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
    // Where the norm was NaN the coefficient is, too: then there is a NaN to be named, whatever the limit.
    const found = firstIn(parameter, parameter[of], limit / (parameter.gradientScale.coefficient || 0));
    if (found) return found;
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
function firstIn(parameter: Parameter, { pointer, size, data }: Elements, limit: number): NonFinite | undefined {
  const { name, shape, collection } = parameter;
  const at = collection.engine.unchecked.firstNotBelow(pointer, size, limit);
  if (at < 0) return undefined;
  const index = size === parameter.size ? unravel(at, shape) : [at];
  const value = data[at]!;
  return { name, index, value, text: `${name}[${index.join(", ")}] = ${value}` };
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
      const found = firstIn(parameter, { pointer: data.byteOffset, size: data.length, data }, Infinity);
      if (found) return { ...found, slot, text: `${slot} of ${found.text}` };
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
