import type { Base } from "#wasm/kernels.js";
import { Heap } from "../memory/heap.ts";
import { Engine } from "./engine.ts";

/** A heap that keeps the books of memory that is not there: addresses and sizes, but nothing behind them. */
export function ledger(): Heap {
  return new Heap({ buffer: new ArrayBuffer(0), grow: () => {} }, Number.MAX_SAFE_INTEGER);
}

/** What every kernel answers: also "no index out of range". */
const NOTHING = -1;

/**
 * An engine whose kernels do nothing, over memory that is not there. Code that runs on it takes the same memory as on a
 * real one, workspaces too, as far as the books say, so its needs are known before anything is allocated.
 */
export class DryEngine extends Engine {
  override readonly kernels: Base;

  constructor() {
    super({
      backend: "reference",
      reason: "nothing is computed",
      heap: ledger(),
      bind: (table) => Object.fromEntries(Object.keys(table).map((name) => [name, () => NOTHING])),
    });
    // There are no bounds to keep.
    this.kernels = this.unchecked;
  }
}
