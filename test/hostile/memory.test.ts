/** Little memory, memory that does not grow, and memory that somebody takes away or tries to. */
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import { PlainMemory } from "../../src/memory/heap.ts";
import { AdamW } from "../../src/optim/index.ts";
import { load, type Runtime } from "../../src/tensor/runtime.ts";
import { backends, bitsOf } from "../support/runtimes.ts";

afterEach(() => void vi.restoreAllMocks());

/** Two steps on a small model, and the bits of its values. */
function train(rt: Runtime): Uint32Array {
  const params = rt.parameters({ weight: [10, 20], bias: [10] });
  const opt = new AdamW(params, { lr: 0.1 });
  for (const { grad } of params) grad.fill(0.5);
  for (let i = 0; i < 2; i++) opt.step();
  const bits = bitsOf(params.get("weight").data);
  opt.dispose();
  params.dispose();
  return bits;
}

async function expected(): Promise<Uint32Array> {
  return train(await load({ backend: "reference" }));
}

describe.each(backends)("%s", (backend) => {
  test("trains within 64 KiB; what does not fit is refused, and leaves everything usable", async () => {
    const rt = await load({ backend, maxBytes: 65536 });
    expect(train(rt)).toEqual(await expected());
    expect(() => rt.parameters({ weight: [100, 100] })).toThrow(
      expect.objectContaining({ code: "OUT_OF_MEMORY", message: expect.stringContaining("65536 allowed") }),
    );
    const params = rt.parameters({ weight: [80, 80] });
    expect(() => new AdamW(params)).toThrow(expect.objectContaining({ code: "OUT_OF_MEMORY" }));
    params.dispose();
    expect(rt.heap.used).toBe(0);
    expect(rt.heap.capacity).toBe(65536);
    expect(train(rt)).toEqual(await expected());
  });

  test("memory that does not grow is an OUT_OF_MEMORY that says so, and leaves everything usable", async () => {
    const rt = await load({ backend });
    const bits = train(rt);
    const { used } = rt.heap;
    const refuse = () => {
      throw new RangeError("WebAssembly.Memory.grow(): Unable to grow instance memory");
    };
    vi.spyOn(WebAssembly.Memory.prototype, "grow").mockImplementation(refuse);
    vi.spyOn(PlainMemory.prototype, "grow").mockImplementation(refuse);
    expect(() => rt.tensor([1 << 20])).toThrow(/out of memory.*the host refused to grow memory/);
    expect(rt.heap.used).toBe(used);
    expect(train(rt)).toEqual(bits);
    vi.restoreAllMocks();
    expect(rt.tensor([1 << 20]).size).toBe(1 << 20);
  });

  test("objects cannot be cloned: they are handles onto memory, and say so by the platform's own error", async () => {
    const rt = await load({ backend });
    const params = rt.parameters({ weight: [4] });
    const opt = new AdamW(params);
    for (const value of [rt, params, params.get("weight"), rt.tensor([2]), opt]) {
      expect(() => structuredClone(value)).toThrow(expect.objectContaining({ name: "DataCloneError" }));
    }
    params.get("weight").grad.fill(1);
    expect(opt.step().applied).toBe(true);
  });

  test("a posted view arrives as a copy; states and slices are what to post", async () => {
    const rt = await load({ backend });
    const params = rt.parameters({ weight: [4] });
    const opt = new AdamW(params, { lr: 0.1 });
    const { data, grad } = params.get("weight");
    const { port1, port2 } = new MessageChannel();
    port1.postMessage({ data, state: opt.stateDict() });
    const { message } = receiveMessageOnPort(port2)!;
    port1.close();
    message.data.fill(7);
    expect([...data]).toEqual([0, 0, 0, 0]);
    grad.fill(1);
    opt.step();
    const resumed = opt.loadStateDict(message.state);
    expect(resumed).toMatchObject({ missing: [], unexpected: [] });
    expect(opt.steps).toBe(0);
  });
});

test.each(["simd", "scalar"] as const)("%s: transferring the buffer takes nothing away", async (backend) => {
  const rt = await load({ backend });
  const params = rt.parameters({ weight: [4] });
  const { buffer } = params.get("weight").data;
  // Engines refuse to detach the memory of WebAssembly: some throw, and some pass on a copy.
  await Promise.resolve()
    .then(() => structuredClone(buffer, { transfer: [buffer as ArrayBuffer] }))
    .catch((error: Error) => expect(error.message).toMatch(/detach|transfer/i));
  expect(params.get("weight").data).toHaveLength(4);
  params.get("weight").grad.fill(1);
  expect(new AdamW(params).step().applied).toBe(true);
});

test("reference: the buffer can be transferred, and any later use throws", async () => {
  const rt = await load({ backend: "reference" });
  const params = rt.parameters({ weight: [4] });
  const opt = new AdamW(params);
  const tensor = rt.tensor([3]);
  const { buffer } = params.get("weight").data;
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  expect(rt.disposed).toBe(true);
  const disposed = expect.objectContaining({ code: "DISPOSED" });
  expect(() => params.get("weight").data).toThrow("disposed or transferred");
  expect(() => tensor.data).toThrow(disposed);
  expect(() => opt.step()).toThrow(disposed);
  expect(() => opt.stateDict()).toThrow(disposed);
  expect(() => new AdamW(params)).toThrow(disposed);
  expect(() => rt.tensor([2])).toThrow("disposed or transferred");
});
