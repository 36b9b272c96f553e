/**
 * Normalisation of channels: batch norm, and group and instance norm over more than one element a channel. See
 * src/nn/functions/batchNorm.ts and src/nn/functions/groupNorm.ts.
 *
 * An array [batch, channels, width] is a sequence of segments of `width` elements. Segment s has the weight of channel
 * s mod channels and the statistics of group (s / span) mod groups: batch norm has a group for each channel and span 1,
 * group norm a group for every `span` segments. Where width is 1, the lanes of batch norm run across its channels.
 *
 * `saved` holds for each group the mean in two parts and 1 / deviation, [3, groups].
 */
import { addProducts, addValues } from "../chunk";
import { dot, sum } from "../fold";
import { mul, splat } from "../lanes";
import { addTotals, centred, moments, normalised, storeStatistics, throughNormal } from "../statistics";

/** total_i += x_i - shift_i and squares_i += (x_i - shift_i)^2, sums in float64. */
function addMoments(x: usize, shift: usize, total: usize, squares: usize, n: usize): void {
  const end = x + (n << 2);
  if (ASC_FEATURE_SIMD) {
    for (; x + 8 <= end; x += 8, shift += 8, total += 16, squares += 16) {
      const origin = f64x2.promote_low_f32x4(v128.load64_zero(shift));
      const d = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(x)), origin);
      v128.store(total, f64x2.add(v128.load(total), d));
      v128.store(squares, f64x2.add(v128.load(squares), f64x2.mul(d, d)));
    }
  }
  for (; x < end; x += 4, shift += 4, total += 8, squares += 8) {
    const d = f64(load<f32>(x)) - f64(load<f32>(shift));
    addTo(total, d);
    addTo(squares, d * d);
  }
}

function addTo(acc: usize, value: f64): void {
  store<f64>(acc, load<f64>(acc) + value);
}

/**
 * `saved` and the biased variance of each group, from sums about its first element. `acc` is two float64 for each group
 * and two more.
 */
export function channelMoments(
  x: usize,
  saved: usize,
  variance: usize,
  acc: usize,
  segments: usize,
  width: usize,
  groups: usize,
  span: usize,
  eps: f32,
): void {
  const bytes = width << 2;
  const count = f64(segments * width) / f64(groups);
  const squares = acc + (groups << 3);
  const sums = squares + (groups << 3);
  memory.fill(acc, 0, groups << 4);
  if (width == 1 && span == 1) {
    for (let row = x; row < x + (segments << 2); row += groups << 2) addMoments(row, x, acc, squares, groups);
  } else {
    for (let s: usize = 0; s < segments; s++) {
      const j = (s / span) % groups;
      moments(x + s * bytes, width, f64(load<f32>(x + j * span * bytes)), sums);
      addTo(acc + (j << 3), load<f64>(sums));
      addTo(squares + (j << 3), load<f64>(sums, 8));
    }
  }
  for (let j: usize = 0; j < groups; j++, acc += 8) {
    const at = j << 2;
    const shift = f64(load<f32>(x + j * span * bytes));
    const q = load<f64>(acc + (groups << 3));
    store<f32>(variance + at, f32(storeStatistics(saved + at, groups << 2, shift, load<f64>(acc), q, count, eps)));
  }
}

/** Whether groups are anything but one for each channel, as they are in batch norm. */
function grouped(channels: usize, groups: usize, span: usize): bool {
  return span != 1 || channels != groups;
}

function normaliseAt<T>(x: usize, y: usize, mean: T, low: T, gain: T, bias: T): void {
  store<T>(y, normalised<T>(load<T>(x), mean, low, gain, bias));
}

/** The same with the statistics of one channel for each lane. */
function normaliseAcross<T>(x: usize, weight: usize, bias: usize, y: usize, saved: usize, plane: usize): void {
  const gain = mul<T>(load<T>(saved + (plane << 1)), load<T>(weight));
  normaliseAt<T>(x, y, load<T>(saved), load<T>(saved + plane), gain, load<T>(bias));
}

/** y = (x - mean) (rstd weight) + bias; y may be x. */
export function channelNorm(
  x: usize,
  weight: usize,
  bias: usize,
  y: usize,
  saved: usize,
  segments: usize,
  width: usize,
  channels: usize,
  groups: usize,
  span: usize,
): void {
  const plane = groups << 2;
  const end = width << 2;
  if (width == 1 && !grouped(channels, groups, span)) {
    for (const last = x + (segments << 2); x < last; x += plane, y += plane) {
      let i: usize = 0;
      if (ASC_FEATURE_SIMD) {
        for (; i + 16 <= plane; i += 16) normaliseAcross<v128>(x + i, weight + i, bias + i, y + i, saved + i, plane);
      }
      for (; i < plane; i += 4) normaliseAcross<f32>(x + i, weight + i, bias + i, y + i, saved + i, plane);
    }
    return;
  }
  for (let s: usize = 0; s < segments; s++, x += end, y += end) {
    const at = saved + (((s / span) % groups) << 2);
    const channel = (s % channels) << 2;
    const mean = load<f32>(at);
    const low = load<f32>(at + plane);
    const gain = load<f32>(at + (plane << 1)) * load<f32>(weight + channel);
    const shift = load<f32>(bias + channel);
    let i: usize = 0;
    if (ASC_FEATURE_SIMD && end >= 16) {
      do {
        normaliseAt<v128>(x + i, y + i, splat<v128>(mean), splat<v128>(low), splat<v128>(gain), splat<v128>(shift));
        i += 16;
      } while (i + 16 <= end);
    }
    for (; i < end; i += 4) normaliseAt<f32>(x + i, y + i, mean, low, gain, shift);
  }
}

/** n = (x - mean) rstd */
function normal<T>(x: usize, mean: T, low: T, rstd: T): T {
  return mul<T>(centred<T>(load<T>(x), mean, low), rstd);
}

function normalAt<T>(x: usize, n: usize, mean: T, low: T, rstd: T): void {
  store<T>(n, normal<T>(x, mean, low, rstd));
}

function normalAcross<T>(x: usize, n: usize, saved: usize, plane: usize): void {
  normalAt<T>(x, n, load<T>(saved), load<T>(saved + plane), load<T>(saved + (plane << 1)));
}

/**
 * With n = (x - mean) rstd: dWeight += sum dy n and dBias += sum dy for each channel; `means` [2, groups] become the
 * means of dy weight and of dy weight n over each group. `work` holds n of a segment or of a row of channels, `acc` two
 * float64 for each channel and for each group.
 */
export function channelNormSums(
  x: usize,
  weight: usize,
  dy: usize,
  saved: usize,
  dWeight: usize,
  dBias: usize,
  means: usize,
  work: usize,
  acc: usize,
  segments: usize,
  width: usize,
  channels: usize,
  groups: usize,
  span: usize,
): void {
  const plane = groups << 2;
  const end = width << 2;
  const count = f64(segments * width) / f64(groups);
  const shared = grouped(channels, groups, span);
  const accBias = acc + (channels << 3);
  const groupBias = accBias + (channels << 3);
  const groupWeight = groupBias + (groups << 3);
  memory.fill(acc, 0, (channels + groups) << 4);
  if (width == 1 && !shared) {
    for (const last = x + (segments << 2); x < last; x += plane, dy += plane) {
      let i: usize = 0;
      if (ASC_FEATURE_SIMD) {
        for (; i + 16 <= plane; i += 16) normalAcross<v128>(x + i, work + i, saved + i, plane);
      }
      for (; i < plane; i += 4) normalAcross<f32>(x + i, work + i, saved + i, plane);
      addProducts(dy, work, acc, channels);
      addValues(dy, accBias, channels);
    }
  } else {
    for (let s: usize = 0; s < segments; s++, x += end, dy += end) {
      const j = (s / span) % groups;
      const channel = s % channels;
      const at = saved + (j << 2);
      const mean = load<f32>(at);
      const low = load<f32>(at + plane);
      const rstd = load<f32>(at + (plane << 1));
      let i: usize = 0;
      if (ASC_FEATURE_SIMD && end >= 16) {
        do {
          normalAt<v128>(x + i, work + i, splat<v128>(mean), splat<v128>(low), splat<v128>(rstd));
          i += 16;
        } while (i + 16 <= end);
      }
      for (; i < end; i += 4) normalAt<f32>(x + i, work + i, mean, low, rstd);
      const product = dot(dy, work, width);
      const total = sum(dy, width);
      const w = f64(load<f32>(weight + (channel << 2)));
      addTo(acc + (channel << 3), product);
      addTo(accBias + (channel << 3), total);
      addTo(groupBias + (j << 3), w * total);
      addTo(groupWeight + (j << 3), w * product);
    }
  }
  for (let j: usize = 0; j < groups; j++) {
    const at = j << 3;
    if (!shared) {
      // The channel's own sums: the same in whichever order its elements came.
      const w = f64(load<f32>(weight + (j << 2)));
      store<f64>(groupBias + at, w * load<f64>(accBias + at));
      store<f64>(groupWeight + at, w * load<f64>(acc + at));
    }
    store<f32>(means + (j << 2), f32(load<f64>(groupBias + at) / count));
    store<f32>(means + plane + (j << 2), f32(load<f64>(groupWeight + at) / count));
  }
  addTotals(acc, dWeight, channels);
  addTotals(accBias, dBias, channels);
}

function backwardAt<T>(x: usize, dy: usize, dx: usize, mean: T, low: T, rstd: T, weight: T, m1: T, m2: T): void {
  const n = normal<T>(x, mean, low, rstd);
  store<T>(dx, throughNormal<T>(mul<T>(load<T>(dy), weight), n, m1, m2, rstd));
}

function backwardAcross<T>(
  x: usize,
  weight: usize,
  dy: usize,
  saved: usize,
  means: usize,
  dx: usize,
  plane: usize,
): void {
  const rstd = load<T>(saved + (plane << 1));
  const low = load<T>(saved + plane);
  backwardAt<T>(x, dy, dx, load<T>(saved), low, rstd, load<T>(weight), load<T>(means), load<T>(means + plane));
}

/** dx = rstd (dy weight - means[0] - n means[1]), with the means of channelNormSums; dx may be dy. */
export function channelNormBackward(
  x: usize,
  weight: usize,
  dy: usize,
  saved: usize,
  means: usize,
  dx: usize,
  segments: usize,
  width: usize,
  channels: usize,
  groups: usize,
  span: usize,
): void {
  const plane = groups << 2;
  const end = width << 2;
  if (width == 1 && !grouped(channels, groups, span)) {
    for (const last = x + (segments << 2); x < last; x += plane, dy += plane, dx += plane) {
      let i: usize = 0;
      if (ASC_FEATURE_SIMD) {
        for (; i + 16 <= plane; i += 16) {
          backwardAcross<v128>(x + i, weight + i, dy + i, saved + i, means + i, dx + i, plane);
        }
      }
      for (; i < plane; i += 4) backwardAcross<f32>(x + i, weight + i, dy + i, saved + i, means + i, dx + i, plane);
    }
    return;
  }
  for (let s: usize = 0; s < segments; s++, x += end, dy += end, dx += end) {
    const j = ((s / span) % groups) << 2;
    const mean = load<f32>(saved + j);
    const low = load<f32>(saved + plane + j);
    const rstd = load<f32>(saved + (plane << 1) + j);
    const w = load<f32>(weight + ((s % channels) << 2));
    const m1 = load<f32>(means + j);
    const m2 = load<f32>(means + plane + j);
    let i: usize = 0;
    if (ASC_FEATURE_SIMD && end >= 16) {
      do {
        backwardAt<v128>(
          x + i,
          dy + i,
          dx + i,
          splat<v128>(mean),
          splat<v128>(low),
          splat<v128>(rstd),
          splat<v128>(w),
          splat<v128>(m1),
          splat<v128>(m2),
        );
        i += 16;
      } while (i + 16 <= end);
    }
    for (; i < end; i += 4) backwardAt<f32>(x + i, dy + i, dx + i, mean, low, rstd, w, m1, m2);
  }
}
