import { describe, test } from "vitest";
import { Adan } from "../../src/optim/adan.ts";
import { loadAll } from "../support/runtimes.ts";
import { followTextbook, type Textbook, textbookParameters } from "../support/textbook.ts";

const [lr, beta1, beta2, beta3, eps, weightDecay] = [0.02, 0.9, 0.8, 0.95, 1e-3, 0.3];

/** Xie et al. 2022, Algorithm 1, with the bias corrections of the authors' code. */
function adan(size: number, noProx: boolean): Textbook {
  const m = Array(size).fill(0);
  const d = Array(size).fill(0);
  const v = Array(size).fill(0);
  let before: readonly number[] | undefined;
  return (p, g, t) => {
    for (let i = 0; i < size; i++) {
      const change = before ? g[i]! - before[i]! : 0;
      m[i] = beta1 * m[i] + (1 - beta1) * g[i]!;
      d[i] = beta2 * d[i] + (1 - beta2) * change;
      v[i] = beta3 * v[i] + (1 - beta3) * (g[i]! + beta2 * change) ** 2;
      const rate = lr / (Math.sqrt(v[i] / (1 - beta3 ** t)) + eps);
      const step = rate * (m[i] / (1 - beta1 ** t) + (beta2 * d[i]) / (1 - beta2 ** t));
      if (noProx) p[i] = (1 - lr * weightDecay) * p[i]! - step;
      else p[i] = (p[i]! - step) / (1 + lr * weightDecay);
    }
    before = g;
  };
}

describe.each(await loadAll())("Adan on $backend", (runtime) => {
  test.each([false, true])("follows the paper, noProx %s", (noProx) => {
    const params = textbookParameters(runtime);
    const optimizer = new Adan(params, { lr, betas: [beta1, beta2, beta3], eps, weightDecay, noProx });
    followTextbook(params, optimizer, (size) => adan(size, noProx));
  });
});
