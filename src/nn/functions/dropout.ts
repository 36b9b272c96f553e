import { checkInteger, checkKeys, checkNumber, checkText } from "../../core/check.ts";
import { nn } from "../../kernels/nn.ts";
import { keyOf, type Source } from "../../tensor/random.ts";
import { checkView, engineOf, type View } from "../../tensor/tensor.ts";

export interface DropoutOptions extends Source {
  /** The probability that an element becomes 0: in [0, 1). */
  p: number;
  /** Which mask of the source: the number of the step, usually; 0 unless it is given. */
  step?: number;
}

/**
 * y = m x / (1 - p), where m is 0 with probability p and else 1; y may be x. The mask depends on seed, name, step and the
 * place of the element alone, and is kept nowhere. Where it is 0, NaN and infinity give NaN, as in torch.
 *
 * N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (JMLR 2014), scaled in
 * training as torch does.
 */
export function dropout(x: View, y: View, options: DropoutOptions): void {
  mask("x", x, y, options);
}

/** dx = m dy / (1 - p) with the mask that `dropout` drew under the same options; dx may be dy. */
export function dropoutBackward(dy: View, dx: View, options: DropoutOptions): void {
  mask("dy", dy, dx, options);
}

function mask(name: "x" | "dy", from: View, to: View, options: DropoutOptions): void {
  const engine = engineOf(name === "x" ? "y" : "dx", to);
  checkView(name, from, engine, "f32", to.shape);
  checkKeys("dropout", options, ["p", "seed", "name", "step"]);
  const { p, seed, name: place, step = 0 } = options;
  checkText("name", place);
  checkNumber("p", p, "[0, 1)");
  checkInteger("step", step, `[0, ${Number.MAX_SAFE_INTEGER}]`);
  const { key0, key1, stream0, stream1 } = keyOf({ seed, name: `${place} step ${step}` });
  const threshold = Math.floor(p * 2 ** 32);
  nn.of(engine).dropout(from.pointer, to.pointer, to.size, key0, key1, stream0, stream1, threshold, 1 / (1 - p));
}
