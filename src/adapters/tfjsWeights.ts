import { describe, refuse } from "../core/check.ts";
import type { Optimizer } from "../optim/define/optimizer.ts";
import type { Options } from "../optim/define/option.ts";
import type { OptimizerState } from "../state/savedState.ts";
import { type NamedArray, STEPS, splitArrays } from "./namedArrays.ts";

/** A rule that tfjs has too. */
interface TfjsRule {
  /** What tfjs names the arrays that are these slots here. */
  readonly slots: Readonly<Record<string, string>>;
  /** What its momentum buffer is multiplied by, to go on at these options as there: 1 unless it is given. */
  unit?(options: Readonly<Record<string, unknown>>): number;
  /** Whether tfjs keeps that buffer without momentum too. */
  readonly keepsBuffer?: boolean;
}

/** Of an optimizer that tfjs lacks. */
const NO_RULE: TfjsRule = { slots: {} };

const MOMENTS: TfjsRule = { slots: { m: "exp_avg", v: "exp_avg_sq" } };

/** By optimizer. tfjs has lr inside its momentum buffers; here it is so in SGD's with `convention: "sutskever"`. */
const RULES: Readonly<Record<string, TfjsRule>> = {
  Adadelta: { slots: { accum_grad: "square_avg", accum_var: "acc_delta" } },
  Adagrad: { slots: { accumulator: "sum" } },
  Adam: MOMENTS,
  AdamW: MOMENTS,
  Adamax: { slots: { m: "exp_avg", v: "exp_inf" } },
  RMSprop: {
    slots: { rms: "square_avg", mg: "grad_avg", momentum: "momentum_buffer" },
    unit: ({ lr }) => 1 / (lr as number),
    keepsBuffer: true,
  },
  SGD: {
    slots: { momentum: "momentum_buffer" },
    unit: ({ lr, convention }) => (convention === "sutskever" ? -(lr as number) : 1),
  },
};

/** Whether these are weights of an optimizer of tfjs: those of ours have the steps of each parameter among them. */
export function isOfTfjs(arrays: readonly NamedArray[]): boolean {
  return !arrays.some(({ name }) => name.endsWith(`/${STEPS}`));
}

/**
 * The state in what `getWeights()` of an optimizer of tfjs gives: "iter", then "NAME/m" and so on for each variable. tfjs
 * counts updates for all variables at once.
 */
export function fromTfjsArrays(arrays: readonly NamedArray[], optimizer: string, point: string): OptimizerState {
  const { step, entries } = splitArrays(arrays);
  const { slots } = RULES[optimizer] ?? NO_RULE;
  const names = Object.keys(slots).map((key) => `x/${key}`);
  // An object would put names that look like an index first.
  const params = new Set<string>();
  const state: Record<string, Record<string, Float32Array>> = Object.create(null);
  for (const { name, values, parameter, key } of entries) {
    if (!Object.hasOwn(slots, key)) {
      const theirs =
        names.length > 0 ? `tfjs', named ${names.map(describe).join(", ")}` : "no others, for tfjs lacks it";
      refuse("weights", name, `${optimizer}'s own, with "x/${STEPS}" among them, or ${theirs}`, "STATE_MISMATCH");
    }
    if (!(values instanceof Float32Array)) refuse(`weights: ${name}`, "integers", "float32", "STATE_MISMATCH");
    params.add(parameter);
    state[parameter] = { ...state[parameter], [slots[key]!]: values };
  }
  return ofAll([...params], { optimizer, point, step, state });
}

/** The state of parameters that have had every update. */
export function ofAll(
  params: readonly string[],
  saved: Pick<OptimizerState, "optimizer" | "point" | "step" | "state">,
): OptimizerState {
  const steps = Object.fromEntries(params.map((name) => [name, saved.step]));
  return { ...saved, steps, groups: params.map((name) => ({ params: [name], options: {}, numbers: {} })) };
}

/** Loads such a state, its momentum buffers in our units. */
export function loadFromTfjs<O extends Options, S extends string, N extends string>(
  optimizer: Optimizer<O, S, N>,
  saved: OptimizerState,
): void {
  const { unit: unitOf, keepsBuffer = false } = RULES[optimizer.spec.name] ?? NO_RULE;
  const bufferOf = (parameter: string) => optimizer.stateDict({ copy: false }).state[parameter]?.["momentum_buffer"];
  const state = Object.entries(saved.state).map(([parameter, { momentum_buffer, ...others }]) => {
    const kept = momentum_buffer && (!keepsBuffer || bufferOf(parameter));
    return [parameter, kept ? { ...others, momentum_buffer } : others];
  });
  optimizer.loadStateDict({ ...saved, state: Object.fromEntries(state) });
  for (const { params, ...options } of optimizer.groups) {
    const unit = unitOf?.(options) ?? 1;
    for (const parameter of params) {
      const buffer = bufferOf(parameter.name);
      if (!buffer) continue;
      if (!Number.isFinite(unit)) refuse("lr", 0, "one above 0: tfjs' momentum buffers have it in them");
      for (let i = 0; i < buffer.length; i++) buffer[i]! *= unit;
    }
  }
}
