import { SimdOptimError } from "../src/core/check.ts";
import * as exported from "../src/optim/index.ts";
import type { Parameters } from "../src/tensor/parameters.ts";
import type { Runtime } from "../src/tensor/runtime.ts";
import { fillFloats } from "./inputs.ts";
import type { Subject, Trial } from "./subject.ts";

type Given = Readonly<Record<string, unknown>>;

/** What every class made by `defineOptimizer` has, whatever its options. */
interface AnyOptimizer {
  new (params: Parameters, options: Given): { readonly bytes: number; step(): unknown; dispose(): void };
  readonly spec: { readonly name: string; readonly options: Readonly<Record<string, { readonly trial: unknown }>> };
  bytes(params: Parameters, options?: Given): number;
}

/** Every optimizer with its defaults, and once more for each option that changes what state it keeps. */
export function optimizerSubjects(runtime: Runtime): Subject[] {
  const classes = (Object.values(exported) as unknown[]).filter(isOptimizer);
  const params = runtime.parameters({ weight: [1, 2] });
  const subjects = classes.flatMap((made) => variantsOf(made, params).map((given) => optimizerSubject(made, given)));
  params.dispose();
  return subjects;
}

function isOptimizer(value: unknown): value is AnyOptimizer {
  return typeof value === "function" && "spec" in value;
}

function variantsOf(made: AnyOptimizer, params: Parameters): Given[] {
  const usual = made.bytes(params);
  const alone = Object.entries(made.spec.options).map(([key, option]) => ({ [key]: option.trial }));
  return [{}, ...alone.filter((given) => (bytesWith(made, params, given) ?? usual) !== usual)];
}

/** Bytes of state with these options; undefined where they do not go with the other defaults. */
function bytesWith(made: AnyOptimizer, params: Parameters, given: Given): number | undefined {
  try {
    return made.bytes(params, given);
  } catch (error) {
    if (error instanceof SimdOptimError && error.code === "BAD_ARGUMENT") return undefined;
    throw error;
  }
}

function optimizerSubject(made: AnyOptimizer, given: Given): Subject {
  const options = Object.entries(given).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  return {
    kind: "optimizer",
    name: made.spec.name + options.join(""),
    product: false,
    cost: (elements) => elements,
    open: (runtime, elements) => open(made, given, runtime, elements),
  };
}

/** The most nearly square matrix of that many elements: what a weight looks like. */
function matrixOf(elements: number): [number, number] {
  let rows = Math.floor(Math.sqrt(elements));
  while (elements % rows !== 0) rows--;
  return [rows, elements / rows];
}

/** One matrix of parameters and its step, through the public interface. */
function open(made: AnyOptimizer, given: Given, runtime: Runtime, elements: number): Trial {
  const params = runtime.parameters({ weight: matrixOf(elements) });
  const weight = params.get("weight");
  const optimizer = new made(params, given);
  return {
    elements,
    // Values and state once in and once out, the gradient once in.
    bytes: 3 * 4 * elements + 2 * optimizer.bytes,
    fill: () => {
      fillFloats(weight.data, 0);
      fillFloats(weight.grad, 1);
    },
    run: () => optimizer.step(),
    outputs: () => [weight.data],
    dispose: () => {
      optimizer.dispose();
      params.dispose();
    },
  };
}
