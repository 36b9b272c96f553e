import { describe, expect, test } from "vitest";
import { AdamW } from "../../src/optim/adam.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { type GroupRule, groupsBy, groupTable } from "../../src/tensor/groups.ts";
import { load } from "../../src/tensor/runtime.ts";

const rt = await load();

function model() {
  return rt.parameters({
    wte: { shape: [50, 8], role: "embedding" },
    "ln.weight": { shape: [8], role: "norm" },
    "fc.weight": [32, 8],
    "fc.bias": [32],
    "out.weight": { shape: [50, 8], role: "head" },
  });
}
const names = (groups: readonly { params: readonly { name: string }[] }[]) =>
  groups.map(({ params }) => params.map(({ name }) => name));

test("where takes a role", () => {
  const params = model();
  expect(params.where("norm")).toEqual([params.get("ln.weight")]);
  expect(params.where("hidden").map(({ name }) => name)).toEqual(["fc.weight"]);
  expect(() => params.where("gain" as "norm")).toThrow('role: got "gain", expected one of "hidden"');
});

describe("groupsBy", () => {
  test("makes a group of each rule, in order, with the rule's options", () => {
    const params = model();
    const groups = groupsBy(params, [
      { role: ["hidden", "head"], weightDecay: 0.1 },
      { role: "embedding", lr: 0.5 },
      { where: ({ ndim }) => ndim < 2 },
    ]);
    expect(names(groups)).toEqual([["fc.weight", "out.weight"], ["wte"], ["ln.weight", "fc.bias"]]);
    expect(groups.map((group) => Object.keys(group))).toEqual([
      ["params", "weightDecay"],
      ["params", "lr"],
      ["params"],
    ]);
    const adamw = new AdamW(groups, { lr: 0.1 });
    expect(adamw.groups.map(({ lr, weightDecay }) => [lr, weightDecay])).toEqual([
      [0.1, 0.1],
      [0.5, 0.01],
      [0.1, 0.01],
    ]);
  });

  test("asks for both where a rule has role and where, takes some parameters alone, and leaves out empty groups", () => {
    const params = model();
    const some = params.where((parameter) => parameter.name.startsWith("fc"));
    const long = { role: "bias", where: ({ size }: { size: number }) => size > 100 } as const;
    const groups = groupsBy(some, [long, { role: "hidden" }, { role: "bias", where: ({ size }) => size <= 100 }]);
    expect(names(groups)).toEqual([["fc.weight"], ["fc.bias"]]);
  });

  test.each<[string, readonly GroupRule[], string, string]>([
    [
      "none",
      [{ role: "hidden" }, { where: ({ ndim }) => ndim < 2 }],
      "UNASSIGNED_PARAMETER",
      'rules: parameter "wte" (embedding, [50, 8]) falls in no group',
    ],
    [
      "two",
      [{ where: ({ ndim }) => ndim < 2 }, { where: ({ ndim }) => ndim === 2 }, { role: "norm" }],
      "DUPLICATE_PARAMETER",
      'rules: parameter "ln.weight" (norm, [8]) falls in groups 0 and 2',
    ],
    ["a rule of nothing", [{}], "BAD_ARGUMENT", "rules[0]: got an object of Object, expected a rule with role"],
    ["a role", [{ role: "gain" as "norm" }], "BAD_ARGUMENT", 'rules[0].role: got "gain"'],
    ["a predicate", [{ where: "norm" as never }], "BAD_ARGUMENT", 'rules[0].where: got "norm", expected a function'],
    ["no rules", [], "BAD_ARGUMENT", "rules: got [], expected a list of rules"],
    ["no rule", [null as never], "BAD_ARGUMENT", "rules[0]: got null"],
  ])("refuses %s", (_what, rules, code, message) => {
    expect(() => groupsBy(model(), rules)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

describe("groupTable", () => {
  test("shows counts, the usual options, what else differs, and names", () => {
    const params = rt.parameters({ w: [1000, 100], a: [2], b: [3], c: [4], d: [5] });
    const groups = groupsBy(params, [
      { role: "hidden", weightDecay: 0.1 },
      { role: "bias", weightDecay: 0, eps: 1e-6 },
    ]);
    expect(groupTable(new AdamW(groups, { lr: () => 1 / 3 }).groups)).toBe(
      [
        "group  parameters  elements      lr  weightDecay         betas       eps  names",
        "    0           1   100,000  0.3333          0.1  [0.9, 0.999]      1e-8  w",
        "    1           4        14  0.3333            0  [0.9, 0.999]  0.000001  a, b, c, ...",
      ].join("\n"),
    );
  });

  test("does without options that an optimizer lacks", () => {
    expect(groupTable(new SGD(model()).groups).split("\n")[0]).toBe(
      "group  parameters  elements     lr  weightDecay  names",
    );
  });
});
