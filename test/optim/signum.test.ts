import { describe, test } from "vitest";
import { Signum } from "../../src/optim/signum.ts";
import { loadAll } from "../support/runtimes.ts";
import { followTextbook, type Textbook, textbookParameters } from "../support/textbook.ts";

/** Bernstein et al. 2018, Algorithm 2, with decay; momentum 0 is Algorithm 1. */
function signum(size: number, lr: number, momentum: number, weightDecay: number): Textbook {
  const m = Array(size).fill(0);
  return (p, g) => {
    for (let i = 0; i < size; i++) {
      m[i] = momentum * m[i] + (1 - momentum) * g[i]!;
      p[i]! -= lr * (Math.sign(m[i]) + weightDecay * p[i]!);
    }
  };
}

describe.each(await loadAll())("on $backend", (runtime) => {
  test.each([
    ["Signum", 0.8],
    ["signSGD", 0],
  ])("%s follows the paper", (_name, momentum) => {
    const params = textbookParameters(runtime);
    const optimizer = new Signum(params, { lr: 0.01, momentum, weightDecay: 0.3 });
    followTextbook(params, optimizer, (size) => signum(size, 0.01, momentum, 0.3));
  });
});
