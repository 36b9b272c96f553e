import { describe, refuse } from "../core/check.ts";
import { type Entry, isRecord, type Limits, parseEntries } from "../core/json.ts";
import { sizeOf } from "../core/shape.ts";
import { type Reading, readInto } from "./byteSource.ts";
import { bitsOf, DTYPES, type Dtype, isDtype } from "./fileTypes.ts";

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
export const LONGEST_HEADER = 100_000_000;
/** A tensor has two lists in an object; the rest is room for fields of later versions, which are passed over. */
const ENTRY_LIMITS: Limits = { depth: 7, brackets: 64 };
/** The key that holds metadata, and so the one name that a tensor cannot have. */
export const METADATA = "__metadata__";

/**
 * Reads the header of a safetensors file of `size` bytes, by the rules of the reference implementation and stricter
 * than it where names are given twice. Whatever breaks one is a SimdOptimError of code BAD_FILE.
 *
 * A header has at most 100 MB, as there, and what it says of a tensor nests at most 7 deep and is at most 64 lists and
 * objects. So time and memory grow with the bytes that there are, whatever they say.
 */
export function* readHeader(size: number): Reading<Header> {
  const prefix = new Uint8Array(8);
  if (size < prefix.length) refuse("file", `${size} bytes`, "at least 8", "BAD_FILE");
  yield* readInto(0, prefix);
  const view = new DataView(prefix.buffer);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  const most = Math.min(LONGEST_HEADER, size - prefix.length);
  if (length < 2 || length > most) {
    const other = otherFormat(prefix);
    if (other) refuse("file", other, "a safetensors file", "BAD_FILE");
    refuse("header length", length, `2 to ${most} bytes`, "BAD_FILE");
  }
  const bytes = new Uint8Array(length);
  yield* readInto(prefix.length, bytes);
  return parseHeader(decodeUtf8(bytes), prefix.length + length, size);
}

/** How files begin that are given by mistake. */
const OTHER_FORMATS = [
  ["version ", "a pointer of git LFS, which stands for a file that has not been fetched"],
  ["<", "a page of HTML or XML"],
  ["{", "JSON"],
  ["PK\u0003\u0004", "a zip archive, as torch.save and numpy.savez write"],
  ["GGUF", "a GGUF file"],
  ["\u0089HDF", "an HDF5 file"],
] as const;

/** What a file looks like whose first bytes are no length of a header. */
function otherFormat(prefix: Uint8Array): string | undefined {
  const start = String.fromCharCode(...prefix);
  const format = OTHER_FORMATS.find(([beginning]) => start.trimStart().startsWith(beginning));
  if (format) return format[1];
  return /^[\t\n\r -~]+$/.test(start) ? `text that begins with ${start}` : undefined;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    // A byte order mark stays, and is refused as JSON.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse("header", "bytes that are none", "JSON in UTF-8", "BAD_FILE");
  }
}

function parseHeader(text: string, start: number, size: number): Header {
  // Writers may pad in front, too: a test of the reference implementation does.
  const beginning = text.trimStart().slice(0, 8);
  if (!beginning.startsWith("{")) refuse("header", beginning, 'JSON that begins with "{"', "BAD_FILE");
  let metadata: ReadonlyMap<string, string> | undefined;
  const tensors: TensorInfo[] = [];
  for (const { key, value } of parseEntries("header", text, ENTRY_LIMITS, (at) => plainEntry(text, at))) {
    if (key !== METADATA) tensors.push(parseTensor(key, value, start));
    else if (metadata) refuse("header", key, "each key once", "BAD_FILE");
    else metadata = parseMetadata(value);
  }
  return { metadata: metadata ?? new Map(), tensors: inFileOrder(tensors, start, size) };
}

/** The text before and after what differs between tensors, as the reference implementation writes it. */
const [DTYPE, SHAPE, OFFSETS, END] = ['":{"dtype":"', '","shape":[', '],"data_offsets":[', "]}"] as const;

/**
 * Reads a tensor that is written as the reference implementation does, without white space, in half the time of JSON in
 * general; undefined for anything else, for that to read or to refuse.
 */
function plainEntry(text: string, at: number): Entry | undefined {
  const name = at + 1;
  let i = name;
  while (isPlainUnit(text.charCodeAt(i))) i++;
  const key = text.slice(name, i);
  if (text[at] !== '"' || !text.startsWith(DTYPE, i)) return undefined;
  const type = i + DTYPE.length;
  for (i = type; isPlainUnit(text.charCodeAt(i)); ) i++;
  const dtype = text.slice(type, i);
  if (!text.startsWith(SHAPE, i)) return undefined;
  i += SHAPE.length;
  const shape: number[] = [];
  i = plainNumbers(text, i, shape);
  if (!text.startsWith(OFFSETS, i)) return undefined;
  i += OFFSETS.length;
  const data_offsets: number[] = [];
  i = plainNumbers(text, i, data_offsets);
  if (!text.startsWith(END, i)) return undefined;
  return { key, value: { dtype, shape, data_offsets }, end: i + END.length };
}

/** Whether a unit stands for itself in a string of JSON: no quote, backslash or control character, nor the end. */
function isPlainUnit(unit: number): boolean {
  return unit >= 0x20 && unit !== 0x22 && unit !== 0x5c;
}

/** Adds the whole numbers between commas to a list. Returns where they end; 0 where they are not written plainly. */
function plainNumbers(text: string, start: number, numbers: number[]): number {
  let i = start;
  for (;;) {
    const first = i;
    let number = 0;
    for (let digit = text.charCodeAt(i) - 48; digit >= 0 && digit <= 9; digit = text.charCodeAt(++i) - 48) {
      number = 10 * number + digit;
    }
    // No digit, a leading zero, or more digits than are exact.
    if (i === first) return numbers.length === 0 ? i : 0;
    if ((text.charCodeAt(first) === 48 && i > first + 1) || i > first + 15) return 0;
    numbers.push(number);
    if (text[i] !== ",") return i;
    i++;
  }
}

/** The tensors by name in the order of the file, all of which they must take, without a gap. */
function inFileOrder(tensors: TensorInfo[], start: number, size: number): Header["tensors"] {
  tensors.sort((a, b) => a.offset - b.offset || a.bytes - b.bytes);
  const named = new Map<string, TensorInfo>();
  let end = start;
  for (const tensor of tensors) {
    const { name, offset, bytes } = tensor;
    if (offset !== end) {
      refuse(describe(name), `a start at ${offset - start}`, `${end - start}, where the last ends`, "BAD_FILE");
    }
    end += bytes;
    named.set(name, tensor);
  }
  if (named.size < tensors.length) refuse("header", "a name twice", "each key once", "BAD_FILE");
  if (end !== size) refuse("file", `${size} bytes`, `${end}, where the last tensor ends`, "BAD_FILE");
  return named;
}

function parseMetadata(value: unknown): ReadonlyMap<string, string> {
  if (!isRecord(value)) refuse(METADATA, value, "an object", "BAD_FILE");
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") refuse(`${METADATA}.${key}`, text, "text", "BAD_FILE");
    metadata.set(key, text);
  }
  return metadata;
}

function parseTensor(name: string, value: unknown, start: number): TensorInfo {
  if (!isRecord(value)) refuseTensor(name, "", value, "an object");
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) refuseTensor(name, ".dtype", dtype, `one of ${DTYPES.join(", ")}`);
  if (!isSizes(shape)) refuseTensor(name, ".shape", shape, "whole sizes");
  if (!isSizes(offsets) || offsets.length !== 2) refuseTensor(name, ".data_offsets", offsets, "two whole numbers");
  const bits = sizeOf(shape) * bitsOf(dtype);
  const [begin, end] = offsets as [number, number];
  if (bits !== 8 * (end - begin)) {
    const expected = `${bits / 8} bytes for ${dtype} of shape ${describe(shape)}`;
    refuseTensor(name, ".data_offsets", offsets, expected);
  }
  return { name, dtype, shape, offset: start + begin, bytes: end - begin };
}

function refuseTensor(name: string, field: string, got: unknown, expected: string): never {
  refuse(`${describe(name)}${field}`, got, expected, "BAD_FILE");
}

export function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
