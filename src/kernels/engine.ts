/// <reference lib="esnext.disposable" preserve="true" />
import { checkChoice, checkInteger, checkKeys, describe, Marked, refuse, SimdOptimError } from "../core/check.ts";
import { ADDRESS_SPACE, type Block, Heap, type LinearMemory, PlainMemory } from "../memory/heap.ts";
import { bindTwins, bindWasm, checked, type Kernels } from "./table.ts";

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
  readonly kernels: Kernels;
}

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
    if (backend !== "auto") throw unavailable(backend, "this runtime has no WebAssembly");
    return openReference(maxBytes, "this runtime has no WebAssembly");
  }
  if (module !== undefined) {
    if (!isModule(module)) refuse("module", module, "a WebAssembly.Module");
    const machine = openWasm(module, maxBytes, "the module that was passed");
    if (backend !== "auto" && machine.backend !== backend) {
      refuse("module", machine.backend, `a build of backend ${describe(backend)}`);
    }
    return machine;
  }
  const simd = WebAssembly.validate(SIMD_PROBE);
  if (backend === "simd" && !simd) throw unavailable(backend, "this runtime has no WebAssembly SIMD");
  const variant = backend === "auto" ? (simd ? "simd" : "scalar") : backend;
  const reason =
    backend !== "auto" ? "asked for" : simd ? "this runtime has SIMD" : "this runtime has no WebAssembly SIMD";
  let does = "does not let kernels be imported";
  try {
    const { compile } = await (variant === "simd" ? import("#wasm/simd") : import("#wasm/scalar"));
    does = "forbids compiling WebAssembly";
    const compiled = await compile();
    does = "cannot run WebAssembly";
    return openWasm(compiled, maxBytes, reason);
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
  return { backend: "reference", reason, heap, kernels: bindTwins(twins, heap.views) };
}

/** Also one of another realm, which is no instance of this realm's class: edge hosts compile modules outside. */
function isModule(value: unknown): value is WebAssembly.Module {
  return Object.prototype.toString.call(value) === "[object WebAssembly.Module]";
}

function openWasm(module: WebAssembly.Module, maxBytes: number, reason: string): Machine {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: Math.floor(maxBytes / PAGE) });
  // Not by AssemblyScript's loader: it assigns to `Object`, which a frozen realm refuses, and wraps every call.
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = bindWasm(exports);
  const lanes = (exports["LANES"] as WebAssembly.Global).value;
  return {
    backend: lanes === 4 ? "simd" : "scalar",
    reason,
    heap: new Heap(memory as LinearMemory, maxBytes),
    kernels,
  };
}

/** Refuses anything but a runtime of this copy of the package. */
export function checkEngine(argument: string, value: unknown): asserts value is Engine {
  if (!(value instanceof Engine)) refuse(argument, value, "a runtime, as load() gives");
  value.heap.checkAlive();
}

/** One linear memory and the kernels bound to it. */
export class Engine extends Marked {
  /** What runs the kernels here. */
  readonly backend: Backend;
  /** Why this backend was chosen. */
  readonly reason: string;
  /** The kernels, for code that has checked its arguments. */
  readonly unchecked: Kernels;
  /** The kernels, every call checked: operands must lie in memory. */
  readonly kernels: Kernels;
  /** @internal The allocator over linear memory. */
  readonly heap: Heap;
  #scratch: Block | undefined;

  constructor(machine: Machine) {
    super();
    this.backend = machine.backend;
    this.reason = machine.reason;
    this.heap = machine.heap;
    this.unchecked = machine.kernels;
    this.kernels = checked(machine.kernels, machine.heap);
  }

  /** Whether its memory can no longer be used: disposed, or its buffer transferred away. */
  get disposed(): boolean {
    return this.heap.lost;
  }

  /** The address of a workspace of at least `bytes`, whose contents last until the next call. */
  scratch(bytes: number): number {
    if (!this.#scratch || this.#scratch.bytes < bytes) {
      const larger = this.heap.allocate(bytes);
      this.#scratch?.release();
      this.#scratch = larger;
    }
    return this.#scratch.pointer;
  }

  /** Ends the use of everything that lives in this memory. */
  dispose(): void {
    this.heap.close();
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
