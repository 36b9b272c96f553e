import type { Parameter } from "./parameters.ts";

/** What the last clipping pass found, until a step has used it. */
export interface Clipping {
  /** The gradient norm before clipping. */
  readonly gradNorm: number;
  /** What gradients are multiplied by. */
  readonly coefficient: number;
}

/** A clipping pass and what it was over. */
export interface Clip extends Clipping {
  /** The names of its parameters. */
  readonly params: readonly string[];
}

/**
 * What gradients are multiplied by as the next step reads them. Parameters of a collection share one until some of them
 * are scaled apart, so that a pass over all of them writes to one object, and steps need not look at each.
 */
export class GradientScale {
  /** The clipping that waits for a step. */
  clipping: Clipping | undefined;
  /** How many parameters share it. */
  sharers: number;
  /** All scales of the collection, this one among them. */
  readonly #all: GradientScale[];

  constructor(all: GradientScale[], sharers: number, clipping?: Clipping) {
    all.push(this);
    this.#all = all;
    this.sharers = sharers;
    this.clipping = clipping;
  }

  get coefficient(): number {
    return this.clipping?.coefficient ?? 1;
  }

  /** A scale for some of those that share this one. */
  split(sharers: number, clipping: Clipping | undefined): GradientScale {
    this.sharers -= sharers;
    return new GradientScale(this.#all, sharers, clipping);
  }
}

/** How many of some parameters share each scale, in the order of the first of them. */
export type Shares = ReadonlyMap<GradientScale, number>;

export function sharesOf(parameters: readonly Parameter[]): Shares {
  const shares = new Map<GradientScale, number>();
  for (let i = 0; i < parameters.length; ) {
    const scale = parameters[i]!.gradientScale;
    const start = i;
    // By runs, which are long: a look at the map takes longer than one at a parameter.
    while (i < parameters.length && parameters[i]!.gradientScale === scale) i++;
    shares.set(scale, (shares.get(scale) ?? 0) + i - start);
  }
  return shares;
}

/**
 * Puts a clipping, or none, in place of the one that waits for each of these parameters. Where others share their scale
 * they get one of their own, for good: whoever clips the same parts again writes to as many objects as there are parts.
 */
export function setClipping(
  parameters: readonly Parameter[],
  clipping: Clipping | undefined,
  shares = sharesOf(parameters),
): void {
  const apart = new Map<GradientScale, GradientScale>();
  for (const [scale, count] of shares) {
    if (scale.clipping === clipping) continue;
    if (count === scale.sharers) scale.clipping = clipping;
    else apart.set(scale, scale.split(count, clipping));
  }
  if (apart.size === 0) return;
  for (const parameter of parameters) {
    const own = apart.get(parameter.gradientScale);
    if (own) parameter.gradientScale = own;
  }
}
