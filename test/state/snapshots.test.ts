import { describe, expect, test } from "vitest";
import { SnapshotRing } from "../../src/state/snapshots.ts";
import { loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();

const state = (x: number) => ({
  step: x,
  nothing: null,
  list: [x, "text", { deep: Float32Array.of(x, x + 1, x + 2) }],
  ["__proto__"]: Float64Array.of(x / 3),
  bytes: Uint8Array.of(x),
  empty: new Float32Array(0),
});

describe.each(runtimes)("SnapshotRing on $backend", ({ heap }) => {
  test("keeps the last states bit for bit, arrays of any type, in memory that is known beforehand", () => {
    const { used } = heap;
    const ring = new SnapshotRing(heap, state(0), 3);
    expect([ring.bytes, SnapshotRing.bytes(state(0), 3)]).toEqual([96, 96]);
    const after = heap.used;
    for (let x = 1; x <= 5; x++) ring.save(state(x));
    expect(heap.used).toBe(after);
    expect(ring.count).toBe(3);
    for (let i = 0; i < 3; i++) {
      expect(ring.at(i)).toEqual(state(3 + i));
      expect(ring.at(i).bytes.buffer).toBe(heap.views.u8.buffer);
      expect(ring.at(i, { copy: true }).bytes.buffer).not.toBe(heap.views.u8.buffer);
      expect(ring.at(i, { copy: true })).toEqual(state(3 + i));
    }
    ring.dispose();
    expect(heap.used).toBe(used);
    expect(() => ring.save(state(1))).toThrow(expect.objectContaining({ code: "DISPOSED" }));
  });

  test("goes on after the newest have been forgotten, and after memory has grown", () => {
    const ring = new SnapshotRing(heap, state(0), 3);
    for (let x = 1; x <= 4; x++) ring.save(state(x));
    ring.keep(1);
    ring.save(state(10));
    const block = heap.allocate(heap.capacity);
    expect([0, 1].map((i) => ring.at(i))).toEqual([state(2), state(10)]);
    block.release();
    ring.save(state(11));
    ring.save(state(12));
    expect([0, 1, 2].map((i) => ring.at(i).step)).toEqual([10, 11, 12]);
  });

  test("refuses states with other arrays, and keeps what it has", () => {
    const ring = new SnapshotRing(heap, state(0), 1);
    ring.save(state(1));
    const refused = (part: object) => expect(() => ring.save({ ...state(2), ...part }));
    refused({ bytes: new Uint8Array(2) }).toThrow('state.bytes: got "Uint8Array[2]", expected Uint8Array[1]');
    refused({ bytes: new Int8Array(1) }).toThrow('state.bytes: got "Int8Array[1]", expected Uint8Array[1]');
    refused({ bytes: [1] }).toThrow("state.bytes: got undefined, expected Uint8Array[1]");
    refused({ more: new Float32Array(1) }).toThrow('state.more: got "Float32Array[1]", expected nothing');
    expect(ring.at(0)).toEqual(state(1));
  });
});
