/**
 * Philox4x32-10: four random words from (key, counter) alone, so that any element can be drawn at any time, on any
 * shard. J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
const MULTIPLIER_A: u64 = 0xd2511f53;
const MULTIPLIER_B: u64 = 0xcd9e8d57;
const WEYL_A: u32 = 0x9e3779b9;
const WEYL_B: u32 = 0xbb67ae85;

/**
 * Element i of `out` is word (first + i) mod 4 of the block whose counter is ((first + i) / 4, 0, stream0, stream1),
 * under the key (key0, key1).
 */
export function randomBits(out: usize, n: usize, first: u32, key0: u32, key1: u32, stream0: u32, stream1: u32): void {
  let i: usize = 0;
  while (i < n) {
    const element = u64(first) + u64(i);
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
