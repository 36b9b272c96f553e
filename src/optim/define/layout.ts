import { checkChoice, checkKeys, describe, refuse, SimdOptimError } from "../../core/check.ts";
import { bytesOf } from "../../memory/elementType.ts";
import { type Parameter, type Selection, selected } from "../../tensor/parameters.ts";
import { checkOptions, fixed, type Given, type Options, type Resolved } from "./option.ts";
import {
  common,
  dtypeOf,
  type GroupOptions,
  type OptimizerOptions,
  type OptimizerParams,
  type OptimizerSpec,
  type WithCommon,
} from "./spec.ts";

/** A parameter, its group, and where its state lies. */
export interface Member<S extends string> {
  readonly parameter: Parameter;
  readonly group: number;
  /** Byte offsets into the slots' arenas. */
  readonly offsets: Readonly<Record<S, number>>;
  /** Elements in each slot; 0 for none. */
  readonly sizes: Readonly<Record<S, number>>;
  /** How many updates of the optimizer passed this parameter by, while it was frozen. */
  missed: number;
}

export interface Layout<O extends Options, S extends string> {
  readonly groups: readonly { readonly params: readonly Parameter[]; readonly given: Given<WithCommon<O>> }[];
  /** Every parameter that is in a group, in memory order. */
  readonly members: readonly Member<S>[];
  /** Bytes of each slot's arena. */
  readonly bytes: Readonly<Record<S, number>>;
}

/** Checks everything about parameters, groups and options, and lays out the state. Allocates nothing. */
export function layOut<O extends Options, S extends string, N extends string>(
  spec: OptimizerSpec<O, S, N>,
  params: OptimizerParams<O>,
  given: OptimizerOptions<O>,
): Layout<O, S> {
  const options: WithCommon<O> = { ...spec.options, ...common };
  checkKeys(spec.name, given, [...Object.keys(options), "nonFinite"]);
  const { nonFinite, ...shared } = given;
  if (nonFinite !== undefined) checkChoice("nonFinite", nonFinite, ["propagate", "skip"]);
  checkOptions(spec.name, options, shared as Given<WithCommon<O>>);
  const grouped = Array.isArray(params) && params.some((item) => item && typeof item === "object" && "params" in item);
  const list = grouped ? (params as readonly GroupOptions<O>[]) : [{ params: params as Selection } as GroupOptions<O>];
  const groups = list.map(({ params: selection, ...own }, i) => {
    const argument = grouped ? `groups[${i}]` : spec.name;
    checkOptions(argument, options, own as unknown as Given<WithCommon<O>>);
    const params = selected(grouped ? `${argument}.params` : "params", selection);
    return { params, given: { ...shared, ...own } as unknown as Given<WithCommon<O>> };
  });
  const chosen = selected(
    "params",
    groups.flatMap((group) => group.params),
  );
  if (chosen.length === 0) refuse("params", params, "at least one parameter");
  if (grouped) refuseUnassigned(chosen);
  checkShapes(spec, chosen);
  const groupOf = new Map(groups.flatMap(({ params }, i) => params.map((parameter) => [parameter, i] as const)));
  const resolved = groups.map(({ given }) => fixed(options, given));
  for (const group of resolved) spec.check?.(group);
  const slots = Object.keys(spec.state) as S[];
  const bytes = Object.fromEntries(slots.map((slot) => [slot, 0])) as Record<S, number>;
  const members = [...chosen]
    .sort((a, b) => a.value.pointer - b.value.pointer)
    .map((parameter) => {
      const group = groupOf.get(parameter)!;
      const sizes = slotSizes<O, S, N>(spec, resolved[group]!, parameter);
      const offsets = { ...bytes };
      for (const slot of slots) bytes[slot] += bytesOf(dtypeOf(spec.state[slot]), sizes[slot]);
      return { parameter, group, offsets, sizes, missed: 0 };
    });
  return { groups, members, bytes };
}

/** Refuses parameters that the spec cannot step, unless they are frozen. */
export function checkShapes<O extends Options, S extends string, N extends string>(
  { shapes }: OptimizerSpec<O, S, N>,
  parameters: readonly Parameter[],
): void {
  if (!shapes) return;
  for (const { name, shape, frozen } of parameters) {
    if (!frozen && !shapes.takes(shape)) refuse(name, shape, shapes.expected);
  }
}

/** The elements of each slot for a parameter in a group with these options. */
export function slotSizes<O extends Options, S extends string, N extends string>(
  spec: OptimizerSpec<O, S, N>,
  options: Resolved<O>,
  { shape, size }: Parameter,
): Record<S, number> {
  const entries = (Object.keys(spec.state) as S[]).map((key) => {
    const slot = spec.state[key];
    const needed = slot.when?.(options) ?? true;
    return [key, needed ? (slot.size?.(shape, options) ?? size) : 0];
  });
  return Object.fromEntries(entries) as Record<S, number>;
}

/** With groups written out, a trainable parameter that is in none of them is a mistake. */
function refuseUnassigned(chosen: readonly Parameter[]): void {
  const assigned = new Set(chosen);
  for (const collection of new Set(chosen.map((parameter) => parameter.collection))) {
    for (const parameter of collection) {
      if (assigned.has(parameter) || parameter.frozen) continue;
      throw new SimdOptimError(
        "UNASSIGNED_PARAMETER",
        `groups: parameter ${describe(parameter.name)} is in no group; put it in one, or freeze it`,
      );
    }
  }
}
