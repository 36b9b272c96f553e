import { isPlain, refuse } from "../../core/check.ts";
import type { ElementType } from "../../memory/elementType.ts";
import type { View } from "../../tensor/tensor.ts";
import { addTo } from "../functions/add.ts";
import { type AnyLayer, checkLayer, type Layer } from "../layer.ts";
import type { Pass } from "../pass.ts";

/** One layer after the other. Children are named by the keys of a record, or by number in a list. Keeps nothing. */
export class Sequential implements Layer<ElementType> {
  readonly children: Readonly<Record<string, AnyLayer>>;
  readonly #layers: readonly AnyLayer[];

  constructor(layers: readonly AnyLayer[] | Readonly<Record<string, AnyLayer>>) {
    if (!Array.isArray(layers) && !isPlain(layers)) refuse("layers", layers, "a list of layers, or an object of them");
    this.children = { ...layers } as Record<string, AnyLayer>;
    this.#layers = Object.values(this.children);
    if (this.#layers.length === 0) refuse("layers", layers, "at least one layer");
    for (const [name, layer] of Object.entries(this.children)) checkLayer(`layers.${name}`, layer);
  }

  forward(x: View<ElementType>, pass: Pass): View {
    let flow: View<ElementType> = x;
    for (const layer of this.#layers) flow = replaced(flow, pass.forward(layer, flow), x, pass);
    return flow as View;
  }

  backward(dy: View, pass: Pass): View | undefined {
    let flow: View | undefined = dy;
    for (const layer of this.#layers.toReversed()) {
      if (!flow) refuse("layers", pass.name(layer), "only a first layer without a gradient of its input");
      const next = pass.backward(layer, flow);
      if (next) replaced(flow, next, dy, pass);
      else if (flow !== dy) pass.release(flow);
      flow = next;
    }
    return flow;
  }
}

/** Lets go of a tensor between two layers once the next one is there; the first one is for the caller to release. */
function replaced<T extends ElementType>(flow: View<T>, next: View, first: View<ElementType>, pass: Pass): View {
  if (next !== flow && flow !== first) pass.release(flow);
  return next;
}

/** y = x + f(x). K. He et al., "Deep residual learning for image recognition" (CVPR 2016). Keeps nothing itself. */
export class Residual implements Layer {
  /** The branch, whose parameters keep their names. */
  readonly children: { readonly "": Layer };
  readonly #branch: Layer;

  constructor(branch: Layer) {
    checkLayer("branch", branch);
    this.children = { "": branch };
    this.#branch = branch;
  }

  forward(x: View, pass: Pass): View {
    return joined(x, pass, () => pass.forward(this.#branch, x));
  }

  backward(dy: View, pass: Pass): View | undefined {
    return joined(dy, pass, () => pass.backward(this.#branch, dy));
  }
}

/** x plus what `run` makes of it, while nobody overwrites x. */
function joined<R extends View | undefined>(x: View, pass: Pass, run: () => R): R {
  pass.retain(x);
  const branch = run();
  pass.release(x);
  if (!branch) return branch;
  const sum = branch === x ? pass.take(x.shape) : pass.overwrite(branch);
  if (sum !== branch) x.engine.unchecked.copy(branch.pointer, sum.pointer, sum.size);
  if (sum !== branch && branch !== x) pass.release(branch);
  addTo(x, sum);
  return sum as R;
}

/**
 * A segment that keeps only its input: the backward pass runs it forward again. Results are the same to the bit, for
 * random masks are drawn anew from the same place. With n blocks in segments of sqrt n, activations take memory for about
 * 2 sqrt n blocks, and a step takes a third longer. Segments may hold segments.
 *
 * T. Chen et al., "Training deep nets with sublinear memory cost" (2016).
 */
export class Recompute implements Layer<ElementType> {
  /** The segment, whose parameters keep their names. */
  readonly children: { readonly "": AnyLayer };
  readonly #segment: AnyLayer;

  constructor(segment: AnyLayer) {
    checkLayer("segment", segment);
    this.children = { "": segment };
    this.#segment = segment;
  }

  forward(x: View<ElementType>, pass: Pass): View {
    pass.keep(x);
    return pass.unrecorded(() => pass.forward(this.#segment, x));
  }

  backward(dy: View, pass: Pass, [x]: [View<ElementType>]): View | undefined {
    pass.retain(x);
    const y = pass.forward(this.#segment, x);
    if (y !== x) pass.release(y);
    const dx = pass.backward(this.#segment, dy);
    pass.release(x);
    return dx;
  }
}

/** `new Recompute(segment)`, under the name that this is known by in other libraries. */
export function checkpoint(segment: AnyLayer): Recompute {
  return new Recompute(segment);
}
