import { refuse } from "../core/check.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { real, reals } from "./define/option.ts";

/**
 * Rprop as in torch.optim.Rprop, for gradients of the whole data set:
 *
 *     s = etas[1] s where g prev > 0,   etas[0] s where g prev < 0,   kept to stepSizes          (s = lr at first)
 *     g = 0         where g prev < 0
 *     p = p - s sign(g),   prev = g
 *
 * M. Riedmiller and H. Braun, "A direct adaptive method for faster backpropagation learning: the RPROP algorithm"
 * (ICNN 1993), in the form that takes no step back after a change of sign: iRprop- of C. Igel and M. Huesken,
 * "Improving the Rprop learning algorithm" (NC 2000). A product that only rounding makes 0 still counts. lr is the
 * size of the first step in units of p, kept to stepSizes as well, so that 0 begins with the smallest; it means nothing
 * afterwards, 0 included.
 */
export const Rprop = /* @__PURE__ */ defineOptimizer({
  name: "Rprop",
  rule: "s = η₊ s, or η₋ s and g = 0 where g changed sign;  p −= s sign(g)",
  cites: "Riedmiller & Braun 1993; Igel & Hüsken 2000",
  options: {
    /** The size of the first step, in units of p. */
    lr: real(1e-2, "[0, inf)", 0.05),
    /** What a step is multiplied by where g has changed sign, and where it has not. */
    etas: reals([0.5, 1.2], "(0, inf)", [0.4, 1.3]),
    /** The least and the most that a step may be, in units of p. */
    stepSizes: reals([1e-6, 50], "[0, inf)", [1e-3, 0.2]),
  },
  state: { prev: {}, step_size: {} },
  check({ etas: [down, up], stepSizes: [low, high] }) {
    if (down >= 1 || up <= 1) refuse("etas", [down, up], "one below and one above 1");
    if (low > high) refuse("stepSizes", [low, high], "the smaller one first");
  },
  update({ kernels }, { p, g, n, t, scale, state: { prev, step_size: s } }, { lr, etas, stepSizes }) {
    if (t === 1) kernels.fill(s, n, lr);
    kernels.rprop(p, prev, s, g, n, scale, ...etas, ...stepSizes);
  },
});
export type Rprop = InstanceType<typeof Rprop>;
