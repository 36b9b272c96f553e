import { refuse } from "../core/check.ts";
import type { Options } from "../optim/define/option.ts";
import { readOptions } from "./optionsJson.ts";

/** What options of tfjs are called here. */
const NAMES_HERE: Readonly<Record<string, string>> = {
  learningRate: "lr",
  beta1: "betas",
  beta2: "betas",
  epsilon: "eps",
  decay: "alpha",
  useNesterov: "nesterov",
};

/**
 * The options of a constructor or of one of its groups, schedules from their text. Refuses undefined: it is rather what a
 * misspelt key of a configuration gave than a wish for the default.
 */
function read(argument: string, options: Options, given: unknown): Record<string, unknown> {
  if (given === null || typeof given !== "object" || Array.isArray(given)) {
    refuse(argument, given, "an object of options such as { lr: 0.1 }");
  }
  for (const [key, value] of Object.entries(given)) {
    const here = NAMES_HERE[key];
    if (here && here in options && !(key in options)) {
      refuse(`${argument}.${key}`, key, `${here}, its name here`, "UNKNOWN_OPTION");
    }
    if (value === undefined) refuse(`${argument}.${key}`, value, "a value, or no such key for the default");
  }
  return readOptions(options, given as Record<string, unknown>);
}

/** A copy of the options of an adapter and of its groups' rules, as given or as `getConfig()` wrote them. */
export function readGiven(argument: string, options: Options, given: unknown): Record<string, unknown> {
  const own = read(argument, options, given);
  const { groups } = own;
  if (!Array.isArray(groups)) return own;
  return { ...own, groups: groups.map((rule, i) => read(`${argument}.groups[${i}]`, options, rule)) };
}

/** Has objects refuse that options are assigned to them, under the names they have here or in tfjs. */
export function refuseAssignments(prototype: object, options: Options): void {
  for (const key of new Set([...Object.keys(options), "groups", "nonFinite", ...Object.keys(NAMES_HERE)])) {
    if (key in prototype) continue;
    const expected =
      "it when the optimizer is made, in a schedule if it is to change; only the learning rate is assigned";
    Object.defineProperty(prototype, key, { set: (value: unknown) => refuse(key, value, expected) });
  }
}
