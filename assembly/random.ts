/**
 * Philox4x32-10: four random words from (key, counter) alone, so that any element can be drawn at any time, on any
 * shard. J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
import { Pointer, Size } from "./words";

const MULTIPLIER_A: u64 = 0xd2511f53;
const MULTIPLIER_B: u64 = 0xcd9e8d57;
const WEYL_A: u32 = 0x9e3779b9;
const WEYL_B: u32 = 0xbb67ae85;

/** Stores four rows of lanes as columns: 16 words in the order a0 b0 c0 d0 a1 ... */
function interleave(a: v128, b: v128, c: v128, d: v128, out: Pointer): void {
  const lowAB = v128.shuffle<u32>(a, b, 0, 4, 1, 5);
  const lowCD = v128.shuffle<u32>(c, d, 0, 4, 1, 5);
  const highAB = v128.shuffle<u32>(a, b, 2, 6, 3, 7);
  const highCD = v128.shuffle<u32>(c, d, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<u64>(lowAB, lowCD, 0, 2));
  v128.store(out, v128.shuffle<u64>(lowAB, lowCD, 1, 3), 16);
  v128.store(out, v128.shuffle<u64>(highAB, highCD, 0, 2), 32);
  v128.store(out, v128.shuffle<u64>(highAB, highCD, 1, 3), 48);
}

/** The blocks of counters from `counter` on, four side by side, in a third of the time that they take one by one. */
function fourBlocks(out: Pointer, counter: u32, key0: u32, key1: u32, stream0: u32, stream1: u32): void {
  const multiplierA = i32x4.splat(u32(MULTIPLIER_A));
  const multiplierB = i32x4.splat(u32(MULTIPLIER_B));
  let a = i32x4.add(i32x4.splat(counter), i32x4(0, 1, 2, 3)),
    b = i32x4.splat(0),
    c = i32x4.splat(stream0),
    d = i32x4.splat(stream1);
  for (let round = 0; round < 10; round++) {
    const u01 = i64x2.extmul_low_i32x4_u(a, multiplierA);
    const u23 = i64x2.extmul_high_i32x4_u(a, multiplierA);
    const v01 = i64x2.extmul_low_i32x4_u(c, multiplierB);
    const v23 = i64x2.extmul_high_i32x4_u(c, multiplierB);
    a = v128.xor(v128.xor(v128.shuffle<u32>(v01, v23, 1, 3, 5, 7), b), i32x4.splat(key0));
    b = v128.shuffle<u32>(v01, v23, 0, 2, 4, 6);
    c = v128.xor(v128.xor(v128.shuffle<u32>(u01, u23, 1, 3, 5, 7), d), i32x4.splat(key1));
    d = v128.shuffle<u32>(u01, u23, 0, 2, 4, 6);
    key0 += WEYL_A;
    key1 += WEYL_B;
  }
  interleave(a, b, c, d, out);
}

/**
 * Element i of `out` is word (first + i) mod 4 of the block whose counter is ((first + i) / 4, 0, stream0, stream1),
 * under the key (key0, key1).
 */
export function randomBits(out: Pointer, n: Size, first: u32, key0: u32, key1: u32, stream0: u32, stream1: u32): void {
  let i: usize = 0;
  while (i < n) {
    const element = u64(first) + u64(i);
    if (ASC_FEATURE_SIMD && (u32(element) & 3) == 0 && i + 16 <= n) {
      fourBlocks(out + (i << 2), u32(element >> 2), key0, key1, stream0, stream1);
      i += 16;
      continue;
    }
    let a = u32(element >> 2),
      b: u32 = 0,
      c = stream0,
      d = stream1,
      k = key0,
      l = key1;
    for (let round = 0; round < 10; round++) {
      const u = MULTIPLIER_A * u64(a),
        v = MULTIPLIER_B * u64(c);
      a = u32(v >> 32) ^ b ^ k;
      b = u32(v);
      c = u32(u >> 32) ^ d ^ l;
      d = u32(u);
      k += WEYL_A;
      l += WEYL_B;
    }
    for (let word = u32(element) & 3; word < 4 && i < n; word++, i++) {
      store<u32>(out + (i << 2), word < 2 ? (word == 0 ? a : b) : word == 2 ? c : d);
    }
  }
}
