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
import { Pointer, Size, Workspace } from "../words";

/** total_i += x_i - shift_i and squares_i += (x_i - shift_i)^2, sums in float64. */
function addMoments(x: Pointer, shift: Pointer, total: Pointer, squares: Pointer, n: Size): void {
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

function addTo(acc: Pointer, value: f64): void {
  store<f64>(acc, load<f64>(acc) + value);
}

/**
 * `saved` and the biased variance of each group, from sums about its first element. `acc` is two float64 for each group
 * and two more.
 */
export function channelMoments(
  x: Pointer,
  saved: Pointer,
  variance: Pointer,
  acc: Workspace,
  segments: Size,
  width: Size,
  groups: Size,
  span: Size,
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
function grouped(channels: Size, groups: Size, span: Size): bool {
  return span != 1 || channels != groups;
}

/** y = (x - mean) gain + bias, over a segment. */
function normalise<Lane>(x: Pointer, y: Pointer, n: Size, mean: f32, low: f32, gain: f32, bias: f32): void {
  const made = normalised<Lane>(
    load<Lane>(x),
    splat<Lane>(mean),
    splat<Lane>(low),
    splat<Lane>(gain),
    splat<Lane>(bias),
  );
  store<Lane>(y, made);
}

/** The same over a row of channels, each with its statistics. */
function normaliseAcross<Lane>(
  x: Pointer,
  weight: Pointer,
  bias: Pointer,
  y: Pointer,
  saved: Pointer,
  n: Size,
  plane: Size,
): void {
  const gain = mul<Lane>(load<Lane>(saved + (plane << 1)), load<Lane>(weight));
  store<Lane>(y, normalised<Lane>(load<Lane>(x), load<Lane>(saved), load<Lane>(saved + plane), gain, load<Lane>(bias)));
}

/** y = (x - mean) (rstd weight) + bias; y may be x. */
export function channelNorm(
  x: Pointer,
  weight: Pointer,
  bias: Pointer,
  y: Pointer,
  saved: Pointer,
  segments: Size,
  width: Size,
  channels: Size,
  groups: Size,
  span: Size,
): void {
  const plane = groups << 2;
  const end = width << 2;
  if (width == 1 && !grouped(channels, groups, span)) {
    for (const last = x + (segments << 2); x < last; x += plane, y += plane) {
      normaliseAcross(x, weight, bias, y, saved, channels, plane);
    }
    return;
  }
  for (let s: usize = 0; s < segments; s++, x += end, y += end) {
    const at = saved + (((s / span) % groups) << 2);
    const channel = (s % channels) << 2;
    const gain = load<f32>(at + (plane << 1)) * load<f32>(weight + channel);
    normalise(x, y, width, load<f32>(at), load<f32>(at + plane), gain, load<f32>(bias + channel));
  }
}

/** n = (x - mean) rstd */
function normal<T>(x: Pointer, mean: T, low: T, rstd: T): T {
  return mul<T>(centred<T>(load<T>(x), mean, low), rstd);
}

/** y = (x - mean) rstd, over a segment. */
function storeNormal<Lane>(x: Pointer, y: Pointer, n: Size, mean: f32, low: f32, rstd: f32): void {
  store<Lane>(y, normal<Lane>(x, splat<Lane>(mean), splat<Lane>(low), splat<Lane>(rstd)));
}

/** The same over a row of channels. */
function storeNormalAcross<Lane>(x: Pointer, y: Pointer, saved: Pointer, n: Size, plane: Size): void {
  store<Lane>(y, normal<Lane>(x, load<Lane>(saved), load<Lane>(saved + plane), load<Lane>(saved + (plane << 1))));
}

/**
 * With n = (x - mean) rstd: dWeight += sum dy n and dBias += sum dy for each channel; `means` [2, groups] become the
 * means of dy weight and of dy weight n over each group. `work` holds n of a segment or of a row of channels, `acc` two
 * float64 for each channel and for each group.
 */
export function channelNormSums(
  x: Pointer,
  weight: Pointer,
  dy: Pointer,
  saved: Pointer,
  dWeight: Pointer,
  dBias: Pointer,
  means: Pointer,
  work: Workspace,
  acc: Workspace,
  segments: Size,
  width: Size,
  channels: Size,
  groups: Size,
  span: Size,
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
      storeNormalAcross(x, work, saved, channels, plane);
      addProducts(dy, work, acc, channels);
      addValues(dy, accBias, channels);
    }
  } else {
    for (let s: usize = 0; s < segments; s++, x += end, dy += end) {
      const j = (s / span) % groups;
      const channel = s % channels;
      const at = saved + (j << 2);
      storeNormal(x, work, width, load<f32>(at), load<f32>(at + plane), load<f32>(at + (plane << 1)));
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

/** The gradient of x in a segment. */
function differentiate<Lane>(
  x: Pointer,
  dy: Pointer,
  dx: Pointer,
  n: Size,
  mean: f32,
  low: f32,
  rstd: f32,
  weight: f32,
  m1: f32,
  m2: f32,
): void {
  const norm = normal<Lane>(x, splat<Lane>(mean), splat<Lane>(low), splat<Lane>(rstd));
  const slope = mul<Lane>(load<Lane>(dy), splat<Lane>(weight));
  store<Lane>(dx, throughNormal<Lane>(slope, norm, splat<Lane>(m1), splat<Lane>(m2), splat<Lane>(rstd)));
}

/** The same in a row of channels. */
function differentiateAcross<Lane>(
  x: Pointer,
  weight: Pointer,
  dy: Pointer,
  saved: Pointer,
  means: Pointer,
  dx: Pointer,
  n: Size,
  plane: Size,
): void {
  const rstd = load<Lane>(saved + (plane << 1));
  const norm = normal<Lane>(x, load<Lane>(saved), load<Lane>(saved + plane), rstd);
  const slope = mul<Lane>(load<Lane>(dy), load<Lane>(weight));
  store<Lane>(dx, throughNormal<Lane>(slope, norm, load<Lane>(means), load<Lane>(means + plane), rstd));
}

/** dx = rstd (dy weight - means[0] - n means[1]), with the means of channelNormSums; dx may be dy. */
export function channelNormBackward(
  x: Pointer,
  weight: Pointer,
  dy: Pointer,
  saved: Pointer,
  means: Pointer,
  dx: Pointer,
  segments: Size,
  width: Size,
  channels: Size,
  groups: Size,
  span: Size,
): void {
  const plane = groups << 2;
  const end = width << 2;
  if (width == 1 && !grouped(channels, groups, span)) {
    for (const last = x + (segments << 2); x < last; x += plane, dy += plane, dx += plane) {
      differentiateAcross(x, weight, dy, saved, means, dx, channels, plane);
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
    differentiate(x, dy, dx, width, mean, low, rstd, w, m1, m2);
  }
}
