import { describe, refuse } from "./check.ts";
import { type NamedArray, STEPS, splitArrays } from "./namedArrays.ts";
import type { Optimizer } from "./optimizer.ts";
import type { Options } from "./option.ts";
import type { OptimizerState } from "./savedState.ts";

const MOMENTS = { m: "exp_avg", v: "exp_avg_sq" };

/** For each optimizer whose rule tfjs has: what tfjs names the arrays that are these slots here. */
const SLOTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Adadelta: { accum_grad: "square_avg", accum_var: "acc_delta" },
  Adagrad: { accumulator: "sum" },
  Adam: MOMENTS,
  AdamW: MOMENTS,
  Adamax: { m: "exp_avg", v: "exp_inf" },
  RMSprop: { rms: "square_avg", mg: "grad_avg", momentum: "momentum_buffer" },
  SGD: { momentum: "momentum_buffer" },
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
  const slots = SLOTS[optimizer] ?? {};
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

/** What a buffer of tfjs is multiplied by, to go on at these options as there. */
function unitOf(optimizer: string, { lr, convention }: Readonly<Record<string, unknown>>): number {
  if (optimizer === "RMSprop") return 1 / (lr as number);
  return convention === "sutskever" ? -(lr as number) : 1;
}

/**
 * Loads such a state. RMSProp of tfjs has lr inside its momentum buffer and keeps one without momentum too; here lr
 * stands outside, and in the buffer of SGD it is with `convention: "sutskever"`.
 */
export function loadFromTfjs<O extends Options, S extends string, N extends string>(
  optimizer: Optimizer<O, S, N>,
  saved: OptimizerState,
): void {
  const { name } = optimizer.spec;
  const bufferOf = (parameter: string) => optimizer.stateDict({ copy: false }).state[parameter]?.["momentum_buffer"];
  const state = Object.entries(saved.state).map(([parameter, { momentum_buffer, ...others }]) => {
    const kept = momentum_buffer && (name !== "RMSprop" || bufferOf(parameter));
    return [parameter, kept ? { ...others, momentum_buffer } : others];
  });
  optimizer.loadStateDict({ ...saved, state: Object.fromEntries(state) });
  for (const { params, ...options } of optimizer.groups) {
    const unit = unitOf(name, options);
    for (const parameter of params) {
      const buffer = bufferOf(parameter.name);
      if (!buffer) continue;
      if (!Number.isFinite(unit)) refuse("lr", 0, "one above 0: tfjs' momentum buffers have it in them");
      for (let i = 0; i < buffer.length; i++) buffer[i]! *= unit;
    }
  }
}
