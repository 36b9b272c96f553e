import { checkInteger, checkKeys, refuse } from "../core/check.ts";
import { log1p } from "../core/real.ts";
import { sizeOf } from "../core/shape.ts";
import { orthogonalise } from "../tensor/init.ts";
import { type Selection, selected } from "../tensor/parameters.ts";
import { normal } from "../tensor/random.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { real } from "./define/option.ts";

/** The parameters that the theory covers. */
const shapes = {
  expected: "a matrix [out, in] or a convolution [out, in, height, width]: AGD has no biases; freeze what is neither",
  takes: ({ length }: readonly number[]) => length === 2 || length === 4,
};

/** A layer as matrices [out, in], one for each position of a convolution kernel. */
function layerOf([out, width, ...kernel]: readonly number[]) {
  const positions = sizeOf(kernel);
  // What every singular value of such a matrix is to be.
  return { out: out!, in: width!, positions, singularValue: Math.sqrt(out! / width! / positions) };
}

/**
 * Automatic gradient descent: no learning rate, no other hyperparameter. For L layers W_l of out_l x in_l:
 *
 *     G = 1 / L sum_l sqrt(out_l / in_l) |g_l|                       |.| is the Frobenius norm
 *     eta = log((1 + sqrt(1 + 4 G)) / 2)
 *     W_l = W_l - gain eta / L sqrt(out_l / in_l) g_l / |g_l|
 *
 * J. Bernstein et al., "Automatic gradient descent: deep learning without hyperparameters" (2023), Algorithm 1; `gain`
 * is the authors' code's. As there, each position of a convolution kernel is normalised by itself, and its factor
 * divided by sqrt(height width). The theory wants layers that start as `agdInit` leaves them, and a layer whose
 * gradient is 0 stays put. Layers are counted over all groups, without the frozen ones.
 *
 * Two passes over memory: norms, update.
 */
export const AGD = /* @__PURE__ */ defineOptimizer({
  name: "AGD",
  rule: "η = log((1 + √(1 + 4 G)) / 2), G = mean of √(out/in) ‖g‖ over L layers;  p −= (η / L) √(out/in) g / ‖g‖",
  cites: "Bernstein et al. 2023",
  options: {
    /** What every step is multiplied by. */
    gain: real(1, "[0, inf)", 0.5),
  },
  /** The norms that the first pass of a step leaves for the second. */
  state: { norm: { size: (shape) => layerOf(shape).positions } },
  numbers: { G: 0, eta: 0, depth: 0 },
  sharesNumbers: true,
  per: "parameter",
  shapes,
  prepare({ kernels }, groups) {
    let total = 0;
    let depth = 0;
    for (const { forEachSpan } of groups) {
      forEachSpan(({ g, n, scale, shape, state }) => {
        const { positions, singularValue } = layerOf(shape);
        const norms = kernels.agdNorms(g, state.norm, n / positions, positions);
        total += singularValue * Math.abs(scale) * norms;
        depth++;
      });
    }
    const G = depth === 0 ? 0 : total / depth;
    const eta = log1p((2 * G) / (1 + Math.sqrt(1 + 4 * G)));
    for (const { numbers } of groups) Object.assign(numbers, { G, eta, depth });
  },
  update({ kernels }, { p, g, n, scale, shape, state }, { gain }, { eta, depth }) {
    const { positions, singularValue } = layerOf(shape);
    const step = ((gain * eta) / depth) * singularValue * Math.sign(scale);
    kernels.agdStep(p, g, state.norm, n / positions, positions, step);
  },
});
export type AGD = InstanceType<typeof AGD>;

/**
 * Starts parameters as AGD wants them: every matrix, and every position of a convolution kernel, random with all its
 * singular values sqrt(out / in) / sqrt(height width). Each is the orthogonal factor of a normal matrix, drawn by seed
 * and parameter name, as `init.orthogonal` makes it.
 */
export function agdInit(params: Selection, options: { seed: number }): void {
  checkKeys("agdInit", options, ["seed"]);
  const { seed } = options;
  checkInteger("seed", seed, `[0, ${Number.MAX_SAFE_INTEGER}]`);
  const parameters = selected("params", params).filter(({ frozen }) => !frozen);
  for (const { name, shape } of parameters) if (!shapes.takes(shape)) refuse(name, shape, shapes.expected);
  for (const { name, shape, value } of parameters) {
    normal(value, { seed, name: `agdInit ${name}` });
    const { data } = value;
    const { out, in: width, positions, singularValue } = layerOf(shape);
    for (let position = 0; position < positions; position++) {
      const place = { rows: out, columns: width, first: position, stride: positions };
      orthogonalise(data, { ...place, gain: singularValue });
    }
  }
}
