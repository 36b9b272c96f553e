import { checkChoice, describe, refuse, SimdOptimError } from "../core/check.ts";
import { type Parameter, ROLES, type Role, type Selection, selected } from "./parameters.ts";

/** Which parameters belong to a group: those of a role, of several, or by a predicate; both must hold if both are. */
export interface GroupRule {
  /** The role, or roles, of the parameters that belong to the group. */
  role?: Role | readonly Role[];
  /** Whether a parameter belongs to the group. */
  where?: (parameter: Parameter) => boolean;
}

/** Options of some optimizer, which checks their names and values when it is made. */
// biome-ignore lint/suspicious/noExplicitAny: the compiler cannot infer options beside predicates that it must type.
type LooseOptions = Readonly<Record<string, any>>;

/**
 * Groups for an optimizer, one for each rule, with the rule's other keys as its options:
 *
 *     groupsBy(params, [
 *       { role: ["hidden", "head"], weightDecay: 0.1 },
 *       { role: ["embedding", "norm", "bias"], weightDecay: 0 },
 *     ])
 *
 * Throws, naming it, if a parameter falls in no group or in two. Groups that no parameter falls in are left out.
 */
export function groupsBy(
  params: Selection,
  rules: readonly (GroupRule & LooseOptions)[],
): ({ params: readonly Parameter[] } & LooseOptions)[] {
  const parameters = selected("params", params);
  if (!Array.isArray(rules) || rules.length === 0) refuse("rules", rules, "a list of rules");
  const tests = rules.map((rule, i) => testOf(`rules[${i}]`, rule));
  const members = rules.map((): Parameter[] => []);
  for (const parameter of parameters) {
    const [first, second] = tests.flatMap((belongs, i) => (belongs(parameter) ? [i] : []));
    if (first === undefined || second !== undefined) refuseParameter(parameter, first, second);
    members[first]!.push(parameter);
  }
  return rules
    .map(({ role, where, ...options }, i) => ({ params: members[i]!, ...options }))
    .filter((_, i) => members[i]!.length > 0);
}

function testOf(argument: string, rule: GroupRule): (parameter: Parameter) => boolean {
  if (rule === null || typeof rule !== "object") refuse(argument, rule, 'a rule such as { role: "norm" }');
  const { role, where } = rule;
  if (role === undefined && where === undefined) refuse(argument, rule, "a rule with role, where or both");
  const roles = role === undefined ? ROLES : [role].flat();
  for (const one of roles) checkChoice(`${argument}.role`, one, ROLES);
  if (where !== undefined && typeof where !== "function") refuse(`${argument}.where`, where, "a function");
  return (parameter) => roles.includes(parameter.role) && (where?.(parameter) ?? true);
}

function refuseParameter({ name, role, shape }: Parameter, first?: number, second?: number): never {
  const parameter = `parameter ${describe(name)} (${role}, ${describe(shape)})`;
  if (first === undefined) throw new SimdOptimError("UNASSIGNED_PARAMETER", `rules: ${parameter} falls in no group`);
  const both = `groups ${first} and ${second}`;
  throw new SimdOptimError("DUPLICATE_PARAMETER", `rules: ${parameter} falls in ${both}`);
}

/** The options that a table always shows, where an optimizer has them. */
const SHOWN = ["lr", "weightDecay", "betas"];
/** As many names as fit beside the rest. */
const NAMES = 3;

/**
 * The groups of an optimizer as a table to print: parameters, elements, the learning rate of the next step, weight
 * decay, betas, whatever else differs between groups, and the first names.
 */
export function groupTable(groups: readonly { readonly params: readonly Parameter[] }[]): string {
  checkGroups("groups", groups);
  const options = groups.map(({ params, ...rest }): Readonly<Record<string, unknown>> => rest);
  const differs = (key: string) => new Set(options.map((group) => cell(group[key]))).size > 1;
  const others = Object.keys(options[0] ?? {}).filter((key) => !SHOWN.includes(key) && differs(key));
  const keys = [...SHOWN.filter((key) => options.some((group) => key in group)), ...others];
  const rows = groups.map(({ params }, i) => [
    String(i),
    count(params.length),
    count(params.reduce((sum, { size }) => sum + size, 0)),
    ...keys.map((key) => cell(options[i]![key])),
    params
      .slice(0, NAMES)
      .map(({ name }) => name)
      .join(", ") + (params.length > NAMES ? ", ..." : ""),
  ]);
  return aligned([["group", "parameters", "elements", ...keys, "names"], ...rows]);
}

function count(n: number): string {
  return n.toLocaleString("en-US");
}

function cell(value: unknown): string {
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : describe(value);
}

/** Columns two spaces apart, numbers to the right and the last, of names, to the left. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((text, i) => (i === row.length - 1 ? text : text.padStart(widths[i]!))).join("  "))
    .join("\n");
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
