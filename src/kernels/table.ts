/**
 * The kernel table: every kernel, described once. From it and the signatures of the sources come the check that a Wasm
 * build is no other, the bounds check of pointers, the parity fuzz and the benchmarks.
 */
import type { Base, Linalg, Nn } from "#wasm/kernels.js";
import { baseTable } from "./base.ts";
import type { Built, Table } from "./bind.ts";
import type { Engine } from "./engine.ts";
import { linalg } from "./linalg.ts";
import { nn } from "./nn.ts";
import type { Kernel } from "./row.ts";
import { type SizeChoice, sizeChoices } from "./sizes.ts";

/** The kernels of all families. */
export interface Kernels extends Base, Linalg, Nn {}

/** The name of a kernel. */
export type KernelName = keyof Kernels;

/** A kernel, and how to choose sizes for it if it has more than the single size n. */
export interface ListedKernel extends Kernel {
  readonly sizes: SizeChoice | undefined;
}

/** Every kernel by name: its operands in order, what it does with each, how long they are, and its scalars. */
export const kernelTable = /* @__PURE__ */ Object.fromEntries(
  /* @__PURE__ */ Object.entries({ ...baseTable, ...linalg.table, ...nn.table }).map(([name, kernel]) => [
    name,
    { ...kernel, sizes: sizeChoices[name as KernelName] },
  ]),
) as Readonly<Record<KernelName, ListedKernel>>;

/** The names of all kernels. */
export const kernelNames = Object.keys(kernelTable) as KernelName[];

/** @internal Every kernel as it was built, workspaces among its arguments: for tests and benchmarks, over an engine. */
export function builtKernels(engine: Engine): Built {
  const known = builds.get(engine);
  if (known) return known;
  linalg.of(engine);
  nn.of(engine);
  const tables: readonly Table[] = [baseTable, linalg.table, nn.table];
  const all: Built = Object.assign({}, ...tables.map((table) => picked(engine.built(table), table)));
  builds.set(engine, all);
  return all;
}

const builds = new WeakMap<Engine, Built>();

function picked(built: Built, table: Table): Built {
  return Object.fromEntries(Object.keys(table).map((name) => [name, built[name]!]));
}
