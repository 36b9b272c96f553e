/**
 * The kernel table: every kernel, described once. From it come the types of the bound kernels, the check that a Wasm
 * build matches the sources, the bounds check of pointers, the parity fuzz and the benchmarks.
 */
import { describe, SimdOptimError } from "../core/check.ts";
import type { Heap, Views } from "../memory/heap.ts";
import type * as twins from "./reference/index.ts";
import { elementBytes, type Kernel, sizesOf } from "./row.ts";
import { generalKernels } from "./table/general.ts";
import { layerKernels } from "./table/layer.ts";
import { lossKernels } from "./table/loss.ts";
import { optimKernels } from "./table/optim.ts";

/** Every kernel by name: its operands in order, what it does with each, how long they are, and its scalars. */
export const kernelTable = {
  ...generalKernels,
  ...layerKernels,
  ...lossKernels,
  ...optimKernels,
} satisfies Record<keyof typeof twins, Kernel>;

/** The name of a kernel. */
export type KernelName = keyof typeof kernelTable;
/** The names of all kernels. */
export const kernelNames = Object.keys(kernelTable) as KernelName[];

type Bound<F> = F extends (memory: Views, ...args: infer A) => infer R ? (...args: A) => R : never;

/** Every kernel, bound to one memory. Pointers are byte addresses, a multiple of 4. */
export type Kernels = { readonly [K in KernelName]: Bound<(typeof twins)[K]> };

type Twin = (memory: Views, ...values: number[]) => number | undefined;

/** The twins over `views`, which must be kept up to date as memory grows. */
export function bindTwins(module: typeof twins, views: Views): Kernels {
  const bound = Object.entries(module).map(([name, twin]) => [name, (twin as Twin).bind(undefined, views)]);
  return Object.fromEntries(bound) as unknown as Kernels;
}

/** The kernels among the exports of a Wasm instance; refuses a build that does not match the table. */
export function bindWasm(exports: WebAssembly.Exports): Kernels {
  for (const name of kernelNames) {
    const kernel = exports[name];
    const expected = kernelTable[name].args.length;
    const arity = typeof kernel === "function" ? kernel.length : undefined;
    if (arity !== expected) {
      const found = arity === undefined ? "is missing" : `takes ${arity} arguments`;
      throw new SimdOptimError(
        "STALE_BUILD",
        `stale Wasm build: kernel ${name} ${found}, the table says ${expected}; run "npm run build"`,
      );
    }
  }
  return Object.fromEntries(kernelNames.map((name) => [name, exports[name]])) as unknown as Kernels;
}

/** The same kernels, refusing any call whose operands do not lie in live memory, aligned, before it is made. */
export function checked(kernels: Kernels, heap: Pick<Heap, "views" | "checkAlive">): Kernels {
  return Object.fromEntries(
    kernelNames.map((name) => [
      name,
      (...values: number[]) => {
        heap.checkAlive();
        checkOperands(name, values, heap.views.u8.length);
        return (kernels[name] as (...values: number[]) => unknown)(...values);
      },
    ]),
  ) as unknown as Kernels;
}

function checkOperands(name: KernelName, values: readonly number[], bytes: number): void {
  const kernel: Kernel = kernelTable[name];
  const sizes = sizesOf(kernel, values);
  if (values.length !== kernel.args.length) {
    throw new SimdOptimError("BAD_ARGUMENT", `${name}: got ${values.length} arguments, expected ${kernel.args.length}`);
  }
  kernel.args.forEach((arg, i) => {
    const value = values[i]!;
    if (arg.kind === "size" && !(Number.isInteger(value) && value >= 0)) {
      throw new SimdOptimError("BAD_ARGUMENT", `${name}.${arg.name}: got ${describe(value)}, expected a whole number`);
    }
    if (arg.kind !== "operand") return;
    const width = elementBytes(arg);
    const end = value + width * arg.length(sizes);
    if (!(Number.isInteger(value) && value > 0 && value % width === 0 && end <= bytes)) {
      throw new SimdOptimError(
        "POINTER_OUT_OF_BOUNDS",
        `${name}.${arg.name}: got ${arg.length(sizes)} elements at ${describe(value)}, expected a multiple of ${width} inside ${bytes} bytes of memory`,
      );
    }
  });
}
