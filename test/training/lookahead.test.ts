import { describe, expect, test } from "vitest";
import { SGD } from "../../src/optim/sgd.ts";
import { Lookahead } from "../../src/training/lookahead.ts";
import { SAM } from "../../src/training/sam.ts";
import { SpikeGuard } from "../../src/training/spikeGuard.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();

/** Gradients of step t: a fixed mixture of signs and sizes. */
const gradient = (t: number, i: number) => Math.fround(Math.sin(1 + 3 * t + i) * (i + 1));

function run(
  lookahead: { step(): unknown },
  params: ReturnType<(typeof runtimes)[0]["parameters"]>,
  from: number,
  to: number,
) {
  for (let t = from; t < to; t++) {
    const { grad } = params.get("w");
    grad.forEach((_, i) => {
      grad[i] = gradient(t, i);
    });
    lookahead.step();
  }
}

describe.each(runtimes)("Lookahead on $backend", (runtime) => {
  test("follows Algorithm 1 in float64 to float32 rounding", () => {
    const params = runtime.parameters({ w: [5] });
    params.get("w").data.fill(1);
    run(new Lookahead(new SGD(params, { lr: 0.1, momentum: 0.9 }), { k: 3, alpha: 0.3 }), params, 0, 20);
    const [fast, slow, momentum] = [new Float64Array(5).fill(1), new Float64Array(5).fill(1), new Float64Array(5)];
    for (let t = 0; t < 20; t++) {
      fast.forEach((_, i) => {
        momentum[i] = 0.9 * momentum[i]! + gradient(t, i);
        fast[i]! -= 0.1 * momentum[i]!;
        if (t % 3 === 2) {
          slow[i]! += 0.3 * (fast[i]! - slow[i]!);
          fast[i] = slow[i]!;
        }
      });
    }
    for (const [i, x] of params.get("w").data.entries()) {
      expect(Math.abs(x - fast[i]!)).toBeLessThan(2e-6 * (1 + Math.abs(fast[i]!)));
    }
  });

  test("goes round another, and continues bit for bit", () => {
    const make = () => {
      const params = runtime.parameters({ w: [5] });
      const inner = new Lookahead(new SGD(params, { lr: 0.1, momentum: 0.9 }), { k: 2 });
      return { params, lookahead: new Lookahead(inner, { k: 3 }) };
    };
    const [straight, resumed] = [make(), make()];
    run(straight.lookahead, straight.params, 0, 5);
    resumed.params.get("w").data.set(straight.params.get("w").data);
    resumed.lookahead.loadStateDict(structuredClone(straight.lookahead.stateDict()));
    for (const { lookahead, params } of [straight, resumed]) run(lookahead, params, 5, 13);
    expect(bitsOf(resumed.params.get("w").data)).toEqual(bitsOf(straight.params.get("w").data));
    expect(resumed.lookahead.stateDict()).toEqual(straight.lookahead.stateDict());
  });

  test("continues bit for bit from a saved state at any step", () => {
    for (let k = 0; k < 8; k++) {
      const straight = runtime.parameters({ w: [5] });
      const lookahead = new Lookahead(new SGD(straight, { lr: 0.1, momentum: 0.9 }), { k: 3 });
      run(lookahead, straight, 0, k);
      const resumed = runtime.parameters({ w: [5] });
      const other = new Lookahead(new SGD(resumed, { lr: 0.1, momentum: 0.9 }), { k: 3 });
      resumed.get("w").data.set(straight.get("w").data);
      other.loadStateDict(structuredClone(lookahead.stateDict()));
      run(lookahead, straight, k, 10);
      run(other, resumed, k, 10);
      expect(bitsOf(resumed.get("w").data)).toEqual(bitsOf(straight.get("w").data));
    }
  });
});

test("with strict: false, the optimizer inside takes what there is and reports the rest", () => {
  const make = (momentum: number) => {
    const params = runtimes[0]!.parameters({ w: [5] });
    return { params, lookahead: new Lookahead(new SGD(params, { lr: 0.1, momentum }), { k: 3 }) };
  };
  const [plain, heavy] = [make(0), make(0.9)];
  run(plain.lookahead, plain.params, 0, 4);
  const saved = plain.lookahead.stateDict();
  expect(() => heavy.lookahead.loadStateDict(saved)).toThrow("missing w/momentum_buffer");
  expect(heavy.lookahead.steps).toBe(0);
  expect(() => heavy.lookahead.loadStateDict(saved, { strict: 1 as never })).toThrow("strict: got 1");
  expect(heavy.lookahead.loadStateDict(saved, { strict: false })).toMatchObject({ missing: ["w/momentum_buffer"] });
  expect(heavy.lookahead.stateDict()).toMatchObject({ since: 1, slow: saved.slow, inner: { step: 4 } });
});

test("what goes round an optimizer refuses a learning rate, which is assigned to a group", () => {
  const sgd = new SGD(runtimes[0]!.parameters({ w: [4] }), { lr: 0.1 });
  for (const wrapper of [new Lookahead(sgd), new SpikeGuard(sgd)]) {
    expect(() => Object.assign(wrapper, { lr: 5 })).toThrow("lr: got 5, expected groups[0].lr to be assigned");
  }
  expect(() => Object.assign(new SAM(sgd), { lr: 5 })).toThrow("expected base.groups[0].lr to be assigned");
});

test("a skipped inner step does not count", () => {
  const params = runtimes[0]!.parameters({ w: [1] });
  const lookahead = new Lookahead(new SGD(params, { lr: 1, nonFinite: "skip" }), { k: 2, alpha: 0.5 });
  const { grad } = params.get("w");
  for (const g of [1, Number.NaN, 1]) {
    grad[0] = g;
    lookahead.step();
  }
  expect(params.get("w").data[0]).toBe(-1);
  expect(lookahead.stateDict().since).toBe(0);
});

test("arguments are checked; bytes and disposal include the inner optimizer", () => {
  const rt = runtimes[0]!;
  const params = rt.parameters({ w: [4] });
  const sgd = new SGD(params, { momentum: 0.9 });
  const { used } = rt.heap;
  expect(() => new Lookahead(sgd, { k: 0 })).toThrow("k: got 0, expected a whole number in [1, inf)");
  expect(() => new Lookahead(sgd, { alpha: 2 })).toThrow("alpha: got 2");
  expect(() => new Lookahead(sgd, { beta: 2 } as object)).toThrow("Lookahead.beta");
  expect(rt.heap.used).toBe(used);
  const lookahead = new Lookahead(sgd);
  expect(lookahead.bytes).toBe(32);
  lookahead.dispose();
  expect(() => sgd.step()).toThrow(/disposed/);
});
