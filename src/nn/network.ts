import { checkBoolean, checkChoice, checkInteger, checkKeys, checkShape, refuse } from "../core/check.ts";
import { DryEngine } from "../kernels/dry.ts";
import { checkEngine, type Engine } from "../kernels/engine.ts";
import { ELEMENT_TYPES, type ElementType } from "../memory/elementType.ts";
import { Arena } from "../tensor/arena.ts";
import { Parameters } from "../tensor/parameters.ts";
import { checkView, Tensor, View } from "../tensor/tensor.ts";
import type { AnyLayer } from "./layer.ts";
import { Pass, type PassOptions } from "./pass.ts";
import { type Bound, bind, declarationsOf, parametersOf } from "./tree.ts";

/** What goes into a network. */
export interface Input {
  /** Axes, outermost first. */
  readonly shape: readonly number[];
  /** "f32" unless it is given. */
  readonly type?: ElementType;
}

/** What a pass takes, in bytes. */
export interface Plan {
  /** Values and gradients. */
  readonly parameters: number;
  /** The most that outputs, gradients of outputs and what is kept take at a time. */
  readonly activations: number;
  /** Workspace of the kernels. */
  readonly workspace: number;
  /** What each layer keeps from its forward to its backward pass, by name; nothing for layers in recomputed segments. */
  readonly kept: Readonly<Record<string, number>>;
  /** The shape of the output. */
  readonly output: readonly number[];
}

const OPTIONS = ["training", "gradients", "inputGradient", "step"];

function checkOptions(options: PassOptions): void {
  checkKeys("pass", options, OPTIONS);
  const { step = 0, ...flags } = options;
  checkInteger("step", step, `[0, ${Number.MAX_SAFE_INTEGER}]`);
  for (const [name, flag] of Object.entries(flags)) if (flag !== undefined) checkBoolean(name, flag);
}

/** Refuses what is neither a tensor nor tells of one. */
function checkInput(input: Input): Required<Input> {
  if (!(input instanceof View)) checkKeys("input", input, ["shape", "type"]);
  const { shape, type = "f32" } = input;
  checkShape("shape", shape);
  checkChoice("type", type, ELEMENT_TYPES);
  return { shape, type };
}

/** A pass over numbers that are not there. `seed` is any: sizes do not depend on it. */
function rehearse(root: AnyLayer, input: Input, options: PassOptions): Plan {
  const { shape, type } = checkInput(input);
  const engine = new DryEngine();
  const declarations = declarationsOf(root);
  const parameters = Object.keys(declarations).length > 0 ? parametersOf(engine, declarations) : undefined;
  const x = new Tensor(engine, shape, type);
  const before = engine.heap.used;
  const arena = new Arena(engine);
  const pass = new Pass(arena, bind(root, parameters), 0, options);
  const y = pass.forward(root, x);
  const output = y.shape;
  // Before the backward pass, in which recomputed segments keep things for a while.
  const kept = Object.fromEntries(pass.keptBytes);
  // An alias stands for a gradient from elsewhere, which takes at least as much.
  if (pass.recorded) finish(root, pass, arena, y, y.reshape(output));
  return {
    parameters: parameters?.bytes ?? 0,
    activations: arena.peak,
    workspace: engine.heap.used - before,
    kept,
    output,
  };
}

/** The backward pass from the gradient dy of the output y; it uses up both. */
function finish(root: AnyLayer, pass: Pass, arena: Arena, y: View, dy: View): View | undefined {
  const needed = arena.holds(y) > 1;
  if (needed && dy === y) refuse("dy", "the output", "another tensor, since the last layer still needs its output");
  const flow = pass.overwrite(y);
  if (flow !== dy) arena.engine.unchecked.copy(dy.pointer, flow.pointer, dy.size);
  if (flow !== y) arena.release(y);
  const dx = pass.backward(root, flow);
  if (dx !== flow) arena.release(flow);
  const expected = dx && arena.owns(dx) ? 1 : 0;
  if (arena.count !== expected) refuse("layers", `${arena.count - expected} tensors`, "all that was taken released");
  return dx;
}

/**
 * What a network would take for inputs of a shape, found by running its layers with kernels that do nothing: exact, and
 * before anything is allocated. A layer of your own that works on `.data` must leave that out where `pass.dry`.
 */
export function plan(root: AnyLayer, input: Input, options: PassOptions = {}): Plan {
  checkOptions(options);
  return rehearse(root, input, options);
}

/** Options of `Network`. */
export interface NetworkOptions {
  /** Where initial values and random masks come from; 0 unless it is given. */
  seed?: number;
  /** Parameters to work on, which then keep their values; a collection of its own unless they are given. */
  parameters?: Parameters;
}

function startAll(parameters: Parameters, declarations: ReturnType<typeof declarationsOf>, seed: number): void {
  for (const [name, { start }] of Object.entries(declarations)) start?.(parameters.get(name).value, { seed, name });
}

/**
 * Layers with their parameters and the memory of their passes. A training step is
 *
 *     const y = network.forward(x, { step });
 *     // write the gradient of the loss over y, or to a tensor of its own
 *     network.backward(dy);
 *
 * after which the gradients of `network.parameters` have grown by those of this step. Inputs may change shape from pass to
 * pass; memory grows when a pass needs more than all before it.
 */
export class Network {
  /** The parameters of all layers, by their full names. */
  readonly parameters: Parameters;
  readonly #engine: Engine;
  readonly #root: AnyLayer;
  readonly #bound: ReadonlyMap<AnyLayer, Bound>;
  readonly #seed: number;
  readonly #ownsParameters: boolean;
  /** Plans by what they depend on. */
  readonly #plans = new Map<string, Plan>();
  #arena: Arena;
  #pass: Pass | undefined;
  #output: View | undefined;

  constructor(runtime: Engine, root: AnyLayer, options: NetworkOptions = {}) {
    checkEngine("runtime", runtime);
    checkKeys("network", options, ["seed", "parameters"]);
    const { seed = 0, parameters } = options;
    checkInteger("seed", seed, `[0, ${Number.MAX_SAFE_INTEGER}]`);
    if (parameters !== undefined && !(parameters instanceof Parameters)) {
      refuse("parameters", parameters, "what runtime.parameters(...) gives");
    }
    const declarations = declarationsOf(root);
    if (!parameters && Object.keys(declarations).length === 0) refuse("layers", root, "at least one with parameters");
    this.parameters = parameters ?? parametersOf(runtime, declarations);
    this.#engine = runtime;
    this.#root = root;
    this.#seed = seed;
    this.#ownsParameters = !parameters;
    try {
      this.#bound = bind(root, this.parameters);
      if (!parameters) startAll(this.parameters, declarations, seed);
      this.#arena = new Arena(runtime, 0);
    } catch (error) {
      if (!parameters) this.parameters.dispose();
      throw error;
    }
  }

  /** Bytes of the memory for passes, as it is now. */
  get bytes(): number {
    return this.#arena.bytes;
  }

  /** The most bytes of it that any pass has used since it last grew. */
  get peak(): number {
    return this.#arena.peak;
  }

  /** What a pass over an input of this shape takes; see the function `plan`. */
  plan(input: Input, options: PassOptions = {}): Plan {
    checkOptions(options);
    const { training = true, gradients = training, inputGradient = false } = options;
    const { shape, type } = checkInput(input);
    const key = JSON.stringify([shape, type, training, gradients, inputGradient]);
    const known = this.#plans.get(key) ?? rehearse(this.#root, { shape, type }, options);
    this.#plans.set(key, known);
    return known;
  }

  /**
   * Makes room for a pass over an input of this shape, and ends the last pass. `forward` does it, too; done beforehand for
   * the largest pass, memory is allocated once.
   */
  reserve(input: Input, options: PassOptions = {}): void {
    this.#engine.heap.checkAlive();
    const { activations } = this.plan(input, options);
    this.#pass = undefined;
    this.#output = undefined;
    this.#arena.clear();
    if (activations <= this.#arena.bytes) return;
    this.#arena.dispose();
    try {
      this.#arena = new Arena(this.#engine, activations);
    } catch (error) {
      // Smaller passes can still run.
      this.#arena = new Arena(this.#engine, 0);
      throw error;
    }
  }

  /** Runs the layers. The output is good until the next pass; it is where a backward pass takes least memory from. */
  forward(x: View<ElementType>, options: PassOptions = {}): View {
    if (!(x instanceof View)) refuse("x", x, "a tensor");
    checkView("x", x, this.#engine, x.type);
    this.reserve(x, options);
    const pass = new Pass(this.#arena, this.#bound, this.#seed, options);
    this.#output = pass.forward(this.#root, x);
    this.#pass = pass;
    return this.#output;
  }

  /**
   * Adds the gradients of the parameters, from the gradient of the last output, which it may overwrite where that is the
   * output itself. Returns the gradient of the input if the pass was run with `inputGradient`, good until the next pass.
   */
  backward(dy: View): View | undefined {
    const [pass, output] = [this.#pass, this.#output];
    if (!pass?.recorded || !output) refuse("backward", "no recorded pass", "a forward pass with gradients before it");
    checkView("dy", dy, this.#engine, "f32", output.shape);
    this.#pass = undefined;
    this.#output = undefined;
    return finish(this.#root, pass, this.#arena, output, dy);
  }

  /** Frees the memory of passes, and the parameters unless they were given. */
  dispose(): void {
    this.#arena.dispose();
    if (this.#ownsParameters) this.parameters.dispose();
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
