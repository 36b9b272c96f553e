import { refuse } from "../check.ts";
import { checkIndices, checkView, type View } from "../tensor.ts";

export interface CrossEntropyOutputs {
  /** One loss for each row. */
  losses: View;
  /** The gradient of the mean loss with respect to the logits; may be the logits. */
  gradient: View;
}

/**
 * The mean over rows of -log softmax(z)[target], with its gradient (softmax(z) - onehot(target)) / rows, in one pass.
 * z [rows, classes] are logits of any size: each row is shifted by its largest.
 */
export function crossEntropy(logits: View, targets: View<"u32">, { losses, gradient }: CrossEntropyOutputs): number {
  const { engine } = logits;
  checkView("logits", logits, engine, "f32");
  if (logits.shape.length !== 2) refuse("logits", logits.shape, "two axes", "SHAPE_MISMATCH");
  const [rows, classes] = logits.shape as [number, number];
  checkView("targets", targets, engine, "u32", [rows]);
  checkView("losses", losses, engine, "f32", [rows]);
  checkView("gradient", gradient, engine, "f32", logits.shape);
  const { unchecked } = engine;
  checkIndices("targets", targets, classes);
  const { pointer } = losses;
  unchecked.softmaxCrossEntropy(logits.pointer, targets.pointer, pointer, gradient.pointer, rows, classes, 1 / rows);
  return unchecked.sum(pointer, rows) / rows;
}
