import { checkFunction, checkMethods } from "../core/check.ts";
import type { ElementType } from "../memory/elementType.ts";
import type { ParameterOptions } from "../tensor/declare.ts";
import type { Source } from "../tensor/random.ts";
import type { View } from "../tensor/tensor.ts";
import type { Pass } from "./pass.ts";

/** Fills a parameter with its first values, which depend on the source alone. */
export type Start = (value: View, source: Source) => void;

export interface LayerParameter extends ParameterOptions {
  /** Zeros unless it is given. */
  start?: Start;
}

/**
 * A function of tensors with a gradient. A layer has no state of its own: what its backward pass needs it hands to
 * `pass.keep`, so that it may run anywhere, any number of times, and be run again where a segment is recomputed.
 *
 * The argument may only be changed if `pass.overwrite` gave it back. Whatever a layer takes from the pass it returns or
 * releases.
 */
export interface Layer<In extends ElementType = "f32"> {
  /** Its parameters by local name, such as "weight". */
  readonly parameters?: Readonly<Record<string, LayerParameter>>;
  /** The layers it is made of; their names become parts of parameter names, but for an empty name. */
  readonly children?: Readonly<Record<string, Layer<ElementType>>>;
  /** The output for x. What the backward pass will need goes to `pass.keep`. */
  forward(x: View<In>, pass: Pass): View;
  /**
   * Adds to the gradients of parameters, and returns the gradient of x from that of the output; or undefined where the
   * pass does not want it. `kept` is what the forward pass kept, in order.
   */
  backward(dy: View, pass: Pass, kept: readonly View<ElementType>[]): View | undefined;
}

/** A layer, whatever it takes. */
// biome-ignore lint/suspicious/noExplicitAny: a tree may begin with indices or numbers; `any` admits both.
export type AnyLayer = Layer<any>;

/** Refuses what is no layer. */
export function checkLayer(argument: string, value: unknown): asserts value is AnyLayer {
  checkMethods(argument, value, ["forward", "backward"], "a layer, with forward and backward");
}

/** Refuses what first values cannot be taken from. */
export function checkStart(argument: string, start: unknown): asserts start is Start | undefined {
  if (start !== undefined) checkFunction(argument, start);
}
