/** An array that JavaScript has for elements: of the numbers themselves, or of their bits where it has none for them. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** What makes an array onto memory. */
export interface ArrayClass {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): TypedArray;
}

interface Element {
  /** Of an element; also its alignment. */
  readonly bytes: number;
  readonly array: ArrayClass;
  /** What safetensors calls it. */
  readonly file: string;
  /** Whether it is a floating-point number. */
  readonly float?: true;
}

/**
 * Every element type there is in memory. Tensors, operands of kernels, state slots and files take what they need to know
 * from here. Float16, bfloat16 and FP8, of 4 or 5 bits of exponent, are kept as their bits.
 */
export const ELEMENTS = {
  f32: { bytes: 4, array: Float32Array, file: "F32", float: true },
  f64: { bytes: 8, array: Float64Array, file: "F64", float: true },
  f16: { bytes: 2, array: Uint16Array, file: "F16", float: true },
  bf16: { bytes: 2, array: Uint16Array, file: "BF16", float: true },
  f8e4m3: { bytes: 1, array: Uint8Array, file: "F8_E4M3", float: true },
  f8e5m2: { bytes: 1, array: Uint8Array, file: "F8_E5M2", float: true },
  i8: { bytes: 1, array: Int8Array, file: "I8" },
  u8: { bytes: 1, array: Uint8Array, file: "U8" },
  u16: { bytes: 2, array: Uint16Array, file: "U16" },
  u32: { bytes: 4, array: Uint32Array, file: "U32" },
} as const satisfies Record<string, Element>;

/** The type of the elements of a tensor. */
export type ElementType = keyof typeof ELEMENTS;
export const ELEMENT_TYPES = Object.keys(ELEMENTS) as readonly ElementType[];

/** The arrays that elements are read and written by. */
export type ElementArrays = { readonly [T in ElementType]: InstanceType<(typeof ELEMENTS)[T]["array"]> };

/** Bytes of so many elements, or how many bytes one takes. */
export function bytesOf(type: ElementType, count = 1): number {
  return ELEMENTS[type].bytes * count;
}

/** The address of what comes so many elements after another. */
export function advanced(address: number, count: number, type: ElementType = "f32"): number {
  return address + bytesOf(type, count);
}

/** An array onto memory. */
export function arrayOn<T extends ElementType>(
  type: T,
  buffer: ArrayBufferLike,
  address: number,
  count: number,
): ElementArrays[T] {
  return new ELEMENTS[type].array(buffer as ArrayBuffer, address, count) as ElementArrays[T];
}
