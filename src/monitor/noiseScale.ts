import { checkInteger, checkKeys, checkNumber, refuse } from "../core/check.ts";
import { powi } from "../core/real.ts";

/** What a noise scale needs to go on. */
export interface NoiseScaleState {
  /** Measurements so far. */
  readonly count: number;
  /** The running average of |G|^2, not corrected for its start. */
  readonly gradient: number;
  /** The running average of tr(Sigma), not corrected for its start. */
  readonly noise: number;
}

/**
 * The gradient noise scale B = tr(Sigma) / |G|^2, about the batch size beyond which larger batches stop paying: G is the
 * true gradient, Sigma the covariance of the gradient of one sample. From the gradient norms of batches of two sizes, b
 * and B, the first those of the micro-batches that make up the second,
 *
 *     |G|^2     = (B |g_B|^2 - b |g_b|^2) / (B - b)
 *     tr(Sigma) = (|g_b|^2 - |g_B|^2) / (1 / b - 1 / B)
 *
 * have no bias, but much noise, so each is averaged over steps before the ratio is taken: exponentially, by `decay`,
 * corrected for their start from 0. Gradients are means over samples.
 *
 * S. McCandlish et al., "An empirical model of large-batch training" (2018), appendix A.1, the simple noise scale.
 */
export class GradientNoiseScale {
  readonly #small: number;
  readonly #big: number;
  readonly #decay: number;
  #count = 0;
  #gradient = 0;
  #noise = 0;

  constructor(options: { small: number; big: number; decay?: number }) {
    checkKeys("GradientNoiseScale", options, ["small", "big", "decay"]);
    const { small, big, decay = 0.99 } = options;
    checkInteger("small", small, "[1, inf)");
    checkInteger("big", big, `[${small + 1}, inf)`);
    checkNumber("decay", decay, "[0, 1)");
    this.#small = small;
    this.#big = big;
    this.#decay = decay;
  }

  /**
   * Takes account of a step: the gradient norms of one or more batches of size `small`, and that of the batch of size
   * `big`. Returns whether it did: norms that are not finite are left out.
   */
  observe(small: readonly number[], big: number): boolean {
    if (!Array.isArray(small) || small.length === 0) refuse("small", small, "the norm of at least one micro-batch");
    for (const [i, norm] of [...small].entries()) if (typeof norm !== "number") refuse(`small[${i}]`, norm, "a number");
    if (typeof big !== "number") refuse("big", big, "a number");
    const [ofSmall, ofBig] = [small.reduce((sum, norm) => sum + norm * norm, 0) / small.length, big * big];
    if (!Number.isFinite(ofSmall) || !Number.isFinite(ofBig)) return false;
    const [b, B] = [this.#small, this.#big];
    const average = (old: number, estimate: number) => this.#decay * old + (1 - this.#decay) * estimate;
    this.#gradient = average(this.#gradient, (B * ofBig - b * ofSmall) / (B - b));
    this.#noise = average(this.#noise, (ofSmall - ofBig) / (1 / b - 1 / B));
    this.#count++;
    return true;
  }

  /** The average estimate of |G|^2; NaN before there is one. Chance may make it negative. */
  get gradientSquared(): number {
    return this.#gradient / (1 - powi(this.#decay, this.#count));
  }

  /** The average estimate of tr(Sigma); NaN before there is one. */
  get noise(): number {
    return this.#noise / (1 - powi(this.#decay, this.#count));
  }

  /** The noise scale, in samples: NaN before there is one, Infinity while no gradient stands out from the noise. */
  get value(): number {
    if (this.#count === 0) return Number.NaN;
    return this.#gradient > 0 ? this.#noise / this.#gradient : Infinity;
  }

  /** The state as plain data; see `Stateful`. */
  stateDict(): NoiseScaleState {
    return { count: this.#count, gradient: this.#gradient, noise: this.#noise };
  }

  /** Takes over a saved state; one that does not fit throws, and then nothing has changed. */
  loadStateDict(saved: NoiseScaleState): void {
    if (saved === null || typeof saved !== "object") refuse("state", saved, "what stateDict() returned");
    checkInteger("state.count", saved.count, "[0, inf)");
    checkNumber("state.gradient", saved.gradient, "(-inf, inf)");
    checkNumber("state.noise", saved.noise, "(-inf, inf)");
    this.#count = saved.count;
    this.#gradient = saved.gradient;
    this.#noise = saved.noise;
  }
}
