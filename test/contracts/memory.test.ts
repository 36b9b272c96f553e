import { describe, expect, test } from "vitest";
import { wrap } from "../../src/adapters/wrap.ts";
import { clipGradNorm } from "../../src/gradients/clip.ts";
import { Heap, PlainMemory } from "../../src/memory/heap.ts";
import { Linear } from "../../src/nn/layers/linear.ts";
import { Network } from "../../src/nn/network.ts";
import { AdamW } from "../../src/optim/adam.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { Random } from "../../src/tensor/random.ts";
import { load } from "../../src/tensor/runtime.ts";
import { backends } from "../support/runtimes.ts";
import { swept } from "../support/sweep.ts";

const MIB = 1 << 20;

describe.each(backends)("memory on %s", (backend) => {
  test("tensors held while memory grows keep their contents, and their views follow", async () => {
    const rt = await load({ backend });
    const before = rt.tensor([1000], { values: Array.from({ length: 1000 }, (_, i) => i) });
    const view = before.data;
    const capacity = rt.heap.capacity;
    const later = rt.tensor([MIB]);
    expect(rt.heap.capacity).toBeGreaterThan(capacity);
    expect(view.length, "a view kept across growth is detached, not stale").toBe(0);
    expect([before.data[0], before.data[999]]).toEqual([0, 999]);
    before.data[5] = -1;
    rt.kernels.scale(before.pointer, before.pointer, 1000, 2);
    expect([before.data[5], before.data[999]]).toEqual([-2, 1998]);
    expect(later.data.every((x) => x === 0)).toBe(true);
    expect(before.data, "an unchanged memory gives the same view").toBe(before.data);
  });

  test("ten times 10 000 allocations and frees, once in `npm test`, end at the same high-water mark, with no byte in use", async () => {
    const rt = await load({ backend });
    const random = new Random(1, "sizes");
    const live: { pointer: number; release(): void }[] = [];
    const churn = (rounds: number) => {
      for (let i = 0; i < rounds; i++) {
        if (live.length === 50) live.splice(random.below(50), 1)[0]!.release();
        live.push(rt.heap.allocate(random.below(4096)));
      }
    };
    churn(10_000);
    for (const block of live.splice(0)) block.release();
    const highWater = rt.heap.highWater;
    random.position = 0;
    for (let round = 0; round < swept(10, 1); round++) {
      random.position = 0;
      churn(10_000);
      for (const block of live.splice(0)) block.release();
    }
    expect(rt.heap.used).toBe(0);
    expect(rt.heap.highWater).toBe(highWater);
  });

  test("blocks never overlap and come zeroed", async () => {
    const { heap } = await load({ backend });
    const random = new Random(2, "blocks");
    const live: { pointer: number; bytes: number; release(): void }[] = [];
    for (let i = 0; i < 3000; i++) {
      if (live.length > 20) live.splice(random.below(live.length), 1)[0]!.release();
      const block = heap.allocate(1 + random.below(2000));
      const bytes = heap.views.u8.subarray(block.pointer, block.pointer + block.bytes);
      const overlapping = live.filter(
        (other) => block.pointer < other.pointer + other.bytes && other.pointer < block.pointer + block.bytes,
      );
      expect([block.pointer % 64, bytes.findIndex((byte) => byte !== 0), overlapping]).toEqual([0, -1, []]);
      bytes.fill(255);
      live.push(block);
    }
  });

  test("exhaustion says what was asked, used and allowed, and the runtime stays usable", async () => {
    const rt = await load({ backend, maxBytes: MIB });
    const kept = rt.tensor([1000], { values: new Float32Array(1000).fill(7) });
    expect(() => rt.tensor([MIB])).toThrow(
      `out of memory: asked for ${4 * MIB} bytes with ${rt.heap.used} in use and ${MIB} allowed`,
    );
    expect(() => rt.parameters({ w: [150_000] })).toThrow(expect.objectContaining({ code: "OUT_OF_MEMORY" }));
    const used = rt.heap.used;
    const params = rt.parameters({ w: [45_008] });
    const adamw = new AdamW(params);
    expect(() => new AdamW(params), "half of its state would fit").toThrow(/out of memory/);
    params.dispose();
    expect(rt.heap.used - used, "the failed optimizer gave back what it had taken").toBe(adamw.bytes);
    adamw.dispose();
    expect(kept.data[999]).toBe(7);
    rt.tensor([1000]).dispose();
  });

  test("one page is enough to work with", async () => {
    const rt = await load({ backend, maxBytes: 65536 });
    const params = rt.parameters({ w: [100] });
    params.get("w").grad.fill(1);
    expect(new AdamW(params).step().applied).toBe(true);
    expect(rt.heap.capacity).toBe(65536);
  });

  test("a disposed tensor, collection, optimizer or runtime throws on use", async () => {
    const rt = await load({ backend });
    const tensor = rt.tensor([4]);
    const params = rt.parameters({ w: [4] });
    const adamw = new AdamW(params);
    tensor.dispose();
    expect(() => tensor.data).toThrow("this tensor has been disposed");
    tensor.dispose();
    adamw.dispose();
    expect(() => adamw.step()).toThrow("this AdamW has been disposed");
    const other = new AdamW(params);
    params.dispose();
    expect(() => params.get("w").data).toThrow(/disposed/);
    expect(() => other.step()).toThrow(/disposed/);
    expect(() => new AdamW(params)).toThrow(/disposed/);
    other.dispose();
    expect(rt.heap.used).toBe(0);
    const last = rt.tensor([1]);
    rt.dispose();
    expect(() => last.data).toThrow("this runtime has been disposed");
  });

  test("ends on a whole page, whatever is allowed", async () => {
    const rt = await load({ backend, maxBytes: 120_000 });
    const params = rt.parameters({ w: [7000] });
    params.get("w").grad.fill(1);
    // Values and gradients take 56 000 bytes of the one page that there is; the state would end past it.
    expect(() => new AdamW(params)).toThrow(/out of memory: asked for 28000 bytes with .* in use and 65536 allowed/);
    expect(rt.heap.capacity).toBe(65536);
    const sgd = new SGD(params);
    sgd.step();
    expect(params.get("w").data.every((value) => value === Math.fround(-0.001))).toBe(true);
  });

  test("is refused to everybody once the runtime is disposed", async () => {
    const rt = await load({ backend });
    const params = rt.parameters({ w: [4] });
    const adamw = new AdamW(params);
    const network = new Network(rt, new Linear(2, 2));
    const x = rt.tensor([1, 2]);
    rt.dispose();
    const gone = "this runtime has been disposed";
    expect(() => rt.tensor([1])).toThrow(gone);
    expect(() => rt.parameters({ w: [1] })).toThrow(gone);
    expect(() => rt.kernels.fill(64, 1, 0)).toThrow(gone);
    expect(() => x.data).toThrow(gone);
    expect(() => params.zeroGrad()).toThrow(gone);
    expect(() => clipGradNorm(params, 1)).toThrow(gone);
    expect(() => adamw.step()).toThrow("this AdamW has been disposed");
    expect(() => new Network(rt, new Linear(2, 2))).toThrow(gone);
    expect(() => network.forward(x)).toThrow(gone);
    expect(() => wrap(rt, { w: new Float32Array(2) })).toThrow(gone);
  });

  test("is not written by an optimizer that its own schedule has disposed", async () => {
    const rt = await load({ backend });
    const params = rt.parameters({ w: [4] });
    params.get("w").grad.fill(1);
    const adamw: InstanceType<typeof AdamW> = new AdamW(params, {
      lr: () => {
        adamw.dispose();
        return 0.1;
      },
    });
    expect(() => adamw.step()).toThrow("this AdamW has been disposed");
    expect([...params.get("w").data]).toEqual([0, 0, 0, 0]);
    const sgd = new SGD(params, {
      lr: () => {
        rt.dispose();
        return 0.1;
      },
    });
    expect(() => sgd.step()).toThrow("this SGD has been disposed");
  });

  test("that is too little for a network is given back, and a pass too large leaves smaller ones possible", async () => {
    const rt = await load({ backend, maxBytes: 2 * MIB });
    const before = rt.heap.used;
    const failing = { start: () => rt.tensor([MIB]) };
    expect(() => new Network(rt, new Linear(8, 8, failing))).toThrow("out of memory");
    expect(rt.heap.used).toBe(before);
    const network = new Network(rt, new Linear(8, 8));
    const small = rt.tensor([4, 8], { values: new Float32Array(32).fill(1) });
    const outcome = [...network.forward(small).data];
    expect(() => network.reserve({ shape: [MIB, 8] })).toThrow("out of memory");
    expect([...network.forward(small).data]).toEqual(outcome);
  });

  test("is too small for some shapes, and the error speaks of the shape", async () => {
    const rt = await load({ backend });
    const most = "expected at most 4294967296 bytes, which fill linear memory";
    expect(() => rt.tensor([1e6, 1e6])).toThrow(`shape: got [1000000, 1000000], ${most}`);
    expect(() => rt.parameters({ w: [2 ** 31] })).toThrow(`w.shape: got [2147483648], ${most}`);
    expect(() => rt.parameters({ a: [2 ** 29], b: { shape: [2 ** 30] } })).toThrow(
      `parameters: got 1610612736, ${most}`,
    );
  });

  test("using gives memory back at the end of the block", async () => {
    const rt = await load({ backend });
    const tensor = rt.tensor([64]);
    tensor[Symbol.dispose]();
    expect(rt.heap.used).toBe(0);
  });
});

test("large blocks of equal size start at different places modulo 64 KiB", () => {
  const heap = new Heap(new PlainMemory(), 64 * MIB);
  const starts = [1, 2, 3, 4].map(() => heap.allocate(4 * MIB).pointer % 65536);
  expect(new Set(starts).size).toBe(4);
});

test("a host that refuses to grow is an out-of-memory error that says so", () => {
  const memory = {
    buffer: new ArrayBuffer(65536),
    grow() {
      throw new RangeError("no");
    },
  };
  const heap = new Heap(memory, 64 * MIB);
  expect(() => heap.allocate(MIB)).toThrow(/out of memory: .*; the host refused to grow memory/);
  expect(heap.allocate(1000).pointer).toBe(64);
});

test("collected tensors give their memory back", async () => {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (!collect) throw new Error("run with --expose-gc: vitest.config.ts does");
  const rt = await load();
  for (let i = 0; i < 50; i++) rt.tensor([1000]);
  const held = rt.tensor([8], { values: [1, 2, 3, 4, 5, 6, 7, 8] }).data;
  for (let i = 0; i < 20 && rt.heap.used > 64; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(rt.heap.used, "only the tensor whose view is held").toBe(64);
  expect([...held]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});
