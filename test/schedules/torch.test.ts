/** Schedules against torch's schedulers, which update recursively and drift by about 1e-14. */
import { expect, test } from "vitest";
import * as schedules from "../../src/schedules/index.ts";
import type { Schedule } from "../../src/schedules/schedule.ts";
import { readGolden } from "../support/golden.ts";
import { expectValues } from "../support/schedules.ts";

// biome-ignore lint/suspicious/noExplicitAny: every torch scheduler has arguments of its own.
type Config = Record<string, any>;

interface TorchCase {
  readonly name: string;
  readonly source: string;
  readonly config: Config;
  readonly lr: readonly number[] | readonly (readonly number[])[];
  readonly momentum?: readonly number[];
  readonly beta1?: readonly number[];
  readonly metrics?: readonly number[];
}

const { cases } = readGolden<{ cases: TorchCase[] }>("schedules/torch");
const classOf = ({ source }: TorchCase) => source.split(".").at(-1)!;

/** Without the options that torch was not given, so that defaults are tested too. */
function given<T extends object>(options: T): { [K in keyof T]: NonNullable<T[K]> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: NonNullable<T[K]> };
}

const cycle = (c: Config) => ({
  ...{ stepSizeUp: c["step_size_up"], stepSizeDown: c["step_size_down"], mode: c["mode"], gamma: c["gamma"] },
});
const once = (c: Config) => ({
  ...{ total: c["total_steps"], pctStart: c["pct_start"] },
  ...{ annealStrategy: c["anneal_strategy"], threePhase: c["three_phase"] },
});

const MAKERS: Readonly<Record<string, (c: Config, value: number) => Schedule>> = {
  StepLR: (c, value) => schedules.stepDecay({ value, gamma: c["gamma"], every: c["step_size"] }),
  MultiStepLR: (c, value) => schedules.multiStep(given({ value, gamma: c["gamma"], milestones: c["milestones"] })),
  ConstantLR: (c, value) => schedules.constantFactor(given({ value, factor: c["factor"], total: c["total_iters"] })),
  LinearLR: (c, value) =>
    schedules.linear({
      start: value * c["start_factor"],
      end: value * (c["end_factor"] ?? 1),
      total: c["total_iters"],
    }),
  ExponentialLR: (c, value) => schedules.exponential({ value, gamma: c["gamma"] }),
  PolynomialLR: (c, value) => schedules.polynomial(given({ value, total: c["total_iters"], power: c["power"] })),
  CosineAnnealingLR: (c, peak) => schedules.cosineAnnealing(given({ peak, tMax: c["T_max"], floor: c["eta_min"] })),
  CosineAnnealingWarmRestarts: (c, peak) =>
    schedules.cosineWarmRestarts(given({ peak, t0: c["T_0"], tMult: c["T_mult"], floor: c["eta_min"] })),
  CyclicLR: (c) => schedules.cyclic(given({ base: c["base_lr"], max: c["max_lr"], ...cycle(c) })),
  OneCycleLR: (c) =>
    schedules.oneCycle(
      given({ peak: c["max_lr"], ...once(c), divFactor: c["div_factor"], finalDivFactor: c["final_div_factor"] }),
    ),
  SequentialLR: (c, value) => schedules.sequence(parts(c, value), c["milestones"]),
  ChainedScheduler: (c, value) => schedules.chain([schedules.constant(value), ...parts(c, 1)]),
};

function parts(c: Config, value: number): Schedule[] {
  return (c["schedulers"] as Config[]).map((part) => {
    const [name, config] = Object.entries(part)[0]!;
    return MAKERS[name]!(config, value);
  });
}

const plain = cases.filter((one) => classOf(one) in MAKERS);

test.each(plain)("$name agrees with torch to 1e-12", (one) => {
  expectValues(MAKERS[classOf(one)]!(one.config, one.config["base_lr"]), one.lr as number[]);
});

test.each(plain.filter(({ momentum, beta1 }) => momentum ?? beta1))("$name moves momentum as torch does", (one) => {
  const { config, momentum, beta1 } = one;
  const range = { base: config["base_momentum"], max: config["max_momentum"] };
  const schedule =
    classOf(one) === "CyclicLR"
      ? schedules.cyclicMomentum(given({ ...range, ...cycle(config) }))
      : schedules.oneCycleMomentum(given({ ...range, ...once(config) }));
  expectValues(schedule, (momentum ?? beta1)!);
});

const functions: Readonly<Record<string, readonly Schedule[]>> = {
  lambda_1_over_1_plus_t: [schedules.lambda({ value: 0.1, factor: (t) => 1 / (1 + 0.1 * t) })],
  lambda_two_groups: [
    schedules.lambda({ value: 0.1, factor: (t) => 0.95 ** t }),
    schedules.lambda({ value: 0.02, factor: (t) => (t < 30 ? 1 : 0.5) }),
  ],
  multiplicative_0p95: [schedules.multiplicative({ value: 0.1, factor: () => 0.95 })],
  multiplicative_t: [schedules.multiplicative({ value: 0.1, factor: (t) => t / (t + 1) })],
};

test.each(cases.filter(({ name }) => name in functions))("$name agrees with torch to 1e-12", ({ name, lr }) => {
  for (const [group, schedule] of functions[name]!.entries()) {
    expectValues(
      schedule,
      lr.map((value) => [value].flat()[group]!),
    );
  }
});

const plateaus = cases.filter((one) => classOf(one) === "ReduceLROnPlateau");

function plateauOf({ config: c }: TorchCase): schedules.PlateauSchedule {
  return schedules.reduceOnPlateau(
    given({
      ...{ value: c["base_lr"], mode: c["mode"], factor: c["factor"], patience: c["patience"] },
      ...{ threshold: c["threshold"], thresholdMode: c["threshold_mode"], cooldown: c["cooldown"] },
      ...{ floor: c["min_lr"], eps: c["eps"] },
    }),
  );
}

test.each(plateaus)("$name agrees with torch to 1e-12, and resumes at every step", (one) => {
  const { lr, metrics } = one as TorchCase & { lr: number[]; metrics: number[] };
  let schedule = plateauOf(one);
  for (const [step, metric] of metrics.entries()) {
    expect(Math.abs(schedule(step) - lr[step]!)).toBeLessThanOrEqual(1e-12 * lr[step]!);
    expect(schedule.observe(metric)).toBe(schedule(step + 1));
    const resumed = plateauOf(one);
    resumed.loadStateDict(JSON.parse(JSON.stringify(schedule.stateDict())));
    schedule = resumed;
  }
});

test("every case is followed", () => {
  expect(plain.length + Object.keys(functions).length + plateaus.length).toBe(cases.length);
});
