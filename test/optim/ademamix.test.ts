import { describe, test } from "vitest";
import { AdEMAMix } from "../../src/optim/ademamix.ts";
import { loadAll } from "../support/runtimes.ts";
import { followTextbook, type Textbook, textbookParameters } from "../support/textbook.ts";

const [lr, beta1, beta2, eps, weightDecay] = [0.02, 0.8, 0.95, 1e-3, 0.3];

interface Warmups {
  beta3: number;
  alpha: number;
  alphaWarmup: number;
  beta3Warmup: number;
}

/** Pagliardini et al. 2024, Algorithm 1 with the schedulers of section 3. */
function ademamix(size: number, { beta3, alpha, alphaWarmup, beta3Warmup }: Warmups): Textbook {
  const fast = Array(size).fill(0);
  const slow = Array(size).fill(0);
  const v = Array(size).fill(0);
  return (p, g, t) => {
    const alphaNow = t < alphaWarmup ? (t * alpha) / alphaWarmup : alpha;
    const [start, end, share] = [Math.log(beta1), Math.log(beta3), t / beta3Warmup];
    const beta3Now = t < beta3Warmup ? Math.exp((start * end) / ((1 - share) * end + share * start)) : beta3;
    for (let i = 0; i < size; i++) {
      fast[i] = beta1 * fast[i] + (1 - beta1) * g[i]!;
      slow[i] = beta3Now * slow[i] + (1 - beta3Now) * g[i]!;
      v[i] = beta2 * v[i] + (1 - beta2) * g[i]! ** 2;
      const root = Math.sqrt(v[i] / (1 - beta2 ** t));
      p[i]! -= lr * ((fast[i] / (1 - beta1 ** t) + alphaNow * slow[i]) / (root + eps) + weightDecay * p[i]!);
    }
  };
}

describe.each(await loadAll())("AdEMAMix on $backend", (runtime) => {
  test.each([
    { beta3: 0.999, alpha: 5, alphaWarmup: 0, beta3Warmup: 0 },
    { beta3: 0.999, alpha: 5, alphaWarmup: 15, beta3Warmup: 20 },
    { beta3: 0.9999, alpha: 8, alphaWarmup: 100, beta3Warmup: 100 },
  ])("follows the paper: %o", (warmups) => {
    const params = textbookParameters(runtime);
    const { beta3, ...options } = warmups;
    const optimizer = new AdEMAMix(params, { lr, betas: [beta1, beta2, beta3], eps, weightDecay, ...options });
    followTextbook(params, optimizer, (size) => ademamix(size, warmups));
  });
});
