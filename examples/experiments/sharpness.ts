import { init, type Parameters, type Runtime } from "simd-optim";

/** How far to go along a direction of length 1 for a difference of gradients. */
const DISTANCE = 1e-2;
/** Of the power method, which begins where it ended the last time; more the first time. */
const ITERATIONS = 6;
const FIRST_ITERATIONS = 30;

/**
 * The largest eigenvalue of the Hessian of a loss by the power method, where the Hessian times a direction is the central
 * difference of gradients along it. The parameters are put back.
 */
export class Sharpness {
  readonly #params: Parameters;
  readonly #gradient: () => void;
  /** The direction, for each parameter. */
  readonly #direction: readonly Float32Array[];
  #iterations = FIRST_ITERATIONS;

  /** `gradient` puts the gradient of the loss into `params`. */
  constructor(runtime: Runtime, params: Parameters, gradient: () => void, seed: number) {
    this.#params = params;
    this.#gradient = gradient;
    this.#direction = Array.from(params, ({ name, shape }) => {
      const sample = runtime.tensor(shape);
      init.normal(sample, { seed, name: `direction of ${name}` });
      return sample.data.slice();
    });
    normalise(this.#direction);
  }

  measure(): number {
    const direction = this.#direction;
    const values = Array.from(this.#params, ({ data }) => data.slice());
    const gradientsAt = (distance: number) => {
      for (const [p, { data }] of [...this.#params].entries()) {
        for (let i = 0; i < data.length; i++) data[i] = values[p]![i]! + distance * direction[p]![i]!;
      }
      this.#gradient();
      return Array.from(this.#params, ({ grad }) => grad.slice());
    };
    let eigenvalue = 0;
    for (let iteration = 0; iteration < this.#iterations; iteration++) {
      const [ahead, behind] = [gradientsAt(DISTANCE), gradientsAt(-DISTANCE)];
      eigenvalue = 0;
      for (const [p, own] of direction.entries()) {
        for (let i = 0; i < own.length; i++) {
          const product = (ahead[p]![i]! - behind[p]![i]!) / (2 * DISTANCE);
          eigenvalue += product * own[i]!;
          own[i] = product;
        }
      }
      normalise(direction);
    }
    for (const [p, { data }] of [...this.#params].entries()) data.set(values[p]!);
    this.#iterations = ITERATIONS;
    return eigenvalue;
  }
}

/** Scales to length 1, all arrays together. */
function normalise(arrays: readonly Float32Array[]): void {
  const squares = arrays.reduce((sum, array) => array.reduce((sum, x) => sum + x * x, sum), 0);
  const length = Math.sqrt(squares);
  for (const array of arrays) for (let i = 0; i < array.length; i++) array[i]! /= length;
}
