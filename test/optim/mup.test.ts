import { describe, expect, test } from "vitest";
import { AdamW } from "../../src/optim/adam.ts";
import { type MupFactors, mup, mupGroups } from "../../src/optim/mup.ts";
import { SGD } from "../../src/optim/sgd.ts";
import * as init from "../../src/tensor/init.ts";
import { load } from "../../src/tensor/runtime.ts";
import { goldenCases } from "../support/golden.ts";

interface Reference {
  readonly shape: readonly number[];
  /** null where the axis does not grow. */
  readonly base_dims: readonly (number | null)[];
  readonly ninf: number;
  readonly width_mult: number;
  readonly fanin_fanout_mult_ratio: number | null;
  readonly optim: Readonly<Record<string, { readonly lr_mult: number; readonly wd_mult: number }>>;
  readonly init_std_mult?: {
    readonly kaiming_fan_in: number;
    readonly kaiming_fan_out: number;
    readonly xavier: number;
    readonly normal_constant_std: number;
  };
  readonly rescale_at_set_base_shapes?: number;
}

interface MupCase {
  readonly name: string;
  readonly params: Readonly<Record<string, Reference>>;
  readonly readout_forward_multiplier: number;
}

const rt = await load();

function closeTo(ours: number, truth: number): void {
  expect(Math.abs(ours - truth)).toBeLessThanOrEqual(1e-12 * truth);
}

const ROLES: Readonly<Record<string, MupFactors["role"]>> = {
  scalar: "scalar",
  "emb.weight": "input",
  "inp.weight": "input",
  "hid.weight": "hidden",
  "qkv.weight": "hidden",
  "ff1.weight": "hidden",
  "ff2.weight": "hidden",
  "out.weight": "output",
  "out.bias": "scalar",
};

describe.each(goldenCases<MupCase>("mup/mup"))("the authors' package, $name", (golden) => {
  const names = Object.keys(golden.params);
  const base = Object.fromEntries(
    Object.entries(golden.params).map(([name, { shape, base_dims: dims }]) => [
      name,
      dims.map((size, axis) => size ?? shape[axis]!),
    ]),
  );
  const params = rt.parameters(
    Object.fromEntries(
      Object.entries(golden.params).map(([name, { shape }]) => [
        name,
        name === "emb.weight" ? { shape, role: "embedding" as const } : shape,
      ]),
    ),
  );
  const factors = mup(params, base);
  const wider = golden.params["hid.weight"]!.width_mult > 1;

  test.each(names)("width and learning rates of %s", (name) => {
    const { width_mult: width, fanin_fanout_mult_ratio: ratio, optim } = golden.params[name]!;
    const ours = factors.get(name)!;
    closeTo(ours.widthMult, width);
    closeTo(ours.lr.sgd, optim["MuSGD"]!.lr_mult);
    closeTo(ours.lr.adam, optim["MuAdam"]!.lr_mult);
    if (ratio !== null) closeTo(1 / ours.lr.sgd, ratio);
    // At the base's own width nothing tells what grows, and all factors are 1.
    expect(ours.role).toBe(wider ? (ROLES[name] ?? "vector") : "scalar");
    closeTo(ours.multiplier, name === "out.weight" ? golden.readout_forward_multiplier : 1);
  });

  test.each(Object.keys(golden.params["inp.weight"]!.optim))("groups are those of %s", (source) => {
    const groups = mupGroups(params, base, {
      optimizer: source.startsWith("MuSGD") ? "sgd" : "adam",
      lr: 0.5,
      weightDecay: 0.25,
      independentWeightDecay: source.endsWith("_decoupled"),
    });
    expect(groups.flatMap((group) => group.params).length).toBe(names.length);
    for (const { params, lr, weightDecay } of groups) {
      for (const { name } of params) {
        const { lr_mult: rate, wd_mult: decay } = golden.params[name]!.optim[source]!;
        closeTo(lr as number, 0.5 * rate);
        closeTo(weightDecay as number, 0.25 * decay);
      }
    }
  });

  test.each(names.filter((name) => golden.params[name]!.init_std_mult))("deviations at the start of %s", (name) => {
    const { shape, init_std_mult: expected, rescale_at_set_base_shapes: rescale } = golden.params[name]!;
    const { initShape, init: constant } = factors.get(name)!;
    closeTo(constant, expected!.normal_constant_std);
    const [ours, plain] = [init.fans(initShape), init.fans(shape)];
    closeTo(Math.sqrt(plain.fanIn / ours.fanIn), expected!.kaiming_fan_in);
    closeTo(Math.sqrt(plain.fanOut / ours.fanOut), expected!.kaiming_fan_out);
    closeTo(Math.sqrt((plain.fanIn + plain.fanOut) / (ours.fanIn + ours.fanOut)), expected!.xavier);
    // What the authors' package multiplies a readout by that has started as torch does, from its fan-in.
    if (rescale !== undefined) closeTo(Math.sqrt(plain.fanIn / ours.fanIn), rescale);
  });

  test.each(["hid", "out"])("the bias of %s is to start as at the base, which has a smaller fan-in", (layer) => {
    const { init: constant } = factors.get(`${layer}.bias`)!;
    const ratio = init.fans(golden.params[`${layer}.weight`]!.shape).fanIn / init.fans(base[`${layer}.weight`]!).fanIn;
    closeTo(constant * Math.sqrt(ratio), golden.params[`${layer}.bias`]!.rescale_at_set_base_shapes!);
  });
});

test("hidden layers whose sides grow unequally, and convolutions", () => {
  const params = rt.parameters({ up: [64, 8], conv: [6, 8, 3, 3], first: [6, 3, 3, 3] });
  const base = { up: [8, 4], conv: { shape: [3, 2, 3, 3] }, first: [3, 3, 3, 3] };
  const factors = mup(params, base);
  expect(factors.get("up")).toEqual({
    role: "hidden",
    widthMult: 2,
    lr: { adam: 0.5, sgd: 4 },
    init: 1 / Math.sqrt(2),
    initShape: [64, 8],
    multiplier: 1,
  });
  expect(factors.get("conv")).toMatchObject({ role: "hidden", widthMult: 4, lr: { adam: 0.25, sgd: 0.5 }, init: 0.5 });
  expect(factors.get("first")).toMatchObject({ role: "input", widthMult: 2, lr: { adam: 1, sgd: 2 } });
});

describe("groups", () => {
  const shapes = (width: number) => ({
    "in.weight": [width, 3],
    "in.bias": [width],
    "hid.weight": [width, width],
    "out.weight": [2, width],
  });
  const params = rt.parameters(shapes(16));
  const base = shapes(4);

  test("go straight into optimizers, schedules included", () => {
    const adam = new AdamW(mupGroups(params, base, { optimizer: "adam", lr: (step) => 0.1 * (step + 1) }), {
      betas: [0.9, 0.95],
    });
    expect(adam.groups.map(({ params, lr, weightDecay }) => [params.map(({ name }) => name), lr, weightDecay])).toEqual(
      [
        [["in.weight", "in.bias", "out.weight"], 0.1, 0],
        [["hid.weight"], 0.025, 0],
      ],
    );
    params.zeroGrad();
    adam.step();
    expect(adam.groups.map(({ lr }) => lr)).toEqual([0.2, 0.05]);
    const sgd = new SGD(mupGroups(params, base, { optimizer: "sgd", lr: 0.5, weightDecay: 0.25 }), { momentum: 0.5 });
    expect(sgd.groups.map(({ params, lr, weightDecay }) => [params.map(({ name }) => name), lr, weightDecay])).toEqual([
      [["in.weight", "in.bias", "out.weight"], 2, 0.0625],
      [["hid.weight"], 0.5, 0.25],
    ]);
  });

  test("that are given are split, and keep what else is in them", () => {
    const groups = [
      { params: params.where(({ ndim }) => ndim >= 2), weightDecay: 0.1, eps: 1e-6 },
      { params: params.where(({ ndim }) => ndim < 2), lr: 0.5 },
    ];
    const fitted = mupGroups(groups, base, { optimizer: "adam", lr: 0.25, weightDecay: 0.2 });
    expect(fitted.map(({ params, ...rest }) => [params.map(({ name }) => name), rest])).toEqual([
      [["in.weight", "out.weight"], { lr: 0.25, weightDecay: 0.1, eps: 1e-6 }],
      [["hid.weight"], { lr: 0.0625, weightDecay: 0.4, eps: 1e-6 }],
      [["in.bias"], { lr: 0.5, weightDecay: 0.2 }],
    ]);
    new AdamW(fitted);
  });

  test("and factors refuse what does not fit", () => {
    const { "hid.weight": _, ...incomplete } = base;
    expect(() => mup(params, incomplete)).toThrow('expected a shape for "hid.weight"');
    expect(() => mup(params, { ...base, "in.bias": [4, 1] })).toThrow(
      "base.in.bias: got [4, 1], expected a shape of 1 axes",
    );
    expect(() => mup(params, { ...base, "in.bias": [0] })).toThrow("base.in.bias: got [0]");
    expect(() => mup(params, { ...base, "in.bias": null as never })).toThrow("base.in.bias: got null");
    expect(() => mup(params, null as never)).toThrow("base: got null");
    const deep = rt.parameters({ k: [4, 4, 4] });
    expect(() => mup(deep, { k: [2, 2, 2] })).toThrow("base.k: got [2, 2, 2], expected one with at most two axes");
    const options = { optimizer: "adam", lr: 0.1 } as const;
    expect(() => mupGroups(params, base, { ...options, optimizer: "lion" as never })).toThrow('optimizer: got "lion"');
    expect(() => mupGroups(params, base, { optimizer: "adam" })).toThrow("lr: got undefined");
    expect(() => mupGroups(params, base, { ...options, lr: -1 })).toThrow("lr: got -1");
    expect(() => mupGroups([{ params, weightDecay: -1 }], base, options)).toThrow("groups[0].weightDecay: got -1");
    expect(() => mupGroups(params, base, { ...options, wd: 1 } as never)).toThrow("options.wd");
  });
});
