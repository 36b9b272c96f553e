/** Curves of the losses of batches, which are too many and too noisy to be drawn one by one. */

export interface Point {
  readonly step: number;
  readonly loss: number;
}

/** Points of a curve, at most. */
export const POINTS = 400;

/** Averages over about the last twentieth of the losses so far. */
function smoothed(losses: Float64Array): Float64Array {
  let average = 0;
  return losses.map((loss, i) => {
    average += (loss - average) / (1 + i / 20);
    return average;
  });
}

/** The smoothed loss after the last step. */
export function smoothLoss(losses: Float64Array): number {
  return smoothed(losses).at(-1)!;
}

/** The losses as means over equal numbers of steps, and smoothed. */
export function trainingCurves(losses: Float64Array): { means: Point[]; smooth: Point[] } {
  const every = Math.ceil(losses.length / POINTS);
  const averages = smoothed(losses);
  const means: Point[] = [];
  const smooth: Point[] = [];
  for (let end = every; end <= losses.length; end += every) {
    const sum = losses.subarray(end - every, end).reduce((a, b) => a + b);
    means.push({ step: end - every / 2, loss: sum / every });
    smooth.push({ step: end, loss: averages[end - 1]! });
  }
  return { means, smooth };
}

/** The points with losses that a logarithmic axis can show: a text learned by heart has some that are 0. */
export function drawable(points: readonly Point[]): Point[] {
  return points.map(({ step, loss }) => ({ step, loss: Math.max(loss, 1e-6) }));
}
