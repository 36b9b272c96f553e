import type { Embedded } from "./embedded.ts";
import type { Kernel } from "./row.ts";

/** What has kernels bound to its memory: an engine. */
export interface Binder {
  /** The kernels of a family, for code that has checked its arguments. */
  bound<K>(family: Family<K>): K;
  /** The same, every call checked: operands must lie in memory. */
  boundChecked<K>(family: Family<K>): K;
}

const imported = new Set<Family<unknown>>();

/** The families whose modules have been evaluated: those of which some function was imported. */
export function importedFamilies(): readonly Family<unknown>[] {
  return [...imported];
}

/**
 * Kernels with a SIMD build of their own, compiled when they are first called for: what code does not use, it does not
 * bring along. `K` is their type, from the sources.
 */
export class Family<K> {
  /** What it is called in errors. */
  readonly name: string;
  /** A row for each kernel. */
  readonly table: Readonly<Record<keyof K & string, Kernel>>;
  /** @internal Its build. */
  readonly simd: Embedded;

  constructor(name: string, table: Readonly<Record<keyof K & string, Kernel>>, simd: Embedded) {
    this.name = name;
    this.table = table;
    this.simd = simd;
    imported.add(this);
  }

  /** The kernels over the memory of an engine, for code that has checked its arguments. */
  of(engine: Binder): K {
    return engine.bound(this);
  }

  /** The kernels over the memory of an engine, every call checked: operands must lie in memory. */
  checked(engine: Binder): K {
    return engine.boundChecked(this);
  }
}
