import { refuse } from "../core/check.ts";
import { pow } from "../core/real.ts";
import { sizeOf } from "../core/shape.ts";
import { bytesOf } from "../memory/elementType.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { choice, flag, real, reals } from "./define/option.ts";

/** A parameter as matrices over its last two axes; a vector is one row. */
function matricesOf(shape: readonly number[]) {
  const size = sizeOf(shape);
  const columns = shape.at(-1) ?? 1;
  const rows = shape.at(-2) ?? 1;
  return { size, factored: shape.length > 1, batch: size / (rows * columns), rows, columns };
}

/**
 * Adafactor as in fairseq and Hugging Face transformers. For a matrix of n x m:
 *
 *     beta2 = 1 - t^decayRate
 *     R = beta2 R + (1 - beta2) mean along each row of (g^2 + eps1);  C = the same along columns
 *     V = R C / mean(R)                   or, for a vector, V = beta2 V + (1 - beta2) (g^2 + eps1)
 *     U = g / sqrt(V);  U = U / max(1, RMS(U) / clipThreshold)
 *     alpha = max(eps2, RMS(p)) rho       rho = min(lr, 1 / sqrt(t))
 *     p = p - alpha weightDecay p - alpha U
 *
 * N. Shazeer and M. Stern, "Adafactor: adaptive learning rates with sublinear memory cost" (ICML 2018), Algorithms 4
 * to 6, where lr, which caps the relative step, is the constant 0.01. More axes than two: matrices over the last two.
 * Without `scaleParameter` the factor max(eps2, RMS(p)) is 1; without `relativeStep` rho is lr, and lr the size of a
 * step in units of p, or of RMS(p); `warmupInit` caps rho by 1e-6 t too. `beta1` averages alpha U, as it is after
 * clipping, without bias correction.
 *
 * The `torch` variant is torch.optim.Adafactor since 2.5: eps1 is not added to g^2 but bounds mean(R) from below, and
 * its square V; decay is lr weightDecay p. Its default for eps1 is 2^-23.
 *
 * State: R and C, n + m numbers for a matrix; V for a vector; and with beta1 as many again as there are parameters.
 *
 * Three passes over g: means, RMS(U), update. RMS(U) needs R and C, and the first element to move needs RMS(U), so no
 * exact arrangement has fewer. Together they move 24 bytes for each element of a matrix, AdamW's one pass 28:
 * 4 + 4 + 4 for g, 4 for RMS(p), and 8 for p. A `clipThreshold` of Infinity leaves the second pass out.
 */
export const Adafactor = /* @__PURE__ */ defineOptimizer({
  name: "Adafactor",
  rule: "V = R C / mean(R), R and C the means of g² along rows and columns;  p −= α clip(g / √V), α = max(ε₂, RMS(p)) ρ",
  cites: "Shazeer & Stern 2018",
  options: {
    /** The most that a relative step may be; the step itself without `relativeStep`. */
    lr: real(0.01, "[0, inf)", 0.5),
    /** What is added to g^2, and the least that RMS(p) counts as. */
    eps: reals([1e-30, 1e-3], "[0, inf)", [1e-3, 0.5]),
    /** The most that RMS(U) may be; Infinity never clips. */
    clipThreshold: real(1, "(0, inf]", 0.5),
    /** The exponent of t in beta2 = 1 - t^decayRate. */
    decayRate: real(-0.8, "(-inf, 0]", -0.5),
    /** The decay rate of the average of updates; 0 keeps none. */
    beta1: real(0, "[0, 1)", 0.9),
    /** Every step shrinks p by alpha weightDecay of it. */
    weightDecay: real(0, "[0, inf)", 0.1),
    /** Whether the step is multiplied by RMS(p). */
    scaleParameter: flag(true),
    /** Whether the step falls with 1 / sqrt(t). */
    relativeStep: flag(true),
    /** Whether relative steps start from 1e-6 t. */
    warmupInit: flag(false),
    /** The form of the paper and its authors, or that of torch.optim.Adafactor. */
    variant: choice("paper", "torch", ["paper", "torch"]),
  },
  state: {
    exp_avg_sq_row: {
      size: (shape) => {
        const { factored, batch, rows } = matricesOf(shape);
        return factored ? batch * rows : 0;
      },
    },
    exp_avg_sq_col: {
      size: (shape) => {
        const { factored, batch, columns } = matricesOf(shape);
        return factored ? batch * columns : 0;
      },
    },
    exp_avg_sq: {
      size: (shape) => {
        const { factored, size } = matricesOf(shape);
        return factored ? 0 : size;
      },
    },
    exp_avg: { when: ({ beta1 }) => beta1 !== 0 },
  },
  per: "parameter",
  check({ warmupInit, relativeStep }) {
    if (warmupInit && !relativeStep) refuse("warmupInit", warmupInit, "relativeStep with it");
  },
  update({ kernels, region }, { p, g, n, t, scale, shape, state }, options) {
    const { exp_avg_sq_row: row, exp_avg_sq_col: column, exp_avg_sq: v, exp_avg: m } = state;
    const { lr, clipThreshold, beta1, weightDecay, variant } = options;
    const [eps1, eps2] = options.eps;
    const gain = pow(t, options.decayRate);
    const beta2 = 1 - gain;
    const cap = options.warmupInit ? Math.min(lr, 1e-6 * t) : lr;
    const rho = options.relativeStep ? Math.min(cap, 1 / Math.sqrt(t)) : lr;
    const alpha = options.scaleParameter ? Math.max(eps2, Math.sqrt(kernels.sumSquares(p, n) / n)) * rho : rho;
    const eps =
      variant === "torch" ? { added: 0, floor: eps1, most: 1 / eps1 } : { added: eps1, floor: 0, most: Infinity };
    const shrink = (variant === "torch" ? lr : alpha) * weightDecay;

    const { batch, rows, columns } = matricesOf(shape);
    const rowFactor = region("rowFactor", bytesOf("f32", batch * rows));
    const columnFactor = region("columnFactor", bytesOf("f32", batch * columns));
    const factors = [rowFactor, columnFactor] as const;
    const sizes = [batch, rows, columns] as const;
    if (v === 0) {
      const rates = [scale, beta2, gain, eps.added, eps.floor] as const;
      kernels.adafactorMoments(g, row, column, ...factors, ...sizes, ...rates);
    } else {
      kernels.fill(rowFactor, 1, 1);
      kernels.adafactorVariance(g, v, columnFactor, n, scale, beta2, gain, eps.added);
    }
    let clip = 1;
    if (clipThreshold < Infinity) {
      const squares = kernels.adafactorNorm(g, ...factors, ...sizes, eps.most);
      clip = Math.max(1, (Math.abs(scale) * Math.sqrt(squares / n)) / clipThreshold);
    }
    const step = (alpha * scale) / clip;
    if (m === 0) kernels.adafactorStep(p, g, ...factors, ...sizes, eps.most, shrink, step);
    else kernels.adafactorMomentum(p, m, g, ...factors, ...sizes, eps.most, shrink, beta1, (1 - beta1) * step);
  },
});
export type Adafactor = InstanceType<typeof Adafactor>;
