/** Event files, read back by a reader that shares nothing with the writer: another CRC, another varint. */
import { describe, expect, test } from "vitest";
import { tensorBoard } from "../../src/monitor/tensorBoard.ts";
import { crc32c } from "../../src/monitor/tfRecord.ts";

/** CRC-32C by long division of the message, bit by bit, as the definition has it. */
function checksum(bytes: Uint8Array): number {
  let register = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const out = (register & 1) ^ ((byte >> bit) & 1);
      register = (register >>> 1) ^ (out ? 0x82f63b78 : 0);
    }
  }
  return (register ^ 0xffffffff) >>> 0;
}

function unmask(crc: number): number {
  const rotated = (crc - 0xa282ead8) >>> 0;
  return ((rotated << 15) | (rotated >>> 17)) >>> 0;
}

function* records(file: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    expect(unmask(view.getUint32(at + 8, true))).toBe(checksum(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(data.length).toBe(length);
    expect(unmask(view.getUint32(at + 12 + length, true))).toBe(checksum(data));
    yield data;
    at += 16 + length;
  }
}

type Field = readonly [number: number, value: bigint | number | Uint8Array];

/** The fields of a message: whole numbers, float64, float32 or bytes, by wire type. */
function* fields(bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(bytes[at++]!);
      value |= (byte & 127n) << shift;
      if (byte < 128n) return value;
    }
  };
  const skip = (length: number) => {
    at += length;
    return at - length;
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    if ((tag & 7) === 0) yield [number, varint()];
    else if ((tag & 7) === 1) yield [number, view.getFloat64(skip(8), true)];
    else if ((tag & 7) === 5) yield [number, view.getFloat32(skip(4), true)];
    else if ((tag & 7) === 2) {
      const length = Number(varint());
      yield [number, bytes.subarray(skip(length), at)];
    } else throw new Error(`wire type of tag ${tag}`);
  }
}

const text = (value: Field[1] | undefined) => new TextDecoder().decode(value as Uint8Array);

/** An event as tensorflow/core/util/event.proto has it. */
function event(record: Uint8Array) {
  const parts = new Map(fields(record));
  const values = parts.has(5) ? [...fields(parts.get(5) as Uint8Array)] : [];
  const scalars = values.map(([field, value]) => {
    expect(field).toBe(1);
    const scalar = new Map(fields(value as Uint8Array));
    expect([...scalar.keys()]).toEqual([1, 2]);
    return [text(scalar.get(1)), scalar.get(2)] as const;
  });
  return {
    wallTime: parts.get(1),
    ...(parts.has(3) ? { version: text(parts.get(3)) } : { step: parts.get(2) }),
    scalars: Object.fromEntries(scalars),
  };
}

describe("tensorBoard", () => {
  test("writes a version, then the metrics of each step, in records whose checksums hold", () => {
    const chunks: Uint8Array[] = [];
    const sink = tensorBoard((bytes) => chunks.push(bytes));
    sink({ loss: 2.5, "gradNorm/fc.weight": 0.1 }, 1, 1_700_000_000.25);
    sink({ loss: Number.NaN, lr: Infinity, "µ/λ": -1e-3 }, 2 ** 40 + 3, 1_700_000_001.5);
    sink(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`a rather long name ${i}`, i])), 200, 0);
    const file = Uint8Array.from(chunks.flatMap((bytes) => [...bytes]));
    const events = [...records(file)].map(event);
    expect(events.slice(0, 3)).toEqual([
      { wallTime: 1_700_000_000.25, version: "brain.Event:2", scalars: {} },
      { wallTime: 1_700_000_000.25, step: 1n, scalars: { loss: 2.5, "gradNorm/fc.weight": Math.fround(0.1) } },
      {
        wallTime: 1_700_000_001.5,
        step: 2n ** 40n + 3n,
        scalars: { loss: Number.NaN, lr: Infinity, "µ/λ": Math.fround(-1e-3) },
      },
    ]);
    expect(events[3]!.scalars["a rather long name 99"]).toBe(99);
    expect(events).toHaveLength(4);
  });

  test("each write is whole records", () => {
    const counts: number[] = [];
    const sink = tensorBoard((bytes) => counts.push([...records(bytes)].length));
    sink({ loss: 1 }, 0, 0);
    sink({}, 1, 0);
    expect(counts).toEqual([1, 1, 1]);
  });

  test("the checksum gives the values of RFC 3720, appendix B.4", () => {
    const bytes = (fill: (i: number) => number) => Uint8Array.from({ length: 32 }, (_, i) => fill(i));
    expect(crc32c(bytes(() => 0))).toBe(0x8a9136aa);
    expect(crc32c(bytes(() => 255))).toBe(0x62a8ab43);
    expect(crc32c(bytes((i) => i))).toBe(0x46dd794e);
    expect(crc32c(bytes((i) => 31 - i))).toBe(0x113fdb5c);
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  });

  test("refuses what is not a function", () => {
    expect(() => tensorBoard("events" as never)).toThrow('write: got "events", expected a function that takes bytes');
  });
});
