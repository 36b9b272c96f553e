/// <reference lib="esnext.disposable" preserve="true" />
import type { Base, Pointer } from "#wasm/kernels.js";
import { checkChoice, checkInteger, checkKeys, describe, Marked, refuse, SimdOptimError } from "../core/check.ts";
import { ADDRESS_SPACE, type Block, Heap, type LinearMemory, PlainMemory } from "../memory/heap.ts";
import { baseTable } from "./base.ts";
import { type Built, bindTwins, bindWasm, checked, type Table, withWorkspaces } from "./bind.ts";
import { compile, compileNow } from "./embedded.ts";
import { type Binder, type Family, importedFamilies } from "./family.ts";

/** What runs the kernels: Wasm with SIMD, Wasm without, or plain JavaScript. All give the same bits. */
export type Backend = "simd" | "scalar" | "reference";

/** Options of `load`. */
export interface LoadOptions {
  /** A backend, or "auto" for the fastest that works here. A named backend never falls back: it throws. */
  backend?: Backend | "auto";
  /** A compiled `simd.wasm` or `scalar.wasm`, for runtimes that forbid compiling bytes. */
  module?: WebAssembly.Module;
  /** The most linear memory may grow to, in bytes; 4 GiB by default. */
  maxBytes?: number;
}

/** What a backend consists of. */
export interface Machine {
  readonly backend: Backend;
  readonly reason: string;
  readonly heap: Heap;
  /** Kernels of a table that came with the backend: of any, or of the base alone. */
  bind(table: Table): Built;
  /** Where they are the base alone: makes an instance of a family over the same memory. */
  readonly instances?: {
    make(module: WebAssembly.Module): Promise<Bind>;
    makeNow(module: WebAssembly.Module): Bind;
    /** Whether the latter works here. */
    readonly atOnce: boolean;
  };
}

type Bind = (table: Table) => Built;

const PAGE = 65536;

/** A module of one function that returns a v128: valid where SIMD is. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

/** Chooses a backend and opens it. */
export async function openMachine(options: LoadOptions = {}): Promise<Machine> {
  checkKeys("load", options, ["backend", "module", "maxBytes"]);
  const { backend = "auto", module, maxBytes = ADDRESS_SPACE } = options;
  checkChoice("backend", backend, ["auto", "simd", "scalar", "reference"]);
  checkInteger("maxBytes", maxBytes, `[${PAGE}, ${ADDRESS_SPACE}]`);
  if (backend === "reference") {
    if (module !== undefined) refuse("module", module, `no module, since backend is "reference"`);
    return openReference(maxBytes, "asked for");
  }
  if (typeof WebAssembly === "undefined") {
    const why = "this runtime has no WebAssembly";
    if (backend !== "auto") throw unavailable(backend, why);
    return openReference(maxBytes, why);
  }
  if (module !== undefined) {
    if (!isModule(module)) refuse("module", module, "a WebAssembly.Module");
    const { instances: _, ...machine } = await openWasm(module, maxBytes, "the module that was passed");
    if (backend !== "auto" && machine.backend !== backend) {
      refuse("module", machine.backend, `a build of backend ${describe(backend)}`);
    }
    return machine;
  }
  const simd = WebAssembly.validate(SIMD_PROBE);
  const has = simd ? "this runtime has SIMD" : "this runtime has no WebAssembly SIMD";
  if (backend === "simd" && !simd) throw unavailable(backend, has);
  const variant = backend === "auto" ? (simd ? "simd" : "scalar") : backend;
  const reason = backend === "auto" ? has : "asked for";
  let does = "does not let kernels be imported";
  try {
    const embedded = await (variant === "simd" ? import("#wasm/base.js") : import("#wasm/scalar.js"));
    does = "forbids compiling WebAssembly";
    const compiled = await compile(embedded);
    does = "cannot run WebAssembly";
    const { instances, ...machine } = await openWasm(compiled, maxBytes, reason);
    return variant === "simd" ? { ...machine, instances } : machine;
  } catch (error) {
    if (error instanceof SimdOptimError) throw error;
    // A service worker, which may not import on demand, or a file that is missing; a content security policy without
    // wasm-unsafe-eval, which WebKit only minds when it comes to running; a host that only takes precompiled modules.
    const why = `this runtime ${does} (${(error as Error).message})`;
    if (backend !== "auto") throw unavailable(backend, why);
    return openReference(maxBytes, why);
  }
}

function unavailable(backend: Backend, why: string): SimdOptimError {
  return new SimdOptimError("BACKEND_UNAVAILABLE", `backend: got ${describe(backend)}, but ${why}`);
}

async function openReference(maxBytes: number, reason: string): Promise<Machine> {
  const twins = await import("./reference/index.ts").catch((error: Error) => {
    const why = `this runtime does not let kernels be imported (${error.message})`;
    throw unavailable("reference", `${why}; put all code in one file, as simd-optim/bundle does`);
  });
  const heap = new Heap(new PlainMemory(), maxBytes);
  const built = bindTwins(twins, heap.views);
  return { backend: "reference", reason, heap, bind: () => built };
}

/** Also one of another realm, which is no instance of this realm's class: edge hosts compile modules outside. */
function isModule(value: unknown): value is WebAssembly.Module {
  return Object.prototype.toString.call(value) === "[object WebAssembly.Module]";
}

async function openWasm(module: WebAssembly.Module, maxBytes: number, reason: string) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: Math.floor(maxBytes / PAGE) });
  const imports = { env: { memory } };
  // Not by AssemblyScript's loader: it assigns to `Object`, which a frozen realm refuses, and wraps every call.
  const makeNow = (other: WebAssembly.Module) => new WebAssembly.Instance(other, imports);
  const make = (other: WebAssembly.Module) => WebAssembly.instantiate(other, imports);
  const bindOf =
    ({ exports }: WebAssembly.Instance): Bind =>
    (table) =>
      bindWasm(exports, table);
  let atOnce = true;
  let instance: WebAssembly.Instance;
  try {
    instance = makeNow(module);
  } catch (error) {
    // Chromium before 115 refuses more than 4 KB on the main thread.
    if (!(error instanceof RangeError)) throw error;
    atOnce = false;
    instance = await make(module);
  }
  const bind = bindOf(instance);
  // Whatever build it is, it must have these.
  bind(baseTable);
  const lanes = (instance.exports["LANES"] as WebAssembly.Global).value;
  return {
    backend: lanes === 4 ? ("simd" as const) : ("scalar" as const),
    reason,
    heap: new Heap(memory as LinearMemory, maxBytes),
    bind,
    instances: {
      atOnce,
      make: async (other: WebAssembly.Module) => bindOf(await make(other)),
      makeNow: (other: WebAssembly.Module) => bindOf(makeNow(other)),
    },
  };
}

/** Refuses anything but a runtime of this copy of the package. */
export function checkEngine(argument: string, value: unknown): asserts value is Engine {
  if (!(value instanceof Engine)) refuse(argument, value, "a runtime, as load() gives");
  value.heap.checkAlive();
}

/** One linear memory and the kernels bound to it. */
export class Engine extends Marked implements Binder {
  /** What runs the kernels here. */
  readonly backend: Backend;
  /** Why this backend was chosen. */
  readonly reason: string;
  /** The kernels that optimizers and parameters need, for code that has checked its arguments. */
  readonly unchecked: Base;
  /** The same, every call checked: operands must lie in memory. */
  readonly kernels: Base;
  /** @internal The allocator over linear memory. */
  readonly heap: Heap;
  readonly #machine: Machine;
  /** Kernels by their tables, as they were built. */
  readonly #built = new Map<Table, Built>();
  /** The same with their workspaces, as they are called. */
  readonly #bound = new Map<Table, Built>();
  readonly #regions = new Map<string, Block>();

  constructor(machine: Machine) {
    super();
    this.backend = machine.backend;
    this.reason = machine.reason;
    this.heap = machine.heap;
    this.#machine = machine;
    this.#take(baseTable, machine.bind(baseTable));
    const base = this.#bound.get(baseTable)!;
    this.unchecked = base as unknown as Base;
    this.kernels = checked(base, baseTable, machine.heap) as unknown as Base;
  }

  /** @internal What `family.of(engine)` calls. */
  bound<K>(family: Family<K>): K {
    return (this.#bound.get(family.table) ?? this.#bindNow(family)) as unknown as K;
  }

  /** @internal What `family.checked(engine)` calls. */
  boundChecked<K>(family: Family<K>): K {
    return checked(this.bound(family) as unknown as Built, family.table, this.heap) as unknown as K;
  }

  /** @internal The kernels of a table that has been bound, as they were built: callers pass workspaces. */
  built(table: Table): Built {
    return this.#built.get(table)!;
  }

  /** Whether its memory can no longer be used: disposed, or its buffer transferred away. */
  get disposed(): boolean {
    return this.heap.lost;
  }

  /**
   * Compiles the kernels of everything that has been imported. Only for runtimes that refuse to compile at once, where
   * code that is imported later says that it is needed.
   */
  async add(): Promise<this> {
    const { bind, instances } = this.#machine;
    const missing = importedFamilies().filter(({ table }) => !this.#bound.has(table));
    await Promise.all(
      missing.map(async ({ table, simd }) =>
        this.#take(table, (instances ? await instances.make(await compile(simd)) : bind)(table)),
      ),
    );
    return this;
  }

  /**
   * The address of a workspace of at least `bytes`, by the name of who needs it; its contents last until the next call
   * with that name.
   */
  region(name: string, bytes: number): Pointer {
    const region = this.#regions.get(name);
    if (region && region.bytes >= bytes) return region.pointer;
    const larger = this.heap.allocate(bytes);
    region?.release();
    this.#regions.set(name, larger);
    return larger.pointer;
  }

  /** Ends the use of everything that lives in this memory. */
  dispose(): void {
    this.heap.close();
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #bindNow({ name, table, simd }: Family<unknown>): Built {
    const { bind, instances } = this.#machine;
    if (!instances) return this.#take(table, bind(table));
    try {
      return this.#take(table, instances.makeNow(compileNow(simd))(table));
    } catch (error) {
      if (error instanceof SimdOptimError) throw error;
      const why = `this runtime does not compile WebAssembly at once (${(error as Error).message})`;
      throw unavailable("simd", `${why}; call \`await runtime.add()\` after importing code that uses ${name}`);
    }
  }

  #take(table: Table, built: Built): Built {
    const bound = withWorkspaces(built, table, (name, bytes) => this.region(name, bytes));
    this.#built.set(table, built);
    this.#bound.set(table, bound);
    return bound;
  }
}
