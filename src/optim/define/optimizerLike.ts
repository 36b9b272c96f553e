import { checkMethods } from "../../core/check.ts";
import { checkGroups } from "../../tensor/groups.ts";

/**
 * Refuses what no optimizer is: something with groups of parameters and these methods. It may be one of another copy of
 * this package, for a wrapper only calls what it wraps.
 */
export function checkOptimizer(argument: string, value: unknown, methods: readonly string[]): void {
  const expected = "an optimizer, or what has its groups and methods";
  checkMethods(argument, value, methods, expected);
  checkGroups(`${argument}.groups`, (value as { groups?: unknown }).groups);
}
