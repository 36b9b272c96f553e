/**
 * Maximal update parametrisation (muP): factors that make the best hyperparameters of a narrow model the best of a wide
 * one. G. Yang et al., "Tensor Programs V: tuning large neural networks via zero-shot hyperparameter transfer" (2022),
 * table 8, as the authors' package `mup` computes them.
 */
import { checkBoolean, checkChoice, checkKeys, checkNumber, describe, isPlain, refuse } from "../core/check.ts";
import type { ParameterOptions } from "../tensor/declare.ts";
import { type Parameter, type Selection, selected } from "../tensor/parameters.ts";
import type { Scheduled } from "./define/option.ts";

/**
 * What a parameter is to width. "hidden" has two axes that grow with it; "input" and "output" are matrices with one,
 * "vector" has that alone, as biases and gains of norms do; "scalar" has none.
 */
export type MupRole = "input" | "hidden" | "output" | "vector" | "scalar";

/** What a width that grew makes of one parameter. */
export interface MupFactors {
  /** What kind of parameter it is, by the axes that grow. */
  readonly role: MupRole;
  /** How many times wider than the base: by the last axis that grows. */
  readonly widthMult: number;
  /** What learning rates are multiplied by. */
  readonly lr: Readonly<Record<MupOptimizer, number>>;
  /** What a deviation that suits the base is multiplied by: `init.normal(value, { deviation: 0.02 * init, ... })`. */
  readonly init: number;
  /**
   * The shape whose fans an initialiser is to use, as `fansOf`: the base's where one axis grows, for such a parameter
   * starts at any width as it does at the base's.
   */
  readonly initShape: readonly number[];
  /** What the output of the layer, but not its bias, is multiplied by in the forward pass. */
  readonly multiplier: number;
}

/** Whose rule: that of SGD and all whose steps grow with gradients, or that of Adam and all whose steps do not. */
export type MupOptimizer = "adam" | "sgd";

/** The shapes of the base model, as `runtime.parameters` takes them. */
export type BaseShapes = Readonly<Record<string, readonly number[] | Pick<ParameterOptions, "shape">>>;

/**
 * The factors of each parameter, by name, from its shape and that of the same parameter in a base model: an axis grows
 * with width if its size differs. The first axis is the one of outputs, as in [out, in] or [out, in, ...kernel]; a matrix
 * that grows only along its last is an "output", unless the parameter's role is "embedding". With n = widthMult:
 *
 *     role       lr, adam   lr, sgd           init         multiplier
 *     input      1          n                 1            1
 *     hidden     1 / n      n_out / n_in      1 / sqrt n   1
 *     output     1          n                 1            1 / n
 *     vector     1          n                 1            1
 *     scalar     1          1                 1            1
 *
 * Biases that start from samples want the deviation they have at the base. Attention is the model's own business: muP
 * divides its logits by the width of a head, not by the root.
 */
export function mup(params: Selection, base: BaseShapes): ReadonlyMap<string, MupFactors> {
  const parameters = selected("params", params);
  if (!isPlain(base)) {
    refuse("base", base, 'the shapes of a base model, such as { "fc.weight": [64, 10] }');
  }
  return new Map(parameters.map((parameter) => [parameter.name, factorsOf(parameter, baseShape(parameter, base))]));
}

function baseShape({ name, shape }: Parameter, base: BaseShapes): readonly number[] {
  if (!Object.hasOwn(base, name)) refuse("base", Object.keys(base), `a shape for ${describe(name)}`, "SHAPE_MISMATCH");
  const declared = base[name]!;
  if (isPlain(declared)) checkKeys(`base.${name}`, declared, ["shape"]);
  const found: unknown = isPlain(declared) ? declared["shape"] : declared;
  if (
    !Array.isArray(found) ||
    found.length !== shape.length ||
    [...found].some((size) => !(Number.isFinite(size) && size >= 1))
  ) {
    refuse(`base.${name}`, found, `a shape of ${shape.length} axes, such as ${describe(shape)}`, "SHAPE_MISMATCH");
  }
  return found;
}

function factorsOf({ name, shape, role: purpose }: Parameter, base: readonly number[]): MupFactors {
  const ratios = shape.map((size, axis) => size / base[axis]!);
  const growing = ratios.filter((ratio) => ratio !== 1);
  if (growing.length > 2) refuse(`base.${name}`, base, "one with at most two axes that differ", "SHAPE_MISMATCH");
  const widthMult = growing.at(-1) ?? 1;
  const narrow = { widthMult, init: 1, initShape: base, multiplier: 1 };
  if (growing.length === 0) return { ...narrow, role: "scalar", lr: { adam: 1, sgd: 1 } };
  if (growing.length === 2) {
    const [out, into] = growing as [number, number];
    const lr = { adam: 1 / into, sgd: out / into };
    return { role: "hidden", widthMult, lr, init: 1 / Math.sqrt(into), initShape: shape, multiplier: 1 };
  }
  const lr = { adam: 1, sgd: widthMult };
  if (shape.length === 1) return { ...narrow, role: "vector", lr };
  if (ratios[0] !== 1 || purpose === "embedding") return { ...narrow, role: "input", lr };
  return { ...narrow, role: "output", lr, multiplier: 1 / widthMult };
}

/** A group before its learning rate has been fitted to widths; whatever else is in it stays as it is. */
export interface MupGroup {
  /** The parameters of the group. */
  params: Selection;
  /** The learning rate that suits the base. */
  lr?: Scheduled;
  /** The weight decay that suits the base. */
  weightDecay?: Scheduled;
}

/** Options of `mupGroups`. */
export interface MupGroupsOptions {
  /** Whose factors to take: "adam" for what divides by a root of squares, "sgd" for what does not. */
  optimizer: MupOptimizer;
  /** For groups that have none of their own. */
  lr?: Scheduled;
  /** For groups that have none of their own; 0 unless it is given. */
  weightDecay?: Scheduled;
  /**
   * Whether weight decay has nothing to do with the learning rate. If it is multiplied by it, as in this package's SGD,
   * Adam and AdamW, false, the default, has it divided by the factor of the learning rate, so that the product stays.
   */
  independentWeightDecay?: boolean;
}

type Fitted<G extends MupGroup> = Omit<G, "params" | "lr" | "weightDecay"> & {
  params: Parameter[];
  lr: Scheduled;
  weightDecay: Scheduled;
};

/**
 * Groups for an optimizer, each with the learning rate and weight decay that muP gives its parameters, from those that
 * suit the base model: `new AdamW(mupGroups(params, base, { optimizer: "adam", lr: 1e-3 }), { betas })`. Groups that are
 * given are split, as the authors' MuSGD and MuAdam do.
 */
export function mupGroups<G extends MupGroup>(
  params: Selection | readonly G[],
  base: BaseShapes,
  options: MupGroupsOptions,
): Fitted<G>[] {
  checkKeys("options", options, ["optimizer", "lr", "weightDecay", "independentWeightDecay"]);
  const { optimizer, independentWeightDecay = false, ...shared } = options;
  checkChoice("optimizer", optimizer, ["adam", "sgd"]);
  checkBoolean("independentWeightDecay", independentWeightDecay);
  const grouped = Array.isArray(params) && params.some((item) => item && typeof item === "object" && "params" in item);
  const groups = (grouped ? params : [{ params }]) as readonly G[];
  return groups.flatMap((group, i) => {
    const { params: selection, lr, weightDecay = 0, ...rest } = { ...shared, ...group };
    const name = grouped ? `groups[${i}].` : "";
    checkRate(`${name}lr`, lr);
    checkRate(`${name}weightDecay`, weightDecay);
    const factors = mup(selection, base);
    const byFactor = new Map<number, Parameter[]>();
    for (const parameter of selected("params", selection)) {
      const factor = factors.get(parameter.name)!.lr[optimizer];
      byFactor.set(factor, [...(byFactor.get(factor) ?? []), parameter]);
    }
    return [...byFactor].map(([factor, members]) => ({
      ...rest,
      params: members,
      lr: times(lr, factor),
      weightDecay: independentWeightDecay ? weightDecay : times(weightDecay, 1 / factor),
    }));
  });
}

function checkRate(argument: string, value: unknown): asserts value is Scheduled {
  if (typeof value === "function") return;
  if (typeof value !== "number") refuse(argument, value, "a number in [0, inf), or a schedule");
  checkNumber(argument, value, "[0, inf)");
}

/** A number or a schedule, multiplied. */
function times(value: Scheduled, factor: number): Scheduled {
  if (factor === 1) return value;
  return typeof value === "number" ? value * factor : (step) => value(step) * factor;
}
