import { describe, refuse } from "../core/check.ts";
import { sizeOf } from "../core/shape.ts";
import { ELEMENTS, type ElementType, type TypedArray } from "../memory/elementType.ts";
import { View } from "../tensor/tensor.ts";
import { type Readable, type Reading, read, readInto } from "./byteSource.ts";
import { asArray, bitsOf, convert, DTYPES, type Dtype, dtypeOf, FLOATS, isDtype } from "./fileTypes.ts";
import { isSizes, LONGEST_HEADER, METADATA, readHeader, type TensorInfo } from "./safetensorsHeader.ts";

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

  /**
   * Tensors, those of a runtime among them, are laid out as the reference implementation does: by falling alignment, then
   * by name.
   */
  constructor(
    tensors: Iterable<readonly [string, WriteTensor | View<ElementType>]>,
    metadata: Iterable<readonly [string, string]> = [],
  ) {
    const placed = pairsOf("tensors", tensors)
      .map(([name, tensor]) => placedOf(name, tensor))
      .sort(inFileOrder);
    const fields = new Map<string, unknown>();
    const texts = pairsOf("metadata", metadata);
    for (const [key, text] of texts) {
      if (typeof key !== "string" || typeof text !== "string") refuse(`${METADATA}.${String(key)}`, text, "text");
    }
    if (texts.length > 0) fields.set(METADATA, Object.fromEntries(texts));
    let end = 0;
    for (const { name, dtype, shape, bytes } of placed) {
      if (fields.has(name) || name === METADATA)
        refuse("name", name, `another name: ${METADATA} or one of two is taken`);
      fields.set(name, { dtype, shape, data_offsets: [end, end + bytes] });
      end += bytes;
    }
    this.#header = writeHeader(fields);
    this.#arrays = placed;
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

interface Placed {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TypedArray;
  readonly bytes: number;
  /** The place of its type among those that come later in files. */
  readonly alignment: number;
}

/** The entries of a map, or of a list of pairs. */
function pairsOf<V>(argument: string, entries: Iterable<readonly [string, V]>): (readonly [string, V])[] {
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2;
  const iterable = entries !== null && typeof entries === "object" && Symbol.iterator in entries;
  const pairs = iterable ? [...entries] : [undefined];
  if (!pairs.every(isPair)) refuse(argument, entries, "a map, or a list of pairs of a name and what it is of");
  return pairs as (readonly [string, V])[];
}

function placedOf(name: string, tensor: WriteTensor | View<ElementType>): Placed {
  if (typeof name !== "string") refuse("name", name, "text");
  const data: TypedArray | undefined = tensor?.data;
  const ofMemory = tensor instanceof View ? ELEMENTS[tensor.type].file : undefined;
  const plain = dtypeOf(data);
  if (plain === undefined) refuse(`${name}.data`, data, "an array of numbers of one type");
  const { dtype = ofMemory ?? plain, shape = [data.length] } = tensor as WriteTensor;
  if (!isDtype(dtype)) refuse(`${name}.dtype`, dtype, `one of ${DTYPES.join(", ")}`);
  if (!isSizes(shape)) refuse(`${name}.shape`, shape, "whole sizes");
  const bytes = (sizeOf(shape) * bitsOf(dtype)) / 8;
  if (bytes !== data.byteLength) refuse(name, `${data.byteLength} bytes`, `${bytes} for ${dtype} ${describe(shape)}`);
  return { name, dtype, shape, data, bytes, alignment: DTYPES.indexOf(dtype) };
}

function inFileOrder(a: Placed, b: Placed): number {
  return b.alignment - a.alignment || byCodePoint(a.name, b.name);
}

/** By code points, as Rust compares text; JavaScript's < compares UTF-16 units. */
function byCodePoint(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  // In the middle of a pair, the second halves are in the order of the code points.
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}

function writeHeader(fields: ReadonlyMap<string, unknown>): Uint8Array<ArrayBuffer> {
  // Not one object for JSON.stringify, which would put names such as "0" first.
  const items = [...fields].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  // A text has a limit of its own, so there is none before this.
  const characters = items.reduce((sum, item) => sum + item.length + 1, 1);
  if (characters > LONGEST_HEADER) refuse("header", `${characters} characters`, `at most ${LONGEST_HEADER}`);
  const text = new TextEncoder().encode(`{${items.join(",")}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > LONGEST_HEADER) refuse("header", `${length} bytes`, `at most ${LONGEST_HEADER}`);
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, 8);
  return header;
}
