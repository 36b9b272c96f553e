/**
 * The record format of TensorFlow: the length as a 64-bit integer and a checksum of that, then the data and a checksum of
 * those. Checksums are CRC-32C, masked: rotated and moved, so that a checksum of data with checksums inside stays useful.
 * tensorflow/core/lib/io/record_writer.h
 */

/** CRC-32C (Castagnoli) of each byte value, bits reversed. */
const TABLE = /* @__PURE__ */ Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  return crc;
});

/** CRC-32C as in RFC 3720, appendix B.4. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}

function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** The data with what stands around them in a file. */
export function tfRecord(data: ArrayLike<number>): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, masked(record.subarray(12, 12 + data.length)), true);
  return record;
}
