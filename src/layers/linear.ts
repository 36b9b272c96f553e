import { refuse } from "../check.ts";
import { gemm } from "../linalg/gemm.ts";
import { checkView, type View } from "../tensor.ts";

/** y = x W^T + b for x [rows, in], W [out, in], b [out], y [rows, out]: the layout of torch.nn.Linear. */
export function linear(x: View, weight: View, bias: View, y: View): void {
  checkView("bias", bias, y.engine, "f32", [weight.shape[0]!]);
  gemm(x, weight, y, { transposeB: true });
  y.engine.unchecked.addBias(bias.pointer, y.pointer, y.shape[0]!, y.shape[1]!);
}

export interface LinearGradients {
  /** Overwritten with the gradient of x; left out for a first layer. */
  dx?: View;
  /** The gradient of W is added to it. */
  dWeight: View;
  /** The gradient of b is added to it. */
  dBias: View;
}

/** dW += dy^T x, db += the column sums of dy, dx = dy W. */
export function linearBackward(x: View, weight: View, dy: View, { dx, dWeight, dBias }: LinearGradients): void {
  const { engine } = dy;
  if (dy.shape.length !== 2) refuse("dy", dy.shape, "two axes", "SHAPE_MISMATCH");
  checkView("dWeight", dWeight, engine, "f32", weight.shape);
  checkView("dBias", dBias, engine, "f32", [weight.shape[0]!]);
  if (dx) gemm(dy, weight, dx);
  gemm(dy, x, dWeight, { transposeA: true, beta: 1 });
  engine.unchecked.sumRows(dy.pointer, dBias.pointer, dy.shape[0]!, dy.shape[1]!);
}
