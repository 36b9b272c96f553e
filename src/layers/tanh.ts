import { checkView, type View } from "../tensor.ts";

/** y = tanh x; y may be x. */
export function tanh(x: View, y: View): void {
  checkView("x", x, y.engine, "f32", y.shape);
  y.engine.unchecked.tanh(x.pointer, y.pointer, y.size);
}

/** dx = dy (1 - y^2) from the output y; dx may be dy. */
export function tanhBackward(y: View, dy: View, dx: View): void {
  checkView("y", y, dx.engine, "f32", dx.shape);
  checkView("dy", dy, dx.engine, "f32", dx.shape);
  dx.engine.unchecked.tanhBackward(y.pointer, dy.pointer, dx.pointer, dx.size);
}
