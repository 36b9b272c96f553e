/** Element types of safetensors: those of memory, and others that can be read and written as bits. */
import { type ArrayClass, ELEMENT_TYPES, ELEMENTS, type ElementType, type TypedArray } from "../memory/elementType.ts";

interface FileType {
  readonly bits: number;
  readonly array: ArrayClass;
}

/** Those that no tensor in memory has. */
const OTHERS = {
  BOOL: { bits: 8, array: Uint8Array },
  F4: { bits: 4, array: Uint8Array },
  F6_E2M3: { bits: 6, array: Uint8Array },
  F6_E3M2: { bits: 6, array: Uint8Array },
  F8_E8M0: { bits: 8, array: Uint8Array },
  F8_E4M3FNUZ: { bits: 8, array: Uint8Array },
  F8_E5M2FNUZ: { bits: 8, array: Uint8Array },
  I16: { bits: 16, array: Int16Array },
  I32: { bits: 32, array: Int32Array },
  C64: { bits: 64, array: Float32Array },
  I64: { bits: 64, array: BigInt64Array },
  U64: { bits: 64, array: BigUint64Array },
} as const satisfies Record<string, FileType>;

/** Element types of safetensors. */
export type Dtype = keyof typeof OTHERS | (typeof ELEMENTS)[keyof typeof ELEMENTS]["file"];

/** By alignment, the order in which files are written, from last to first. */
export const DTYPES: readonly Dtype[] = [
  ...(["BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ"] as const),
  ...(["F8_E5M2FNUZ", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64"] as const),
];

const TYPES = {
  ...OTHERS,
  ...Object.fromEntries(Object.values(ELEMENTS).map(({ bytes, array, file }) => [file, { bits: 8 * bytes, array }])),
} as Readonly<Record<string, FileType>> as Readonly<Record<Dtype, FileType>>;

/** The type of memory that a type of a file is, if it is one. */
export function elementTypeOf(dtype: Dtype): ElementType | undefined {
  return ELEMENT_TYPES.find((type) => ELEMENTS[type].file === dtype);
}

/** Whether a value is the name of an element type. */
export function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(TYPES, value);
}

export function bitsOf(dtype: Dtype): number {
  return TYPES[dtype].bits;
}

/** The type that an array's class says it has; undefined for what is no array of numbers. */
export function dtypeOf(array: unknown): Dtype | undefined {
  // "U8", not "BOOL", for bytes, and so on: the plain name of the class comes first here.
  const plain: readonly Dtype[] = ["F32", "F64", "U8", "U16", "U32", "U64", "I8", "I16", "I32", "I64"];
  return plain.find((dtype) => array instanceof TYPES[dtype].array);
}

/** Bytes as an array of their type: the bits of an element where JavaScript has no such number. In place if it can be. */
export function asArray(dtype: Dtype, bytes: Uint8Array<ArrayBuffer>): TypedArray {
  const { array } = TYPES[dtype];
  const { buffer, byteOffset, length } = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new array(buffer, byteOffset, length / array.BYTES_PER_ELEMENT);
}

const word = new DataView(new ArrayBuffer(4));

function fromBits(bits: number): number {
  word.setUint32(0, bits);
  return word.getFloat32(0);
}

/** The value of a half-precision number; every one is a float32. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The types that can be read as float32: F64 is rounded, the others are exact. */
const CONVERT = {
  F64: (x: number) => x,
  F16: fromHalf,
  BF16: (bits: number) => fromBits(bits << 16),
};
export const FLOATS: readonly string[] = ["F32", ...Object.keys(CONVERT)];

/** Writes elements of type F64, F16 or BF16 as float32. */
export function convert(dtype: keyof typeof CONVERT, bytes: Uint8Array<ArrayBuffer>, target: Float32Array): void {
  const source = asArray(dtype, bytes) as Float64Array | Uint16Array;
  const value = CONVERT[dtype];
  for (let i = 0; i < target.length; i++) target[i] = value(source[i]!);
}
