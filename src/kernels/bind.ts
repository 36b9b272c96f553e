/** Kernels bound to a memory: by name from what has them, and with what callers do not pass. */

import { describe, SimdOptimError } from "../core/check.ts";
import { bytesOf } from "../memory/elementType.ts";
import type { Heap, Views } from "../memory/heap.ts";
import type * as twins from "./reference/index.ts";
import { type Kernel, type OperandArgument, type Sizes, sizesOf } from "./row.ts";

/** The kernels of some family by name. */
export type Table = Readonly<Record<string, Kernel>>;
/** Kernels as they were built: arguments in the order of the table, workspaces among them. */
export type Built = Readonly<Record<string, (...values: number[]) => number | undefined>>;

type Twin = (memory: Views, ...values: number[]) => number | undefined;

/** The twins over `views`, which must be kept up to date as memory grows. */
export function bindTwins(module: typeof twins, views: Views): Built {
  const bound = Object.entries(module).map(([name, twin]) => [name, (twin as Twin).bind(undefined, views)]);
  return Object.fromEntries(bound);
}

/** The kernels of a table among the exports of a Wasm instance; refuses a build that does not match it. */
export function bindWasm(exports: WebAssembly.Exports, table: Table): Built {
  for (const [name, { args }] of Object.entries(table)) {
    const kernel = exports[name];
    const arity = typeof kernel === "function" ? kernel.length : undefined;
    if (arity !== args.length) {
      const found = arity === undefined ? "is missing" : `takes ${arity} arguments`;
      throw new SimdOptimError(
        "STALE_BUILD",
        `stale Wasm build: kernel ${name} ${found}, the table says ${args.length}; run "npm run build"`,
      );
    }
  }
  return exports as unknown as Built;
}

/** Gives the address of a workspace, by its name and how many bytes it needs. */
export type Workspaces = (name: string, bytes: number) => number;

/** Something for each kernel of a table. */
function each(table: Table, make: (name: string, kernel: Kernel) => Built[string]): Built {
  return Object.fromEntries(Object.entries(table).map(([name, kernel]) => [name, make(name, kernel)]));
}

function isWork(arg: Kernel["args"][number]): arg is OperandArgument {
  return arg.kind === "operand" && arg.access === "work";
}

/** The kernels of a table with their workspaces: callers pass the other arguments. */
export function withWorkspaces(built: Built, table: Table, workspaces: Workspaces): Built {
  return each(table, (name, { args }) => {
    const call = built[name]!;
    if (!args.some(isWork)) return call;
    return (...passed) => {
      const values = args.map((arg) => (isWork(arg) ? 0 : passed.shift()!));
      const sizes = sizesOf(args, values);
      for (const [i, arg] of args.entries()) {
        if (isWork(arg)) values[i] = workspaces(arg.name, bytesOf(arg.type, arg.length(sizes)));
      }
      return call(...values);
    };
  });
}

/** The bytes of the workspaces that a call of a kernel needs, for these sizes. */
export function workspaceBytes({ args }: Kernel, sizes: Sizes): number {
  return args.reduce((sum, arg) => sum + (isWork(arg) ? bytesOf(arg.type, arg.length(sizes)) : 0), 0);
}

/** The same kernels, refusing any call whose operands do not lie in live memory, aligned, before it is made. */
export function checked(kernels: Built, table: Table, heap: Pick<Heap, "views" | "checkAlive">): Built {
  return each(table, (name, { args }) => {
    const expected = args.filter((arg) => !isWork(arg));
    return (...values) => {
      heap.checkAlive();
      checkOperands(name, expected, values, heap.views.u8.length);
      return kernels[name]!(...values);
    };
  });
}

function checkOperands(name: string, args: Kernel["args"], values: readonly number[], bytes: number): void {
  const sizes = sizesOf(args, values);
  if (values.length !== args.length) {
    throw new SimdOptimError("BAD_ARGUMENT", `${name}: got ${values.length} arguments, expected ${args.length}`);
  }
  args.forEach((arg, i) => {
    const value = values[i]!;
    if (arg.kind === "size" && !(Number.isInteger(value) && value >= 0)) {
      throw new SimdOptimError("BAD_ARGUMENT", `${name}.${arg.name}: got ${describe(value)}, expected a whole number`);
    }
    if (arg.kind !== "operand") return;
    const width = bytesOf(arg.type);
    const end = value + width * arg.length(sizes);
    if (!(Number.isInteger(value) && value > 0 && value % width === 0 && end <= bytes)) {
      throw new SimdOptimError(
        "POINTER_OUT_OF_BOUNDS",
        `${name}.${arg.name}: got ${arg.length(sizes)} elements at ${describe(value)}, expected a multiple of ${width} inside ${bytes} bytes of memory`,
      );
    }
  });
}
