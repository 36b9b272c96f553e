import { checkMethods, refuse } from "./check.ts";
import type { Parameter } from "./parameters.ts";

/**
 * Refuses what no optimizer is: something with groups of parameters and these methods. It may be one of another copy of
 * this package, for a wrapper only calls what it wraps.
 */
export function checkOptimizer(argument: string, value: unknown, methods: readonly string[]): void {
  const expected = "an optimizer, or what has its groups and methods";
  checkMethods(argument, value, methods, expected);
  checkGroups(`${argument}.groups`, (value as { groups?: unknown }).groups);
}

/** Refuses what are no groups of parameters, such as an optimizer has. */
export function checkGroups(
  argument: string,
  groups: unknown,
): asserts groups is readonly { readonly params: readonly Parameter[] }[] {
  const isGroup = (group: unknown) =>
    group !== null && typeof group === "object" && "params" in group && Array.isArray(group.params);
  if (!Array.isArray(groups) || ![...groups].every(isGroup)) {
    refuse(argument, groups, "groups such as those of an optimizer");
  }
}
