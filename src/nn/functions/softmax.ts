import { nn } from "../../kernels/nn.ts";
import { checkView, engineOf, type View } from "../../tensor/tensor.ts";

/** Rows and their length: all axes but the last are rows. */
function rowsOf({ size, shape }: View): [rows: number, columns: number] {
  const columns = shape.at(-1) ?? 1;
  return [size / columns, columns];
}

/** y = e^x / sum e^x over the last axis, shifted by the largest element, so that x may be of any size; y may be x. */
export function softmax(x: View, y: View): void {
  const engine = engineOf("y", y);
  checkView("x", x, engine, "f32", y.shape);
  nn.of(engine).softmaxRows(x.pointer, y.pointer, ...rowsOf(y));
}

/** dx = y (dy - sum y dy) from the output y; dx may be dy. */
export function softmaxBackward(y: View, dy: View, dx: View): void {
  const engine = engineOf("dx", dx);
  checkView("y", y, engine, "f32", dx.shape);
  checkView("dy", dy, engine, "f32", dx.shape);
  nn.of(engine).softmaxRowsBackward(y.pointer, dy.pointer, dx.pointer, ...rowsOf(dx));
}
