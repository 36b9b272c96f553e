import { defaultDevice, type Array as JaxArray, type JsTree, numpy as np, tree } from "@jax-js/jax";
import { describe, refuse, SimdOptimError } from "../core/check.ts";
import { sameShape } from "../core/shape.ts";
import { checkEngine, type Engine } from "../kernels/engine.ts";
import type { Optimizer, OptimizerClass } from "../optim/define/optimizer.ts";
import type { Options } from "../optim/define/option.ts";
import type { OptimizerOptions } from "../optim/define/spec.ts";
import type { Stepping } from "../optim/define/steppable.ts";
import type { StepReport } from "../optim/define/stepReport.ts";
import { declare } from "../tensor/declare.ts";
import type { Parameters } from "../tensor/parameters.ts";
import { checkOptions } from "./growingOptimizer.ts";

/** Leaves by the path to them, such as "layers.0.weight"; a tree that is a leaf is "params". */
type Leaves = ReadonlyMap<string, JaxArray>;

function collect(at: string, value: unknown, leaves: Map<string, unknown>): void {
  const isNode = Array.isArray(value) || (typeof value === "object" && value?.constructor === Object);
  if (!isNode) {
    const name = at || "params";
    if (leaves.has(name)) refuse("params", `two leaves named ${name}`, "names that differ", "DUPLICATE_PARAMETER");
    leaves.set(name, value);
    return;
  }
  for (const [key, child] of Object.entries(value as object)) collect(at ? `${at}.${key}` : key, child, leaves);
}

/** The leaves of a tree, all of which must be float32 arrays with values: what is traced by grad or jit has none. */
function leavesOf(argument: string, values: unknown): Leaves {
  const leaves = new Map<string, unknown>();
  collect("", values, leaves);
  for (const [name, leaf] of leaves) {
    const array = leaf as Partial<JaxArray> | undefined;
    if (typeof array?.dataSync !== "function") {
      refuse(`${argument}: ${name}`, leaf, "an array of jax-js, outside of grad, jit and vmap");
    }
    if (array.dtype !== np.float32) refuse(`${argument}: ${name}`, array.dtype, "float32");
  }
  return leaves as Leaves;
}

/** Refuses leaves that are not those of the parameters, one for one. */
function checkFits(argument: string, leaves: Leaves, parameters: Parameters): void {
  for (const { name, shape } of parameters) {
    const leaf = leaves.get(name);
    if (!leaf) refuse(`${argument}: ${name}`, undefined, "a leaf for each that init was given", "SHAPE_MISMATCH");
    if (!sameShape(leaf.shape, shape)) {
      refuse(`${argument}: ${name}`, leaf.shape, `shape ${describe(shape)}`, "SHAPE_MISMATCH");
    }
  }
  const other = [...leaves.keys()].find((name) => !parameters.has(name));
  if (other !== undefined) refuse(argument, other, "no leaf that init was not given", "SHAPE_MISMATCH");
}

/** Calls `put` with the elements of each leaf. */
function read(leaves: Leaves, put: (name: string, elements: Float32Array) => void): void {
  // Reading uses a reference up.
  for (const [name, leaf] of leaves) put(name, leaf.ref.dataSync() as Float32Array);
}

/** A tree like `model`, of arrays on the same devices, with the elements that `elementsOf` gives. */
function build<P extends JsTree<JaxArray>>(model: P, leaves: Leaves, elementsOf: (name: string) => Float32Array): P {
  const built = [...leaves].map(([name, { shape, device }]) => {
    // An array that is put on the default device by name could no longer meet one of another device.
    const place = device === defaultDevice() ? {} : { device };
    return np.array(elementsOf(name) as Float32Array<ArrayBuffer>, { shape, ...place });
  });
  return tree.unflatten(tree.structure<JaxArray>(model), built) as P;
}

/** What successive states share. */
interface Life<I> {
  readonly parameters: Parameters;
  readonly optimizer: I;
  /** The state that may be used. */
  current: JaxState<I> | undefined;
}

/**
 * The state of an optimizer between two updates. As an array of jax-js is, it is used up by the function it is passed to,
 * which returns the next one: using it again throws, for moments are updated in place. Keep a copy with
 * `state.optimizer.stateDict()`.
 */
export class JaxState<I = Stepping> {
  readonly #life: Life<I>;
  /** What the step that led here reported; undefined at first. */
  readonly report: Partial<StepReport> | undefined;

  /** @internal Made by `init`, `update` and `step`. */
  constructor(life: Life<I>, report?: Partial<StepReport>) {
    this.#life = life;
    this.report = report;
    life.current = this;
  }

  /** The optimizer, for its groups and its own state. */
  get optimizer(): I {
    return this.#use().optimizer;
  }

  /** The parameters in linear memory, named by the path to their leaf: values of the last step, and its gradients. */
  get parameters(): Parameters {
    return this.#use().parameters;
  }

  /** @internal The state that follows. */
  next(report: Partial<StepReport>): JaxState<I> {
    return new JaxState(this.#use(), report);
  }

  /** Frees parameters and optimizer. */
  dispose(): void {
    const { optimizer, parameters } = this.#use() as Life<I & Partial<Stepping>>;
    this.#life.current = undefined;
    optimizer.dispose?.();
    parameters.dispose();
  }

  #use(): Life<I> {
    const { current } = this.#life;
    if (current === this) return this.#life;
    if (!current) throw new SimdOptimError("DISPOSED", "state: it has been disposed");
    return refuse("state", "one that an update has used up", "the one that the update returned", "STATE_MISMATCH");
  }
}

/** A gradient transformation as in optax. Trees and states that are passed to it are used up, as everywhere in jax-js. */
export interface JaxOptimizer<I = Stepping> {
  /** The state before the first update. Each update is given the parameters anew. */
  init<P extends JsTree<JaxArray>>(params: P): JaxState<I>;
  /**
   * p' - p for each parameter, and the next state. Where p' is between p / 2 and 2 p, adding them to p gives p' exactly;
   * elsewhere the sum is rounded once more.
   */
  update<P extends JsTree<JaxArray>>(grads: P, state: JaxState<I>, params: P): [updates: P, state: JaxState<I>];
  /** The new parameters, to the bit those of the optimizer itself, and the next state. */
  step<P extends JsTree<JaxArray>>(grads: P, state: JaxState<I>, params: P): [params: P, state: JaxState<I>];
}

/** `init`, `update` and `step` for what `make` makes. */
function transformation<I extends Stepping>(runtime: Engine, make: (params: Parameters) => I): JaxOptimizer<I> {
  /** Checks everything, steps in linear memory, and says what is where. */
  function advance(grads: JsTree<JaxArray>, state: JaxState<I>, params: JsTree<JaxArray>) {
    if (!(state instanceof JaxState)) refuse("state", state, "what init or the last update returned");
    const { parameters, optimizer } = state;
    const [gradients, values] = [leavesOf("grads", grads), leavesOf("params", params)];
    checkFits("grads", gradients, parameters);
    checkFits("params", values, parameters);
    const before = new Map<string, Float32Array>();
    read(values, (name, elements) => {
      before.set(name, elements);
      parameters.get(name).data.set(elements);
    });
    read(gradients, (name, elements) => parameters.get(name).grad.set(elements));
    const report = optimizer.step();
    return { parameters, before, values, report };
  }

  return {
    init(params) {
      const leaves = leavesOf("params", params);
      const parameters = declare(runtime, Object.fromEntries([...leaves].map(([name, { shape }]) => [name, shape])));
      try {
        read(leaves, (name, elements) => parameters.get(name).data.set(elements));
        const state = new JaxState({ parameters, optimizer: make(parameters), current: undefined });
        tree.dispose(params);
        return state;
      } catch (error) {
        parameters.dispose();
        throw error;
      }
    },
    update(grads, state, params) {
      const { parameters, before, values, report } = advance(grads, state, params);
      const updates = build(params, values, (name) => {
        const old = before.get(name)!;
        return parameters.get(name).data.map((value, i) => value - old[i]!);
      });
      tree.dispose([grads, params]);
      return [updates, state.next(report)];
    },
    step(grads, state, params) {
      const { parameters, values, report } = advance(grads, state, params);
      const stepped = build(params, values, (name) => parameters.get(name).data);
      tree.dispose([grads, params]);
      return [stepped, state.next(report)];
    },
  };
}

/**
 * An optimizer for parameters and gradients of jax-js, in the form of optax: from a class and its options, or from a
 * function that makes one of the parameters, for groups, wrappers and recipes.
 *
 *     const tx = jaxOptimizer(rt, AdamW, { lr: 1e-3 });
 *     let state = tx.init(tree.ref(params));
 *     const grads = grad(loss)(tree.ref(params), x.ref);
 *     [params, state] = tx.step(grads, state, params);
 *
 * Values and gradients are copied into linear memory and results out of it, 12 bytes a parameter on the cpu and wasm
 * devices. On a GPU each step waits for both to be read back. It cannot be traced: call it outside of `jit` and `grad`.
 * What does not fit is refused before anything is used up.
 */
export function jaxOptimizer<O extends Options, S extends string, N extends string = never>(
  runtime: Engine,
  Class: OptimizerClass<O, S, N>,
  options?: OptimizerOptions<O>,
): JaxOptimizer<Optimizer<O, S, N>>;
export function jaxOptimizer<I extends Stepping>(runtime: Engine, make: (params: Parameters) => I): JaxOptimizer<I>;
export function jaxOptimizer(
  runtime: Engine,
  source: OptimizerClass<Options, string, string> | ((params: Parameters) => Stepping),
  options?: OptimizerOptions<Options>,
): unknown {
  checkEngine("runtime", runtime);
  if (typeof source !== "function") refuse("optimizer", source, "an optimizer class, or a function that makes one");
  if ("spec" in source) {
    checkOptions(source, options);
    return transformation(runtime, (params) => new source(params, options));
  }
  if (options !== undefined) refuse("options", options, "no options beside a function, which has its own");
  return transformation(runtime, source);
}
