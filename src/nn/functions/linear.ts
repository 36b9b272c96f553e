import { checkKeys, refuse } from "../../core/check.ts";
import { nn } from "../../kernels/nn.ts";
import { product } from "../../linalg/gemm.ts";
import { rowMajor, transpose } from "../../linalg/matrix.ts";
import { checkDistinct, checkView, engineOf, type View } from "../../tensor/tensor.ts";

/** Rows of x [.., inputs] and of what belongs to its outputs [.., outputs]. */
function sizesOf(x: View, weight: View, name: "y" | "dy", y: View) {
  const engine = engineOf(name, y);
  checkView("weight", weight, engine, "f32");
  if (weight.shape.length !== 2) refuse("weight", weight.shape, "two axes", "SHAPE_MISMATCH");
  const [outputs, inputs] = weight.shape as [number, number];
  checkView("x", x, engine, "f32");
  if (x.shape.at(-1) !== inputs) refuse("x", x.shape, `rows of ${inputs} elements, as weight has`, "SHAPE_MISMATCH");
  checkView(name, y, engine, "f32", [...x.shape.slice(0, -1), outputs]);
  return { rows: x.size / inputs, inputs, outputs, engine };
}

/**
 * y = x W^T + b for x [.., in], W [out, in], b [out], y [.., out]: the layout of torch.nn.Linear. The bias, which may be
 * left out, is where the sum begins.
 */
export function linear(x: View, weight: View, bias: View | undefined, y: View): void {
  const { rows, inputs, outputs, engine } = sizesOf(x, weight, "y", y);
  if (bias) checkView("bias", bias, engine, "f32", [outputs]);
  checkDistinct({ y }, { x, weight, bias });
  if (bias) nn.of(engine).repeatRow(bias.pointer, y.pointer, rows, outputs);
  const weights = transpose(rowMajor(weight.pointer, outputs, inputs));
  const to = rowMajor(y.pointer, rows, outputs);
  product(engine, rowMajor(x.pointer, rows, inputs), weights, to, { beta: bias ? 1 : 0 });
}

/** Where `linearBackward` writes. */
export interface LinearGradients {
  /** Overwritten with the gradient of x; left out for a first layer. */
  dx?: View | undefined;
  /** The gradient of W is added to it. */
  dWeight: View;
  /** The gradient of b is added to it; left out where there is no bias. */
  dBias?: View | undefined;
}

/** dW += dy^T x, db += the column sums of dy, dx = dy W. */
export function linearBackward(x: View, weight: View, dy: View, gradients: LinearGradients): void {
  checkKeys("gradients", gradients, ["dx", "dWeight", "dBias"]);
  const { dx, dWeight, dBias } = gradients;
  const { rows, inputs, outputs, engine } = sizesOf(x, weight, "dy", dy);
  const from = rowMajor(dy.pointer, rows, outputs);
  checkView("dWeight", dWeight, engine, "f32", weight.shape);
  if (dBias) checkView("dBias", dBias, engine, "f32", [outputs]);
  if (dx) checkView("dx", dx, engine, "f32", x.shape);
  checkDistinct({ dx, dWeight, dBias }, { x, weight, dy });
  if (dx) product(engine, from, rowMajor(weight.pointer, outputs, inputs), rowMajor(dx.pointer, rows, inputs));
  const sum = rowMajor(dWeight.pointer, outputs, inputs);
  product(engine, transpose(from), rowMajor(x.pointer, rows, inputs), sum, { beta: 1 });
  if (dBias) nn.of(engine).sumRows(dy.pointer, dBias.pointer, rows, outputs);
}
