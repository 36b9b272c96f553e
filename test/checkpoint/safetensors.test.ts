import { describe, expect, test } from "vitest";
import { readSync } from "../../src/checkpoint/byteSource.ts";
import { DTYPES, type Dtype } from "../../src/checkpoint/fileTypes.ts";
import { readingTensors, readSafetensors, Safetensors, type WriteTensor } from "../../src/checkpoint/safetensors.ts";

const text = new TextEncoder();

/** A file by the format's own rules, from its header as text: length in 8 bytes, little-endian, then header and data. */
function fileOf(header: string | Uint8Array, data: Uint8Array | number = 0, length?: bigint): Uint8Array<ArrayBuffer> {
  const head = typeof header === "string" ? text.encode(header) : header;
  const body = typeof data === "number" ? new Uint8Array(data) : data;
  const file = new Uint8Array(8 + head.length + body.length);
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(head.length), true);
  file.set(head, 8);
  file.set(body, 8 + head.length);
  return file;
}

const readNow = (file: Uint8Array) => readSync(file, readingTensors);
const refusal = (file: Uint8Array, message: string | RegExp) => {
  expect(() => readNow(file)).toThrow(message);
  expect(() => readNow(file)).toThrow(expect.objectContaining({ code: "BAD_FILE" }));
};

/** The header of one tensor of 16 bytes, with fields replaced. */
const oneTensor = (fields: object) =>
  JSON.stringify({ t: { dtype: "I32", shape: [2, 2], data_offsets: [0, 16], ...fields } });

describe("writing", () => {
  test("gives the bytes of the reference implementation's own test", () => {
    // safetensors/src/tensor.rs, test_serialization.
    const expected = fileOf(
      '{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}} '.trimEnd().padEnd(64),
      new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer),
    );
    const file = new Safetensors([["attn.0", { data: Float32Array.of(0, 1, 2, 3, 4, 5), shape: [1, 2, 3] }]]);
    expect(expected[0]).toBe(64);
    expect(file.bytes()).toEqual(expected);
    expect(file.size).toBe(expected.length);
  });

  test("sorts by falling alignment, then by code points, whatever the names, and pads the header to 8 bytes", () => {
    const names = ["b", "a", "\u{1f600}", "\uff5e", "__proto__", "1", "0", "aa", ""];
    const tensors = names.map((name): [string, WriteTensor] => [name, { data: Float32Array.of(1) }]);
    tensors.push(["bytes", { data: Uint8Array.of(1, 2, 3) }], ["big", { data: BigInt64Array.of(-1n) }]);
    tensors.push(["half", { data: Uint16Array.of(0x3c00), dtype: "F16" }]);
    const bytes = new Safetensors(tensors, [["__proto__", "text"]]).bytes();
    const header = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(header % 8).toBe(0);
    const { metadata, tensors: read } = readNow(bytes);
    const sorted = ["", "0", "1", "__proto__", "a", "aa", "b", "\uff5e", "\u{1f600}"];
    expect([...read.keys()]).toEqual(["big", ...sorted, "half", "bytes"]);
    expect([...metadata]).toEqual([["__proto__", "text"]]);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + header))).toMatch(
      /^\{"__metadata__":\{"__proto__":"text"\},"big":/,
    );
  });

  test("the order is that of code points, however far into the name", () => {
    const names = ["a\u{1f600}b", "a\u{1f600}c", "a\u{1f601}", "a\uff5e", "a", "a\ud7ff", "b"];
    const file = new Safetensors(names.map((name) => [name, { data: Uint8Array.of(1) }]));
    expect([...readNow(file.bytes()).tensors.keys()]).toEqual([
      "a",
      "a\ud7ff",
      "a\uff5e",
      "a\u{1f600}b",
      "a\u{1f600}c",
      "a\u{1f601}",
      "b",
    ]);
  });

  test("chunks make the file, and so does a Blob of them", async () => {
    const data = Float32Array.from({ length: 100 }, (_, i) => i);
    const file = new Safetensors([["t", { data, shape: [4, 25] }]], [["key", "value"]]);
    const blob = new Blob([...file]);
    expect(blob.size).toBe(file.size);
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(file.bytes());
    expect([...file].some(({ buffer }) => buffer === data.buffer)).toBe(true);
    for (const source of [blob, file.bytes().buffer, await new Response(blob.stream()).blob()]) {
      expect((await readSafetensors(source)).tensors.get("t")).toEqual({ dtype: "F32", shape: [4, 25], data });
    }
  });

  test("refuses names twice, the name of the metadata, and shapes that do not fit", () => {
    const tensor = { data: Float32Array.of(1, 2) };
    expect(
      () =>
        new Safetensors([
          ["t", tensor],
          ["t", tensor],
        ]),
    ).toThrow('name: got "t"');
    expect(() => new Safetensors([["__metadata__", tensor]])).toThrow('name: got "__metadata__"');
    expect(() => new Safetensors([["t", { ...tensor, shape: [3] }]])).toThrow('t: got "8 bytes", expected 12');
    expect(() => new Safetensors([["t", { ...tensor, shape: [-2, -1] }]])).toThrow("t.shape: got [-2, -1]");
    expect(() => new Safetensors([["t", { ...tensor, dtype: "F12" as Dtype }]])).toThrow('t.dtype: got "F12"');
    expect(() => new Safetensors([["t", { data: [1] as never }]])).toThrow("t.data: got [1], expected an array");
    expect(() => new Safetensors([["t", undefined as never]])).toThrow("t.data: got undefined");
    expect(() => new Safetensors([["t", { data: new Float32Array(0), shape: [0, -1] }]])).toThrow(
      "t.shape: got [0, -1]",
    );
    expect(() => new Safetensors([["t", { ...tensor, shape: "2" as never }]])).toThrow('t.shape: got "2"');
    expect(() => new Safetensors([[1 as never, tensor]])).toThrow("name: got 1, expected text");
    expect(() => new Safetensors([], [["a", 1 as never]])).toThrow("__metadata__.a: got 1, expected text");
  });
});

describe("reading", () => {
  test("takes the reference documentation's example", () => {
    const { tensors } = readNow(fileOf('{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}', 16));
    expect([...tensors]).toEqual([["test", { dtype: "I32", shape: [2, 2], data: new Int32Array(4) }]]);
  });

  test.each(DTYPES)("%s comes back bit for bit, at an odd offset and in a header of another order", (dtype) => {
    const bits = { F4: 4, F6_E2M3: 6, F6_E3M2: 6 }[dtype as string] ?? Number(/\d+$|(?<=F)8/.exec(dtype)?.[0] ?? 8);
    const bytes = Uint8Array.from({ length: bits }, (_, i) => 17 * i + 1);
    const header = JSON.stringify({
      last: { data_offsets: [3 + bits, 4 + bits], shape: [1, 1], dtype: "U8" },
      it: { shape: [2, 4], data_offsets: [3, 3 + bits], dtype },
      __metadata__: { b: "2", a: "1" },
      first: { dtype: "BOOL", shape: [3], data_offsets: [0, 3] },
    });
    const { tensors, metadata } = readNow(fileOf(header, Uint8Array.of(1, 0, 1, ...bytes, 9)));
    expect([...tensors.keys()]).toEqual(["first", "it", "last"]);
    expect([...metadata]).toEqual([
      ["b", "2"],
      ["a", "1"],
    ]);
    const { data, shape } = tensors.get("it")!;
    expect(shape).toEqual([2, 4]);
    expect(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).toEqual(bytes);
    const again = new Safetensors([...tensors]).bytes();
    expect(readNow(again).tensors.get("it")).toEqual({ dtype, shape, data });
  });

  test("white space may be anywhere in the header, and before it: writers pad", () => {
    // safetensors/src/tensor.rs, test_whitespace_start_header and those beside it.
    expect(readNow(fileOf(" {}")).tensors.size).toBe(0);
    const spaced = oneTensor({}).replace(/[{}[\]:,]/g, "\r\n\t $& \t\n\r");
    expect(readNow(fileOf(spaced, 16))).toEqual(readNow(fileOf(oneTensor({}), 16)));
  });

  test("names may be of any characters", () => {
    const names = ["", '"', "\\", "\u0000", "\ud800", "\u{1f600}", "{}[],:", '\\"', "__proto__", "0"];
    const file = new Safetensors(names.map((name) => [name, { data: Uint8Array.of(name.length) }]));
    const { tensors } = readNow(file.bytes());
    expect(new Set(tensors.keys())).toEqual(new Set(names));
    for (const [name, { data }] of tensors) expect([...data]).toEqual([name.length]);
  });

  test("takes scalars, empty tensors, spaces around the header's end, and fields of later versions", () => {
    const header = `{"e":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0],"later":{"x":[1]}},
      "s":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}   `;
    const { tensors } = readNow(fileOf(header, new Uint8Array(Float64Array.of(2.5).buffer)));
    expect(tensors.get("s")).toEqual({ dtype: "F64", shape: [], data: Float64Array.of(2.5) });
    expect(tensors.get("e")!.data).toHaveLength(0);
    expect(readNow(fileOf("{}")).tensors.size).toBe(0);
    expect(readNow(new Safetensors([...tensors]).bytes()).tensors).toEqual(tensors);
  });
});

describe("hostile files", () => {
  test.each([
    ["no bytes", new Uint8Array(0), 'file: got "0 bytes", expected at least 8'],
    ["a header longer than the file", fileOf("{}", 0, 3n), "header length: got 3, expected 2 to 2 bytes"],
    ["a header of 2^53 bytes", fileOf("{}", 0, 1n << 53n), "header length: got 9007199254740992"],
    ["a header of 2^64 - 1 bytes", fileOf("{}", 0, (1n << 64n) - 1n), "header length: got 18446744073709552000"],
    ["a header of 0 bytes", fileOf("", 0, 0n), "header length: got 0"],
    ["no object", fileOf("[1]"), 'header: got "[1]", expected JSON that begins with'],
    ["nothing but space", fileOf("   "), 'header: got "", expected JSON that begins with'],
    ["a byte order mark", fileOf("\ufeff{}"), 'header: got "\ufeff{}", expected JSON with { at 0'],
    ["something after the object", fileOf("{}1"), 'header: got "1", expected nothing after its end'],
    ["an object that does not end", fileOf('{"__metadata__":{}'), 'header: got "", expected JSON with } at 18'],
    ["a comma at the end", fileOf(oneTensor({}).replace("}}", "},}"), 16), "header: got"],
    ["no comma between", fileOf('{"a":1 "b":1}'), "header: got"],
    ["a key that is no text", fileOf("{1:2}"), "header: got"],
    ["a list that ends as an object", fileOf('{"a":[}}'), "header: got"],
    ["metadata twice", fileOf('{"__metadata__":{},"__metadata__":{}}'), "each key once"],
    ["a size that begins with 0", fileOf(oneTensor({}).replace("[2,2]", "[02,2]"), 16), "header: got"],
    ["a line in a name", fileOf(oneTensor({}).replace('"t"', '"t\n"'), 16), "header: got"],
    ["many small lists", fileOf(`{"a":[${"[],".repeat(1e6)}[]]}`), "1000002 lists and objects"],
    [
      "many small lists beside a tensor",
      fileOf(oneTensor({ later: new Array(64).fill([]) }), 16),
      "68 lists and objects",
    ],
    ["no JSON", fileOf('{"a":}'), "header: got"],
    ["no UTF-8", fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), "expected JSON in UTF-8"],
    [
      "a name twice",
      fileOf(oneTensor({}).replace("}}", '},"t":{"dtype":"I8","shape":[0],"data_offsets":[0,0]}}'), 16),
      "each key once",
    ],
    [
      "a name twice, written otherwise",
      fileOf(oneTensor({}).replace("}}", '},"\\u0074":{"dtype":"I8","shape":[0],"data_offsets":[0,0]}}'), 16),
      "each key once",
    ],
    ["a field twice", fileOf(oneTensor({}).replace('{"dtype"', '{"dtype":"F32","dtype"'), 16), "each key once"],
    ["deep nesting", fileOf(`{"a":${"[".repeat(1e6)}${"]".repeat(1e6)}}`), "levels of nesting"],
    ["deep nesting that does not end", fileOf(`{"a":${'{"a":'.repeat(1e6)}`), "levels of nesting"],
    ["a tensor that is a list", fileOf('{"t":[]}'), '"t": got [], expected an object'],
    ["metadata that is text", fileOf('{"__metadata__":"x"}'), '__metadata__: got "x", expected an object'],
    ["metadata of numbers", fileOf('{"__metadata__":{"a":1}}'), "__metadata__.a: got 1, expected text"],
    ["an unknown type", fileOf(oneTensor({ dtype: "I33" }), 16), '"t".dtype: got "I33"'],
    ["the type __proto__", fileOf(oneTensor({ dtype: "__proto__" }), 16), '"t".dtype: got "__proto__"'],
    [
      "a type of another size",
      fileOf(oneTensor({ dtype: "F64" }), 16),
      '"t".data_offsets: got [0, 16], expected 32 bytes',
    ],
    ["a size of 2^53", fileOf(oneTensor({ shape: [2 ** 53] }), 16), '"t".shape: got [9007199254740992]'],
    ["sizes whose product overflows", fileOf(oneTensor({ shape: [2 ** 40, 2 ** 40] }), 16), '"t".data_offsets'],
    ["a negative size", fileOf(oneTensor({ shape: [-2, -2] }), 16), '"t".shape'],
    ["a broken size", fileOf(oneTensor({ shape: [2.5, 1.6] }), 16), '"t".shape'],
    ["a size in text", fileOf(oneTensor({ shape: ["4"] }), 16), '"t".shape'],
    ["offsets of 2^53", fileOf(oneTensor({ data_offsets: [0, 2 ** 53] }), 16), '"t".data_offsets'],
    ["offsets backwards", fileOf(oneTensor({ data_offsets: [16, 0] }), 16), '"t".data_offsets'],
    ["three offsets", fileOf(oneTensor({ data_offsets: [0, 16, 16] }), 16), '"t".data_offsets'],
    [
      "offsets beyond the end",
      fileOf(oneTensor({ data_offsets: [16, 32] }), 16),
      '"t": got "a start at 16", expected 0',
    ],
    ["a hole at the end", fileOf(oneTensor({}), 17), "expected 81, where the last tensor ends"],
    ["data that is short", fileOf(oneTensor({}), 15), "where the last tensor ends"],
    [
      "tensors that overlap",
      fileOf(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}',
        6,
      ),
      '"b": got "a start at 2", expected 4',
    ],
    [
      "a hole",
      fileOf(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[1],"data_offsets":[5,6]}}',
        6,
      ),
      '"b": got "a start at 5", expected 4',
    ],
    [
      "half a byte",
      fileOf('{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}', 2),
      '"a".data_offsets: got [0, 2], expected 1.5 bytes',
    ],
  ])("%s", (_, file, message) => refusal(file as Uint8Array, message as string));

  test("a file cut at any byte, or with one byte more", () => {
    const file = new Safetensors(
      [
        ["t", { data: Float32Array.of(1, 2) }],
        ["u", { data: Uint8Array.of(3) }],
      ],
      [["a", "b"]],
    );
    const bytes = file.bytes();
    for (let end = 0; end < bytes.length; end++) refusal(bytes.slice(0, end), /./);
    refusal(Uint8Array.of(...bytes, 0), "where the last tensor ends");
  });

  test("a header that claims 100 MB of a source allocates nothing", () => {
    const read = (_: number, target: Uint8Array) => target.set(fileOf("{}", 0, 100_000_001n).subarray(0, 8));
    expect(() => readSync({ size: 2 ** 40, read }, readingTensors)).toThrow("expected 2 to 100000000 bytes");
  });

  test.each([
    ["a page", "<!DOCTYPE html><html></html>", "a page of HTML or XML"],
    ["a page after empty lines", "\n\n<html></html>", "a page of HTML or XML"],
    ["a pointer of git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a pointer of git LFS"],
    ["an index", '{"metadata": {"total_size": 1}}', "JSON"],
    ["what torch.save writes", "PK\u0003\u0004\u0000\u0000\u0008\u0008", "a zip archive"],
    ["any text", "Not found", "text that begins with Not foun"],
  ])("%s is no safetensors file, and the error says what it looks like", (_, content, what) => {
    refusal(
      Uint8Array.from(content, (c) => c.charCodeAt(0)),
      new RegExp(`^file: got "${what}.*expected a safetensors file`),
    );
  });

  test.each([
    ["a name of 20 MB", `{"${"x".repeat(2e7)}":1}`, "expected an object"],
    ["a name of escapes", `{"${"\\n".repeat(1e7)}":1}`, "expected an object"],
    ["a type of 20 MB", oneTensor({ dtype: "F".repeat(2e7) }), ".dtype: got"],
    ["white space of 20 MB", oneTensor({}).replace(":", `${" ".repeat(2e7)}:`), "where the last tensor ends"],
    ["ten million axes", oneTensor({ shape: new Array(1e7).fill(1) }), "expected 4 bytes"],
    ["metadata with a key of 20 MB", `{"__metadata__":{"${"x".repeat(2e7)}":1}}`, "expected text"],
  ])("%s is refused in a few words", (_, header, message) => {
    let refused: Error | undefined;
    try {
      readNow(fileOf(header));
    } catch (error) {
      refused = error as Error;
    }
    expect(refused?.message).toContain(message);
    expect(refused!.message.length).toBeLessThan(5000);
  });

  test("what is no source", async () => {
    await expect(readSafetensors("file" as never)).rejects.toThrow('source: got "file", expected a Uint8Array');
    await expect(readSafetensors(null as never)).rejects.toThrow("source: got null");
    const taken = fileOf(oneTensor({}), 16);
    const { length: size } = taken;
    const reading = readSafetensors(taken);
    structuredClone(taken.buffer, { transfer: [taken.buffer] });
    await expect(reading).rejects.toThrow(`source: got "0 bytes", expected the ${size} that there were`);
    await expect(readSafetensors({ size: 10 } as never)).rejects.toThrow("source: got an object of Object");
    await expect(readSafetensors({ size: 10, read: 1 } as never)).rejects.toThrow("source: got an object of Object");
    await expect(readSafetensors({ size: -1, read: () => {} })).rejects.toThrow("source: got an object of Object");
  });
});
