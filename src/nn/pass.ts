import { refuse } from "../core/check.ts";
import { DryEngine } from "../kernels/dry.ts";
import { bytesOf, type ElementType } from "../memory/elementType.ts";
import type { Arena } from "../tensor/arena.ts";
import type { Parameter } from "../tensor/parameters.ts";
import type { View } from "../tensor/tensor.ts";
import type { AnyLayer, Layer } from "./layer.ts";
import type { Bound } from "./tree.ts";

/** How a pass runs. */
export interface PassOptions {
  /** Whether layers that differ between training and evaluation, such as dropout, train; true unless it is given. */
  training?: boolean;
  /** Whether a backward pass will follow, for which layers keep what it needs; as `training` unless it is given. */
  gradients?: boolean;
  /** Whether `backward` is to give the gradient of the input too; false unless it is given. */
  inputGradient?: boolean;
  /** The number of the draw, which random masks depend on; 0 unless it is given. */
  step?: number;
}

interface Frame {
  readonly layer: AnyLayer;
  readonly kept: View<ElementType>[];
}

/** One forward pass through a tree of layers and the backward pass after it: memory, what was kept, and how to run. */
export class Pass {
  /** Whether layers such as dropout behave as in training. */
  readonly training: boolean;
  /** The number of the step, which random masks depend on. */
  readonly step: number;
  /** Bytes that each layer has kept, by its name: a tensor counts for the first layer that keeps it. */
  readonly keptBytes = new Map<string, number>();
  readonly #arena: Arena;
  readonly #bound: ReadonlyMap<AnyLayer, Bound>;
  readonly #inputGradient: boolean;
  readonly #tape: Frame[] = [];
  readonly #counted = new WeakSet<View<ElementType>>();
  #recording: boolean;
  #frame: Frame | undefined;

  /** @internal Networks make passes. */
  constructor(
    arena: Arena,
    bound: ReadonlyMap<AnyLayer, Bound>,
    /** The network's seed, which random masks depend on. */
    readonly seed: number,
    options: PassOptions,
  ) {
    const { training = true, gradients = training, inputGradient = false, step = 0 } = options;
    this.training = training;
    this.step = step;
    this.#arena = arena;
    this.#bound = bound;
    this.#inputGradient = inputGradient;
    this.#recording = gradients;
  }

  /** Whether only sizes are wanted: tensors have no `.data`, and kernels do nothing. */
  get dry(): boolean {
    return this.#arena.engine instanceof DryEngine;
  }

  /** Whether backward passes can run: something was recorded that has not been used. */
  get recorded(): boolean {
    return this.#tape.length > 0;
  }

  /** A new tensor with arbitrary contents. */
  take<T extends ElementType = "f32">(shape: readonly number[], type?: T): View<T> {
    return this.#arena.take(shape, type);
  }

  /** The elements of a tensor under another shape, held once more: in the same memory, or copied from the input. */
  reshape(view: View, shape: readonly number[]): View {
    if (this.#arena.owns(view)) return this.#arena.reshape(view, shape);
    const copy = this.take(shape);
    view.engine.unchecked.copy(view.pointer, copy.pointer, view.size);
    return copy;
  }

  /** A stand-in to keep for a tensor of which only the shape will be needed: it holds no memory. */
  shapeOf<T extends ElementType>(view: View<T>): View<T> {
    return view.reshape(view.shape);
  }

  /** Holds a tensor once more, which keeps others from overwriting it. */
  retain(view: View<ElementType>): void {
    this.#arena.retain(view);
  }

  /** Lets go of a tensor that was taken or retained. */
  release(view: View<ElementType>): void {
    this.#arena.release(view);
  }

  /** A tensor to write a result of the shape of `view` to: `view` itself if nobody else needs it, otherwise a new one. */
  overwrite(view: View): View {
    return this.#arena.holds(view) === 1 ? view : this.take(view.shape);
  }

  /** Keeps tensors for the backward pass of the layer that is running. */
  keep(...views: View<ElementType>[]): void {
    const frame = this.#frame;
    if (!this.#recording || !frame) return;
    const name = this.name(frame.layer);
    for (const view of views) {
      frame.kept.push(view);
      if (!this.#arena.owns(view)) continue;
      this.retain(view);
      if (this.#counted.has(view)) continue;
      this.#counted.add(view);
      this.keptBytes.set(name, (this.keptBytes.get(name) ?? 0) + bytesOf(view.type, view.size));
    }
  }

  /** The parameters of a layer by local name; of another layer than the one that runs where weights are shared. */
  parameters(layer: AnyLayer): Readonly<Record<string, Parameter>> {
    return this.#of(layer).parameters;
  }

  /** The full name of a layer. */
  name(layer: AnyLayer): string {
    return this.#of(layer).name;
  }

  #of(layer: AnyLayer): Bound {
    return this.#bound.get(layer) ?? refuse("layer", layer, "a layer of this network: list it among `children`");
  }

  /** Whether the gradient of x is wanted: that of the network's own input only on demand. */
  wants(x: View<ElementType>): boolean {
    return this.#inputGradient || this.#arena.owns(x);
  }

  /** Runs a layer forward. */
  forward<In extends ElementType>(layer: Layer<In>, x: View<In>): View {
    const outer = this.#frame;
    const frame: Frame = { layer, kept: [] };
    this.#frame = frame;
    const y = layer.forward(x, this);
    this.#frame = outer;
    if (this.#recording) this.#tape.push(frame);
    return y;
  }

  /** Runs the layer that ran last backward: layers go back in the reverse of the order they went forward in. */
  backward(layer: AnyLayer, dy: View): View | undefined {
    const frame = this.#tape.pop();
    if (frame?.layer !== layer) {
      refuse("layer", frame && this.name(frame.layer), `${this.name(layer)}, for passes go back in reverse order`);
    }
    const dx = layer.backward(dy, this, frame.kept);
    for (const view of frame.kept) this.release(view);
    return dx;
  }

  /** Runs `fn`, keeping nothing. */
  unrecorded<R>(fn: () => R): R {
    const outer = this.#recording;
    this.#recording = false;
    try {
      return fn();
    } finally {
      this.#recording = outer;
    }
  }
}
