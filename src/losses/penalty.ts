import { checkNumber } from "../core/check.ts";
import { CHUNK } from "../kernels/row.ts";
import { bytesOf } from "../memory/elementType.ts";
import { type Parameter, type Selection, selected } from "../tensor/parameters.ts";

/**
 * lambda sum |w| over all elements, to be added to the loss; adds lambda sign(w), 0 where w = 0, to the gradients. For
 * weights that become exactly 0 take `l1Prox` after the step instead.
 *
 * R. Tibshirani, "Regression shrinkage and selection via the lasso" (JRSS B, 1996).
 */
export function l1Penalty(params: Selection, lambda: number): number {
  checkNumber("lambda", lambda, "[0, inf)");
  return (
    lambda *
    sumInChunks(selected("params", params), ({ collection: { engine } }, w, g, n) => {
      engine.unchecked.addSign(w, g, n, lambda);
      return engine.unchecked.sumAbs(w, n);
    })
  );
}

/**
 * lambda sum w^2 over all elements, to be added to the loss; adds 2 lambda w to the gradients. Weight decay of strength
 * c is the penalty with lambda = c / 2.
 */
export function l2Penalty(params: Selection, lambda: number): number {
  checkNumber("lambda", lambda, "[0, inf)");
  return (
    lambda *
    sumInChunks(selected("params", params), ({ collection: { engine } }, w, g, n) => {
      engine.unchecked.axpy(w, g, n, 2 * lambda);
      return engine.unchecked.sumSquares(w, n);
    })
  );
}

/** Value and gradient of a chunk while it is in cache. */
type ChunkPenalty = (parameter: Parameter, w: number, g: number, n: number) => number;

/** The sum over the parameters, each in the order of every other sum of this package. */
function sumInChunks(parameters: readonly Parameter[], penalty: ChunkPenalty): number {
  let total = 0;
  for (const parameter of parameters) {
    const { value, gradient, size } = parameter;
    let sum = 0;
    for (let start = 0; start < size; start += CHUNK) {
      const at = bytesOf("f32", start);
      sum += penalty(parameter, value.pointer + at, gradient.pointer + at, Math.min(CHUNK, size - start));
    }
    total += sum;
  }
  return total;
}

/**
 * The proximal step of the L1 penalty, in place: w = sign(w) max(|w| - threshold, 0), the soft threshold. With
 * threshold lr lambda after each step of plain gradient descent it is ISTA. Frozen parameters are left alone.
 *
 * I. Daubechies, M. Defrise and C. De Mol, "An iterative thresholding algorithm for linear inverse problems" (CPAM,
 * 2004); N. Parikh and S. Boyd, "Proximal algorithms" (2014), section 6.5.2.
 */
export function l1Prox(params: Selection, threshold: number): void {
  const parameters = selected("params", params);
  checkNumber("threshold", threshold, "[0, inf]");
  for (const { collection, value, size, frozen } of parameters) {
    if (!frozen) collection.engine.unchecked.softThreshold(value.pointer, size, threshold);
  }
}
