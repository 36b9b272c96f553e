import { type Readable, type Reading, read, readInto } from "./byteSource.ts";
import { checkShape, describe, refuse } from "./check.ts";
import { asArray, bitsOf, convert, DTYPES, type Dtype, dtypeOf, FLOATS, type TypedArray } from "./dtype.ts";
import { isRecord, parseJson } from "./json.ts";

/** Where a tensor lies in a file. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The first byte, counted from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

export interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  /** By name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** The limit of the reference implementation. */
const LONGEST_HEADER = 100_000_000;
/** What the format has is three deep; the rest is room for fields of later versions, which are passed over. */
const DEEPEST_HEADER = 8;
/** The key that holds metadata, and so the one name that a tensor cannot have. */
export const METADATA = "__metadata__";

/**
 * Reads the header of a safetensors file of `size` bytes, by the rules of the reference implementation and stricter
 * than it where names are given twice. Whatever breaks one is a SimdOptimError of code BAD_FILE.
 */
export function* readHeader(size: number): Reading<Header> {
  const prefix = new Uint8Array(8);
  if (size < prefix.length) refuse("file", `${size} bytes`, "at least 8", "BAD_FILE");
  yield* readInto(0, prefix);
  const view = new DataView(prefix.buffer);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  const most = Math.min(LONGEST_HEADER, size - prefix.length);
  if (length < 2 || length > most) refuse("header length", length, `2 to ${most} bytes`, "BAD_FILE");
  const text = new Uint8Array(length);
  yield* readInto(prefix.length, text);
  return parseHeader(text, prefix.length + length, size);
}

function parseHeader(text: Uint8Array, start: number, size: number): Header {
  if (text[0] !== 0x7b) refuse("header", `a first byte of ${text[0]}`, '"{"', "BAD_FILE");
  const fields = Object.entries(parseJson("header", text, DEEPEST_HEADER) as object);
  const metadata = new Map<string, string>();
  const tensors: TensorInfo[] = [];
  for (const [name, value] of fields) {
    if (name !== METADATA) tensors.push(parseTensor(name, value, start));
    else if (!isRecord(value)) refuse(METADATA, value, "an object", "BAD_FILE");
    else for (const [key, item] of Object.entries(value)) metadata.set(key, asText(key, item));
  }
  tensors.sort((a, b) => a.offset - b.offset || a.bytes - b.bytes);
  let end = start;
  for (const { name, offset, bytes } of tensors) {
    if (offset !== end) {
      refuse(describe(name), `a start at ${offset - start}`, `${end - start}, where the last ends`, "BAD_FILE");
    }
    end += bytes;
  }
  if (end !== size) refuse("file", `${size} bytes`, `${end}, where the last tensor ends`, "BAD_FILE");
  return { metadata, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) };
}

function asText(key: string, value: unknown): string {
  return typeof value === "string" ? value : refuse(`${METADATA}.${key}`, value, "text", "BAD_FILE");
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function parseTensor(name: string, value: unknown, start: number): TensorInfo {
  const what = describe(name);
  if (!isRecord(value)) refuse(what, value, "an object", "BAD_FILE");
  const { dtype, shape, data_offsets: offsets } = value;
  if (!DTYPES.includes(dtype as Dtype)) refuse(`${what}.dtype`, dtype, `one of ${DTYPES.join(", ")}`, "BAD_FILE");
  if (!Array.isArray(shape) || !shape.every(isSize)) refuse(`${what}.shape`, shape, "whole sizes", "BAD_FILE");
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    refuse(`${what}.data_offsets`, offsets, "two whole numbers", "BAD_FILE");
  }
  const bits = shape.reduce((product: number, n: number) => product * n, bitsOf(dtype as Dtype));
  const [begin, end] = offsets as [number, number];
  if (bits !== 8 * (end - begin)) {
    refuse(`${what}.data_offsets`, offsets, `${bits / 8} bytes for ${dtype} of shape ${describe(shape)}`, "BAD_FILE");
  }
  return { name, dtype: dtype as Dtype, shape, offset: start + begin, bytes: end - begin };
}

/** Reads the elements of a tensor into an array of its own. */
export function* readArray({ dtype, offset, bytes }: TensorInfo): Reading<TypedArray> {
  const target = new Uint8Array(bytes);
  yield* readInto(offset, target);
  return asArray(dtype, target);
}

/** Elements that are converted at once. */
const BATCH = 1 << 16;

/** Reads the elements of a tensor of floating-point numbers as float32, in place where they are. */
export function* readFloats({ name, dtype, offset }: TensorInfo, target: Float32Array): Reading<void> {
  if (dtype === "F32") {
    yield* readInto(offset, new Uint8Array(target.buffer, target.byteOffset, target.byteLength));
    return;
  }
  if (dtype !== "F64" && dtype !== "F16" && dtype !== "BF16") {
    refuse(describe(name), dtype, `one of ${FLOATS.join(", ")}`, "STATE_MISMATCH");
  }
  const width = bitsOf(dtype) / 8;
  for (let i = 0; i < target.length; i += BATCH) {
    const part = target.subarray(i, i + BATCH);
    const bytes = new Uint8Array(width * part.length);
    yield* readInto(offset + width * i, bytes);
    convert(dtype, bytes, part);
  }
}

/** A tensor of a file in memory: the bits of each element, where JavaScript has no number of its type. */
export interface ReadTensor {
  /** The element type in the file. */
  readonly dtype: Dtype;
  /** Axes, outermost first. */
  readonly shape: readonly number[];
  /** The elements, row-major. */
  readonly data: TypedArray;
}

/** Reads a whole safetensors file of any origin. Arrays have memory of their own. */
export async function readSafetensors(source: Readable): Promise<SafetensorsContent> {
  return read(source, readingTensors);
}

/** A safetensors file in memory. */
export interface SafetensorsContent {
  /** Texts by key. */
  readonly metadata: ReadonlyMap<string, string>;
  /** By name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, ReadTensor>;
}

/** @internal `readSafetensors`, saying what it wants to read. */
export function* readingTensors(size: number): Reading<SafetensorsContent> {
  const { metadata, tensors } = yield* readHeader(size);
  const read = new Map<string, ReadTensor>();
  for (const tensor of tensors.values()) {
    read.set(tensor.name, { dtype: tensor.dtype, shape: tensor.shape, data: yield* readArray(tensor) });
  }
  return { metadata, tensors: read };
}

/** A tensor to be written. */
export interface WriteTensor {
  /** The elements, row-major. */
  readonly data: TypedArray;
  /** One axis, unless it is given. */
  readonly shape?: readonly number[];
  /** What the bits of `data` mean, where that is not what the array's class says: "BF16" for a Uint16Array. */
  readonly dtype?: Dtype;
}

/** A safetensors file to be written: its bytes in order, without a copy of the arrays. `new Blob([...file])` works. */
export class Safetensors implements Iterable<Uint8Array<ArrayBuffer>> {
  /** Bytes in all. */
  readonly size: number;
  readonly #header: Uint8Array<ArrayBuffer>;
  readonly #arrays: readonly { readonly name: string; readonly data: TypedArray; readonly bytes: number }[];

  /** Tensors are laid out as the reference implementation does: by falling alignment, then by name. */
  constructor(tensors: Iterable<readonly [string, WriteTensor]>, metadata: Iterable<readonly [string, string]> = []) {
    const planned = [...tensors].map(([name, tensor]) => plan(name, tensor)).sort(inFileOrder);
    const fields = new Map<string, unknown>();
    const pairs = [...metadata];
    if (pairs.length > 0) fields.set(METADATA, Object.fromEntries(pairs));
    let end = 0;
    for (const { name, dtype, shape, bytes } of planned) {
      if (fields.has(name) || name === METADATA)
        refuse("name", name, `another name: ${METADATA} or one of two is taken`);
      fields.set(name, { dtype, shape, data_offsets: [end, end + bytes] });
      end += bytes;
    }
    this.#header = writeHeader(fields);
    this.#arrays = planned;
    this.size = this.#header.length + end;
  }

  /** The bytes of the file, in chunks. */
  *[Symbol.iterator](): Generator<Uint8Array<ArrayBuffer>> {
    yield this.#header;
    for (const { name, data, bytes } of this.#arrays) {
      // Growth of linear memory detaches the arrays in it.
      if (data.byteLength !== bytes) refuse(name, `${data.byteLength} bytes`, `${bytes}: memory grew while writing`);
      if (bytes > 0) yield new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, bytes);
    }
  }

  /** The whole file in memory. */
  bytes(): Uint8Array<ArrayBuffer> {
    const file = new Uint8Array(this.size);
    let end = 0;
    for (const chunk of this) {
      file.set(chunk, end);
      end += chunk.length;
    }
    return file;
  }
}

interface Planned {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TypedArray;
  readonly bytes: number;
}

function plan(name: string, { data, dtype = dtypeOf(data)!, shape = [data.length] }: WriteTensor): Planned {
  if (!DTYPES.includes(dtype)) refuse(`${name}.dtype`, dtype, `one of ${DTYPES.join(", ")}`);
  const elements = shape.includes(0) ? 0 : checkShape(`${name}.shape`, shape);
  const bytes = (elements * bitsOf(dtype)) / 8;
  if (bytes !== data.byteLength) refuse(name, `${data.byteLength} bytes`, `${bytes} for ${dtype} ${describe(shape)}`);
  return { name, dtype, shape, data, bytes };
}

function inFileOrder(a: Planned, b: Planned): number {
  const byType = DTYPES.indexOf(b.dtype) - DTYPES.indexOf(a.dtype);
  return byType || byCodePoint(a.name, b.name);
}

/** By code points, as Rust compares text; JavaScript's < compares UTF-16 units. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((point, i) => point !== right[i]);
  if (at < 0) return left.length - right.length;
  return at < right.length ? left[at]!.codePointAt(0)! - right[at]!.codePointAt(0)! : 1;
}

function writeHeader(fields: ReadonlyMap<string, unknown>): Uint8Array<ArrayBuffer> {
  // Not one object for JSON.stringify, which would put names such as "0" first.
  const items = [...fields].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${items.join(",")}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > LONGEST_HEADER) refuse("header", `${length} bytes`, `at most ${LONGEST_HEADER}`);
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, 8);
  return header;
}
