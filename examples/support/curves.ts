/** Curves of the losses of batches, which are too many and too noisy to be drawn one by one. */

export interface Point {
  readonly step: number;
  readonly loss: number;
}

/** Points of a curve, at most. */
export const POINTS = 400;

/** Averages over about the last twentieth of the losses so far, but for those that are not finite. */
function smoothed(losses: readonly number[]): number[] {
  let average = 0;
  return losses.map((loss, i) => {
    if (Number.isFinite(loss)) average += (loss - average) / (1 + i / 20);
    return average;
  });
}

/** The smoothed loss after the last step. */
export function smoothLoss(losses: readonly number[]): number {
  return smoothed(losses).at(-1)!;
}

/** Means over equal numbers of steps, and the step in the middle of each; values that are not finite are left out. */
export function means(values: readonly number[]): { readonly step: number; readonly mean: number }[] {
  const every = Math.ceil(values.length / POINTS);
  return Array.from({ length: Math.floor(values.length / every) }, (_, i) => {
    const finite = values.slice(i * every, (i + 1) * every).filter(Number.isFinite);
    return { step: (i + 0.5) * every, mean: finite.reduce((a, b) => a + b, 0) / finite.length };
  }).filter(({ mean }) => Number.isFinite(mean));
}

/** The losses as means over equal numbers of steps, and smoothed. */
export function trainingCurves(losses: readonly number[]): { means: Point[]; smooth: Point[] } {
  const every = Math.ceil(losses.length / POINTS);
  const smooth = smoothed(losses)
    .map((loss, i) => ({ step: i + 1, loss }))
    .filter(({ step }) => step % every === 0);
  return { means: means(losses).map(({ step, mean }) => ({ step, loss: mean })), smooth };
}

/** The points with losses that a logarithmic axis can show: a text learned by heart has some that are 0. */
export function drawable(points: readonly Point[]): Point[] {
  return points
    .filter(({ loss }) => Number.isFinite(loss))
    .map(({ step, loss }) => ({ step, loss: Math.max(loss, 1e-6) }));
}
