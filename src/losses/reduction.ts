/** What all losses share: their options, and the walk over a batch that gives value and gradient in one pass. */

import { checkBoolean, checkChoice, checkNumber, describe, refuse } from "../core/check.ts";
import { sizeOf } from "../core/shape.ts";
import type { Engine } from "../kernels/engine.ts";
import { nn } from "../kernels/nn.ts";
import { CHUNK } from "../kernels/row.ts";
import { advanced, bytesOf } from "../memory/elementType.ts";
import { checkApart, checkDistinct, checkView, engineOf, type Tensors, type View } from "../tensor/tensor.ts";

/** What becomes of the losses of a batch: their mean, their sum, or nothing. */
export type Reduction = "mean" | "sum" | "none";

/** Options that every loss has. */
export interface ReductionOptions {
  /**
   * "mean" (the default) and "sum" return that; "none" leaves the losses apart in `losses`, which it asks for, and
   * returns their sum.
   */
  reduction?: Reduction;
  /** Where to write the loss of each element or row, before reduction. */
  losses?: View;
  /**
   * The derivative of your objective by this loss: gradients are multiplied by it, the value is not. 1 unless it is
   * given. With reduction "none" it may be a tensor of the shape of `losses`.
   */
  upstream?: number | View;
  /** Adds to the gradients instead of overwriting them, for sums of several losses. */
  accumulate?: boolean;
}

/** Options of losses with one gradient. */
export interface LossOptions extends ReductionOptions {
  /** Where to write the gradient of the reduced loss; may be the predictions. Nowhere if it is left out. */
  gradient?: View;
}

/** The names of the options every loss takes. */
export const REDUCTION_OPTIONS = ["reduction", "losses", "upstream", "accumulate"] as const;

/** Addresses of the losses of one call of a kernel, and what belongs to them. */
export interface Piece {
  /** The first loss, and how many there are. */
  readonly start: number;
  readonly length: number;
  readonly losses: number;
  /** In the order of `Batch.gradients`. */
  readonly gradients: readonly number[];
  /** The factor of the gradients: upstream / divisor. */
  readonly scale: number;
  /** The workspace that was asked for. */
  readonly work: number;
}

/** A batch of losses. */
export interface Batch {
  readonly engine: Engine;
  /** Of the losses. */
  readonly shape: readonly number[];
  /** Gradient elements that belong to one loss. */
  readonly width: number;
  /** Where they go, by the option that says so. */
  readonly gradients: Readonly<Record<string, View | undefined>>;
  /** What is read, by name: losses may not be written over it. */
  readonly inputs: Tensors;
  /** What the mean divides by: the number of losses unless it is given. */
  readonly divisor?: number;
  /** Elements of workspace that `prepare` and `run` need. */
  readonly workspace?: number;
  /** Fills the workspace, once. */
  prepare?(work: number): void;
  /** Calls the kernel for some of the losses. */
  run(piece: Piece): void;
}

/** Gradient elements that are computed at once where nobody keeps them: they stay in the first cache. */
const KEPT_NOWHERE = 4096;

/**
 * Runs a batch chunk by chunk, so that losses are summed, in the order of every other sum of this package, while they
 * are in cache. What no option asks to keep goes to a workspace of that size.
 */
export function evaluate(options: ReductionOptions, batch: Batch): number {
  const { reduction = "mean", losses, upstream = 1, accumulate = false } = options;
  const { engine, shape, width, workspace = 0 } = batch;
  checkReduction(options, batch);
  const gradients = Object.values(batch.gradients);
  const { unchecked } = engine;
  const count = sizeOf(shape);
  const divisor = reduction === "mean" ? (batch.divisor ?? count) : 1;
  const direct = !accumulate && gradients.every((gradient) => gradient !== undefined);
  const step = direct ? CHUNK : Math.min(CHUNK, Math.max(1, Math.floor(KEPT_NOWHERE / width)));
  const elsewhere = direct ? 0 : step * width;
  const work = engine.region("losses", bytesOf("f32", workspace + CHUNK + gradients.length * elsewhere));
  const own = advanced(work, workspace);
  const scale = (typeof upstream === "number" ? upstream : 1) / divisor;
  batch.prepare?.(work);
  let total = 0;
  for (let chunk = 0; chunk < count; chunk += CHUNK) {
    const end = Math.min(chunk + CHUNK, count);
    const chunkLosses = losses ? advanced(losses.pointer, chunk) : own;
    for (let start = chunk; start < end; start += step) {
      const length = Math.min(step, end - start);
      const targets = gradients.map((gradient) => gradient && advanced(gradient.pointer, width * start));
      const places = targets.map((target, i) =>
        target === undefined || accumulate ? advanced(own, CHUNK + i * elsewhere) : target,
      );
      batch.run({ start, length, losses: advanced(chunkLosses, start - chunk), gradients: places, scale, work });
      for (const [i, place] of places.entries()) {
        if (typeof upstream !== "number")
          nn.of(engine).weightRows(advanced(upstream.pointer, start), place, length, width);
        if (accumulate && targets[i] !== undefined) unchecked.axpy(place, targets[i], length * width, 1);
      }
    }
    total += unchecked.sum(chunkLosses, end - chunk);
  }
  return total / divisor;
}

function checkReduction(
  { reduction = "mean", losses, upstream = 1, accumulate = false }: ReductionOptions,
  batch: Batch,
) {
  const { engine, shape, gradients, inputs } = batch;
  checkChoice("reduction", reduction, ["mean", "sum", "none"]);
  checkBoolean("accumulate", accumulate);
  if (losses !== undefined) {
    checkView("losses", losses, engine, "f32", shape);
    checkApart("losses", losses, inputs);
  } else if (reduction === "none") {
    refuse("losses", losses, `a f32 tensor of shape ${describe(shape)}, since reduction is "none"`);
  }
  if (typeof upstream === "number") checkNumber("upstream", upstream, "(-inf, inf)");
  else if (reduction !== "none") refuse("upstream", upstream, 'a number, since reduction is not "none"');
  else checkView("upstream", upstream, engine, "f32", shape);
  checkDistinct({ losses, ...gradients }, typeof upstream === "number" ? {} : { upstream });
}

/** Rows and columns of a float32 matrix; refuses anything else. */
export function matrixOf(argument: string, view: View): { engine: Engine; rows: number; columns: number } {
  const engine = engineOf(argument, view);
  if (view.shape.length !== 2) refuse(argument, view.shape, "two axes", "SHAPE_MISMATCH");
  return { engine, rows: view.shape[0]!, columns: view.shape[1]! };
}

/** Refuses tensors that are not float32, of one runtime and of the given shape; those left out are no matter. */
export function checkViews(views: Tensors, engine: Engine, shape: readonly number[]): void {
  for (const [name, view] of Object.entries(views)) {
    if (view !== undefined) checkView(name, view, engine, "f32", shape);
  }
}

/** A batch of losses of single elements. */
export interface Elements extends Pick<Batch, "workspace" | "prepare"> {
  /** All of one shape. */
  readonly inputs: Readonly<Record<string, View>>;
  readonly gradients: Batch["gradients"];
  /** Calls the kernel, which gets the addresses of the inputs too, in order. */
  run(piece: Piece, inputs: readonly number[]): void;
}

/** Checks the tensors of a batch of elements and runs it. */
export function evaluateElements(options: ReductionOptions, elements: Elements): number {
  const { inputs, gradients, run } = elements;
  const [[name, { shape }]] = Object.entries(inputs) as [[string, View]];
  const engine = engineOf(name, inputs[name]);
  for (const [argument, view] of Object.entries(inputs)) checkView(argument, view, engine, "f32", shape);
  checkViews(gradients, engine, shape);
  const views = Object.values(inputs);
  return evaluate(options, {
    ...elements,
    engine,
    shape,
    width: 1,
    run: (span) => {
      const at = views.map(({ pointer }) => advanced(pointer, span.start));
      run(span, at);
    },
  });
}
