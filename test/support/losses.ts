/** Golden cases of losses, run on three backends that have to agree to the bit. */
import { expect, test } from "vitest";
import type { LossOptions } from "../../src/losses/reduction.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import type { View } from "../../src/tensor/tensor.ts";
import { goldenCases, numbers, shareOfTolerance } from "./golden.ts";
import { bitsOf, loadAll } from "./runtimes.ts";

type List = readonly (number | string)[];

export interface LossCase {
  readonly name: string;
  readonly config: Readonly<Record<string, number | boolean | string | readonly number[]>>;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** What losses that are not reduced are multiplied by before they are summed. */
  readonly cotangent?: readonly number[];
  readonly value: number | List;
  readonly value32: number | List;
  readonly grad: Readonly<Record<string, List>>;
  readonly grad32: Readonly<Record<string, List>>;
}

/** A case laid out in a runtime. */
export interface Trial {
  readonly runtime: Runtime;
  readonly config: LossCase["config"];
  /** The inputs as float32 tensors. */
  readonly inputs: Readonly<Record<string, View>>;
  /** Tensors for the gradients that the case lists, by input. */
  readonly gradients: Readonly<Record<string, View>>;
  /** Reduction, losses and upstream as the case asks. */
  readonly options: Omit<LossOptions, "gradient">;
  /** An input as unsigned integers. */
  classes(name: string): View<"u32">;
}

export const runtimes = await loadAll();

function layOut(runtime: Runtime, { config, inputs, shapes, cotangent, value, grad }: LossCase): Trial {
  const tensor = (name: string) => runtime.tensor(shapes[name]!, { values: inputs[name]! });
  const reduction = (config["reduction"] ?? "mean") as "mean" | "sum" | "none";
  return {
    runtime,
    config,
    inputs: Object.fromEntries(Object.keys(inputs).map((name) => [name, tensor(name)])),
    gradients: Object.fromEntries(Object.keys(grad).map((name) => [name, runtime.tensor(shapes[name]!)])),
    options: {
      reduction,
      ...(Array.isArray(value) && { losses: runtime.tensor(lossShape(shapes, value.length)) }),
      ...(cotangent && { upstream: runtime.tensor(lossShape(shapes, cotangent.length), { values: cotangent }) }),
    },
    classes: (name) => runtime.tensor(shapes[name]!, { type: "u32", values: inputs[name]! }),
  };
}

/** The shape of the first input where there is a loss for each of its elements, otherwise a row of losses. */
function lossShape(shapes: LossCase["shapes"], count: number): readonly number[] {
  const [first] = Object.values(shapes) as [readonly number[]];
  return first.reduce((product, size) => product * size, 1) === count ? first : [count];
}

function expectRuleR(where: string, ours: ArrayLike<number>, truth: List, truth32: List): void {
  const { R } = shareOfTolerance(ours, numbers(truth), numbers(truth32), []);
  expect(R, where).toBeLessThanOrEqual(1);
}

const list = (value: number | List): List => (typeof value === "number" ? [value] : value);

/** Makes a test of every case of a family that `evaluate` has a loss for, which it must return the value of. */
export function testGolden(family: string, evaluate: Record<string, (trial: Trial) => number>): void {
  const cases = goldenCases<LossCase>(`losses/${family}`).filter(({ config }) => String(config["loss"]) in evaluate);
  test.each(cases)("$name", (golden) => {
    const results = runtimes.map((runtime) => {
      const trial = layOut(runtime, golden);
      const value = evaluate[String(golden.config["loss"])]!(trial);
      const { losses } = trial.options;
      const { backend } = runtime;
      expectRuleR(`value on ${backend}`, losses?.data ?? [value], list(golden.value), list(golden.value32));
      for (const [name, gradient] of Object.entries(trial.gradients)) {
        expectRuleR(`gradient of ${name} on ${backend}`, gradient.data, golden.grad[name]!, golden.grad32[name]!);
      }
      const arrays = [...Object.values(trial.gradients), ...(losses ? [losses] : [])];
      return { value, bits: arrays.map(({ data }) => bitsOf(data as Float32Array<ArrayBuffer>)) };
    });
    for (const result of results) expect(result).toEqual(results[0]);
  });
  test(`there are cases of ${Object.keys(evaluate).join(", ")}`, () => {
    for (const loss of Object.keys(evaluate)) expect(cases.map(({ config }) => config["loss"])).toContain(loss);
  });
}
