import { describe, expect, test } from "vitest";
import { readSync } from "../../src/checkpoint/byteSource.ts";
import { readingTensors, Safetensors, type WriteTensor } from "../../src/checkpoint/safetensors.ts";
import { readTorchState, writeTorchState } from "../../src/checkpoint/torchState.ts";
import { Adam, AdamW, ASGD, NAdam, SGD } from "../../src/optim/index.ts";
import type { Parameters } from "../../src/tensor/parameters.ts";
import { Random } from "../../src/tensor/random.ts";
import { type OptimizerCase, readGolden } from "../support/golden.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";
import { optimizers } from "../support/specs.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [(typeof runtimes)[0]];

function parameters(shapes: Record<string, number[]> = { "fc.weight": [3, 4], fc: [2, 2] }): Parameters {
  const params = rt.parameters(shapes);
  const random = new Random(1, "values");
  for (const { data } of params) for (let i = 0; i < data.length; i++) data[i] = random.uniform() - 0.5;
  return params;
}

function run(
  params: Parameters,
  optimizer: { step(): unknown; updateHessian?(): unknown },
  from: number,
  to: number,
): void {
  for (let t = from; t < to; t++) {
    const random = new Random(2, `gradients ${t}`);
    for (const { grad } of params) for (let i = 0; i < grad.length; i++) grad[i] = random.uniform() - 0.5;
    optimizer.step();
  }
}

const values = (params: Parameters) => [...params].map(({ data }) => [...bitsOf(data)]);

test.each(optimizers.map((Optimizer) => ({ name: Optimizer.spec.name, Optimizer })))(
  "$name goes on bit for bit from its state under torch's names",
  async ({ Optimizer }) => {
    const [straight, resumed] = [parameters(), parameters()];
    const [optimizer, other] = [new Optimizer(straight), new Optimizer(resumed)];
    run(straight, optimizer, 0, 4);
    for (const { name, data } of straight) resumed.get(name).data.set(data);
    const report = await readTorchState(writeTorchState(optimizer).bytes(), other);
    expect(report).toEqual({ missing: [], unexpected: [], misshapen: [], changed: [] });
    run(straight, optimizer, 4, 8);
    run(resumed, other, 4, 8);
    expect(values(resumed)).toEqual(values(straight));
    expect(other.stateDict()).toEqual(optimizer.stateDict());
  },
);

test("writes what torch has, by name", () => {
  const params = parameters();
  params.get("fc").frozen = true;
  const optimizer = new NAdam(
    [
      { params: [params.get("fc.weight")], weightDecay: 0.1 },
      { params: [params.get("fc")], lr: 0.5 },
    ],
    { lr: 0.01 },
  );
  run(params, optimizer, 0, 2);
  const { tensors, metadata } = readSync(writeTorchState(optimizer).bytes(), readingTensors);
  const { state, groups } = optimizer.stateDict();
  expect(Object.fromEntries(tensors)).toEqual({
    "fc.weight.exp_avg": { dtype: "F32", shape: [3, 4], data: state["fc.weight"]!["exp_avg"] },
    "fc.weight.exp_avg_sq": { dtype: "F32", shape: [3, 4], data: state["fc.weight"]!["exp_avg_sq"] },
    "fc.weight.step": { dtype: "F32", shape: [], data: Float32Array.of(2) },
    "fc.weight.mu_product": { dtype: "F64", shape: [], data: Float64Array.of(groups[0]!.numbers["mu_product"]!) },
  });
  expect(metadata.get("optimizer")).toBe("NAdam");
  const common = {
    betas: [0.9, 0.999],
    eps: 1e-8,
    momentum_decay: 0.004,
    decoupled_weight_decay: false,
    maximize: false,
  };
  expect(JSON.parse(metadata.get("param_groups")!)).toEqual([
    { ...common, lr: 0.01, weight_decay: 0.1, params: ["fc.weight"] },
    { ...common, lr: 0.5, weight_decay: 0, params: ["fc"] },
  ]);
});

describe("reading what torch makes", () => {
  /** The flat form of torch's state after the last step of a golden case. */
  function flat({ params, state, grads }: OptimizerCase, step: WriteTensor): Map<string, WriteTensor> {
    const tensors = new Map<string, WriteTensor>();
    expect(grads.length).toBeGreaterThan(0);
    for (const { name, shape } of params) {
      for (const [slot, value] of Object.entries(state[name] ?? {})) {
        if (slot === "step") tensors.set(`${name}.step`, step);
        else if (Array.isArray(value)) {
          tensors.set(`${name}.${slot}`, { data: Float32Array.from(value, Number), shape });
        }
      }
    }
    return tensors;
  }

  const golden = readGolden<{ cases: OptimizerCase[] }>("optim/adam").cases[0]!;
  const shapes = Object.fromEntries(golden.params.map(({ name, shape }) => [name, shape]));

  test.each([
    ["F32", (n: number): WriteTensor => ({ data: Float32Array.of(n), shape: [] })],
    ["I64", (n: number): WriteTensor => ({ data: BigInt64Array.of(BigInt(n)), shape: [] })],
    ["I32 of one axis", (n: number): WriteTensor => ({ data: Int32Array.of(n), shape: [1] })],
  ])("takes recorded state of torch's Adam, with steps of type %s", async (_, step) => {
    const tensors = flat(golden, step(golden.grads.length));
    const optimizer = new Adam(rt.parameters(shapes));
    await readTorchState(new Safetensors(tensors).bytes(), optimizer);
    const { state, step: steps } = optimizer.stateDict();
    expect(steps).toBe(golden.grads.length);
    for (const { name } of golden.params) {
      for (const slot of ["exp_avg", "exp_avg_sq"])
        expect(state[name]![slot]).toEqual(tensors.get(`${name}.${slot}`)!.data);
    }
  });

  test("needs the number of updates where torch does not count, as in SGD", async () => {
    const tensors: [string, WriteTensor][] = [
      ["fc.weight.momentum_buffer", { data: new Float32Array(12).fill(0.5), shape: [3, 4] }],
      ["fc.momentum_buffer", { data: new Float32Array(4).fill(0.25), shape: [2, 2] }],
    ];
    const file = new Safetensors(tensors).bytes();
    const params = parameters();
    const sgd = new SGD(params, { momentum: 0.9 });
    await expect(readTorchState(file, sgd)).rejects.toThrow("step: got undefined, expected the number of updates");
    await readTorchState(file, sgd, { step: 7 });
    expect(sgd.stateDict()).toMatchObject({ step: 7, steps: { "fc.weight": 7, fc: 7 } });
    expect([...sgd.stateDict().state["fc"]!["momentum_buffer"]!]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  test("a parameter without state has never been stepped: it starts anew", async () => {
    const source = parameters();
    source.get("fc").frozen = true;
    const optimizer = new AdamW(source);
    run(source, optimizer, 0, 3);
    const params = parameters();
    const other = new AdamW(params);
    run(params, other, 0, 2);
    await readTorchState(writeTorchState(optimizer).bytes(), other);
    expect(other.stateDict()).toEqual(optimizer.stateDict());
    expect(other.stateDict().steps).toEqual({ "fc.weight": 3, fc: 0 });
  });

  test("names can be translated, as for parameters", async () => {
    const [source, params] = [
      parameters({ "model.fc.w": [3, 4], b: [2] }),
      parameters({ w: [3, 4], "model.fc.w": [2] }),
    ];
    const [optimizer, other] = [new AdamW(source), new AdamW(params)];
    run(source, optimizer, 0, 3);
    const file = writeTorchState(optimizer).bytes();
    const names = (name: string) => (name === "w" ? "model.fc.w" : "b");
    expect(await readTorchState(file, other, { names })).toMatchObject({ missing: [], unexpected: [], misshapen: [] });
    const { state, steps } = other.stateDict();
    expect(state["w"]).toEqual(optimizer.stateDict().state["model.fc.w"]);
    expect(state["model.fc.w"]).toEqual(optimizer.stateDict().state["b"]);
    expect(steps).toEqual({ w: 3, "model.fc.w": 3 });
    // What is called as a parameter of another name is not taken for it.
    const only = new AdamW(parameters({ w: [3, 4], "model.fc.w": [2] }));
    const report = readTorchState(file, only, { names: (name) => (name === "w" ? "b" : "c"), strict: false });
    expect((await report).unexpected).toContain("model.fc.w~/exp_avg");
    for (const [names, message] of [
      [1, "names: got 1, expected a function"],
      [() => 1, 'names("w"): got 1, expected a name in the file'],
      [() => "b", 'names: got "b", expected a name for "model.fc.w" that "w" has not'],
    ] as const) {
      await expect(readTorchState(file, other, { names: names as never })).rejects.toThrow(message);
    }
  });

  test("a file of other names says so, and points to the option", async () => {
    const optimizer = new AdamW(parameters({ "model.fc.weight": [3, 4] }));
    optimizer.step();
    const file = writeTorchState(optimizer).bytes();
    await expect(readTorchState(file, new AdamW(parameters()))).rejects.toThrow(
      'state: got "a file of tensors such as \\"model.fc.weight.exp_avg\\"", expected names such as "fc.weight.exp_avg": the option names',
    );
  });

  test("a count for what is no parameter is unexpected, and counts nothing", async () => {
    const params = parameters();
    const optimizer = new AdamW(params);
    run(params, optimizer, 0, 2);
    const { tensors } = readSync(writeTorchState(optimizer).bytes(), readingTensors);
    const file = new Safetensors([...tensors, ["other.step", { data: Float32Array.of(1000), shape: [] }]]).bytes();
    await expect(readTorchState(file, optimizer)).rejects.toThrow("unexpected other/step");
    expect(await readTorchState(file, optimizer, { strict: false })).toMatchObject({ unexpected: ["other/step"] });
    expect(optimizer.steps).toBe(2);
  });

  test.each(optimizers.map((Optimizer) => ({ name: Optimizer.spec.name, Optimizer })))(
    "what is written of $name can be read, before the first step and with a parameter that is frozen",
    async ({ Optimizer }) => {
      const params = parameters();
      const [optimizer, other] = [new Optimizer(params), new Optimizer(parameters())];
      for (const steps of [0, 2]) {
        params.get("fc").frozen = true;
        run(params, optimizer, 0, steps);
        await readTorchState(writeTorchState(optimizer).bytes(), other);
        expect(other.stateDict().steps).toEqual(optimizer.stateDict().steps);
        expect(other.stateDict().state).toEqual(optimizer.stateDict().state);
      }
    },
  );

  test("refuses what does not fit, and changes nothing", async () => {
    const params = parameters();
    const optimizer = new ASGD(params);
    run(params, optimizer, 0, 2);
    const before = optimizer.stateDict();
    const good = [...readSync(writeTorchState(optimizer).bytes(), readingTensors).tensors];
    const cases: [string, WriteTensor | undefined, string][] = [
      ["fc.ax", undefined, "missing fc/ax"],
      ["fc.ay", { data: new Float32Array(4) }, "unexpected fc/ay"],
      ["ax", { data: new Float32Array(4) }, "unexpected /ax"],
      ["fd.ax", { data: new Float32Array(4) }, "unexpected fd/ax"],
      ["fc.__proto__", { data: new Float32Array(4) }, "unexpected fc/__proto__"],
      ["__proto__.ax", { data: new Float32Array(4) }, "unexpected __proto__/ax"],
      ["fc.ax", { data: new Float32Array(3) }, "misshapen fc/ax: got 3 elements"],
      ["fc.eta", { data: new Float32Array(2) }, '"fc.eta": got "F32 of shape [2]", expected one number'],
      ["fc.step", { data: Float32Array.of(1.5) }, "state.step"],
      ["fc.step", { data: Float64Array.of(Number.NaN) }, "state.step"],
      ["fc.step", { data: Uint8Array.of(1) }, '"fc.step": got "U8 of shape [1]"'],
    ];
    for (const [name, tensor, message] of cases) {
      const changed = new Map<string, WriteTensor>(good);
      if (tensor) changed.set(name, tensor);
      else changed.delete(name);
      await expect(readTorchState(new Safetensors(changed).bytes(), optimizer), name).rejects.toThrow(message);
    }
    await expect(readTorchState(new Uint8Array(9), optimizer)).rejects.toMatchObject({ code: "BAD_FILE" });
    await expect(readTorchState(new Uint8Array(9), optimizer, { steps: 1 } as object)).rejects.toThrow("steps");
    await expect(readTorchState(new Uint8Array(9), optimizer, { step: -1 })).rejects.toThrow("step: got -1");
    expect(optimizer.stateDict()).toEqual(before);
  });
});
