/**
 * Just enough of the protocol buffers wire format to write messages: a field is its number and wire type as a varint,
 * then its bytes. https://protobuf.dev/programming-guides/encoding/
 */

/** A message, or a part of one. */
export type Bytes = readonly number[];

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Seven bits a byte, the lowest first, for whole numbers up to 2^53. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return bytes;
}

function tag(field: number, type: number): number[] {
  return varint(8 * field + type);
}

/** An int64 of at least 0. */
export function integer(field: number, value: number): Bytes {
  return [...tag(field, VARINT), ...varint(value)];
}

export function double(field: number, value: number): Bytes {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setFloat64(0, value, true);
  return [...tag(field, FIXED64), ...new Uint8Array(bytes.buffer)];
}

/** A float32. */
export function float(field: number, value: number): Bytes {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setFloat32(0, value, true);
  return [...tag(field, FIXED32), ...new Uint8Array(bytes.buffer)];
}

/** A message inside a message. */
export function message(field: number, ...parts: readonly Bytes[]): Bytes {
  const content = parts.flat();
  return [...tag(field, LENGTH), ...varint(content.length), ...content];
}

export function text(field: number, value: string): Bytes {
  return message(field, [...new TextEncoder().encode(value)]);
}
