import { type Selection, selected } from "../tensor/parameters.ts";

/**
 * Gradient centralisation, in place: subtracts from each row of a gradient its mean over all axes but the first,
 *
 *     g_i = g_i - mean(g_i)
 *
 * so that the mean weight of every output stays as it is. Parameters of one axis, and frozen ones, are left alone. The
 * mean is a float64 sum, rounded once; a row with a NaN becomes NaN.
 *
 * H. Yong, J. Huang, X. Hua and L. Zhang, "Gradient centralization: a new optimization technique for deep neural
 * networks" (ECCV 2020), equation 1; for linear layers and convolutions. Embeddings are better left out, and a row of
 * one element becomes 0: `params.where(...)` selects.
 */
export function centralizeGradients(params: Selection): void {
  for (const { collection, gradient, shape, size, ndim, frozen } of selected("params", params)) {
    if (frozen || ndim < 2) continue;
    collection.engine.unchecked.centralize(gradient.pointer, shape[0]!, size / shape[0]!);
  }
}
