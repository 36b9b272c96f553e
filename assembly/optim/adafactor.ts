/**
 * Adafactor. See src/optim/adafactor.ts for the rule and its source. A parameter is `batch` matrices of rows x columns.
 *
 * The update is u = g f, where f = min(rowFactor columnFactor, cap) stands for 1 / sqrt(V). A vector is one row whose
 * column factors are its own 1 / sqrt(v).
 */
import { addSquares, CHUNK, chunkDot } from "../chunk";
import { descended } from "../decay";
import { dot } from "../fold";
import { add, div, min, mul, mulAdd, splat, sqrt } from "../lanes";
import { Pointer, Size, Workspace } from "../words";

/** w' = beta w + gain x, where x is a mean in float64, rounded once. */
function averageMean(w: Pointer, beta: f32, gain: f32, mean: f64): f32 {
  const moved = mulAdd<f32>(beta, load<f32>(w), gain * f32(mean));
  store<f32>(w, moved);
  return moved;
}

/**
 * For each matrix: row' = beta row + gain (scale^2 mean of g^2 along the row + eps), columns alike, and the factors
 * rowFactor = sqrt(max(mean of row', floor) / row') and columnFactor = 1 / sqrt(column'). `acc` holds column sums.
 */
export function adafactorMoments(
  g: Pointer,
  row: Pointer,
  column: Pointer,
  rowFactor: Pointer,
  columnFactor: Pointer,
  acc: Workspace,
  batch: Size,
  rows: Size,
  columns: Size,
  scale: f32,
  beta: f32,
  gain: f32,
  eps: f32,
  floor: f32,
): void {
  const square = f64(scale) * f64(scale);
  const width = columns << 2;
  for (; batch > 0; batch--) {
    memory.fill(acc, 0, columns << 3);
    let total: f64 = 0;
    for (let i: usize = 0; i < rows; i++, g += width) {
      const mean = (square * dot(g, g, columns)) / f64(columns) + f64(eps);
      total += f64(averageMean(row + (i << 2), beta, gain, mean));
      addSquares(g, acc, columns);
    }
    const level = max<f64>(total / f64(rows), f64(floor));
    for (const end = row + (rows << 2); row < end; row += 4, rowFactor += 4) {
      store<f32>(rowFactor, f32(f64.sqrt(level / f64(load<f32>(row)))));
    }
    for (let j: usize = 0; j < columns; j++, column += 4, columnFactor += 4) {
      const mean = (square * load<f64>(acc + (j << 3))) / f64(rows) + f64(eps);
      store<f32>(columnFactor, f32(1 / f64.sqrt(f64(averageMean(column, beta, gain, mean)))));
    }
  }
}

/** v = beta v + gain ((scale g)^2 + eps);  factor = 1 / sqrt v */
export function adafactorVariance<Lane>(
  g: Pointer,
  v: Pointer,
  factor: Pointer,
  n: Size,
  scale: f32,
  beta: f32,
  gain: f32,
  eps: f32,
): void {
  const grad = mul<Lane>(splat<Lane>(scale), load<Lane>(g));
  const square = mulAdd<Lane>(grad, grad, splat<Lane>(eps));
  const moved = mulAdd<Lane>(splat<Lane>(beta), load<Lane>(v), mul<Lane>(splat<Lane>(gain), square));
  store<Lane>(v, moved);
  store<Lane>(factor, div<Lane>(splat<Lane>(1), sqrt<Lane>(moved)));
}

/** 1 / sqrt(V) */
function factorAt<T>(columnFactor: Pointer, rowFactor: f32, cap: f32): T {
  return min<T>(mul<T>(splat<T>(rowFactor), load<T>(columnFactor)), splat<T>(cap));
}

/** u = g f over one row. */
function scaledRow<Lane>(g: Pointer, columnFactor: Pointer, u: Pointer, n: Size, rowFactor: f32, cap: f32): void {
  store<Lane>(u, mul<Lane>(load<Lane>(g), factorAt<Lane>(columnFactor, rowFactor, cap)));
}

/** sum u^2, row by row. */
export function adafactorNorm(
  g: Pointer,
  rowFactor: Pointer,
  columnFactor: Pointer,
  work: Workspace,
  batch: Size,
  rows: Size,
  columns: Size,
  cap: f32,
): f64 {
  let total: f64 = 0;
  for (; batch > 0; batch--, columnFactor += columns << 2) {
    for (const last = rowFactor + (rows << 2); rowFactor < last; rowFactor += 4) {
      const factor = load<f32>(rowFactor);
      for (let start: usize = 0; start < columns; start += CHUNK) {
        const left = columns - start;
        const length = left < CHUNK ? left : CHUNK;
        scaledRow(g, columnFactor + (start << 2), work, length, factor, cap);
        total += chunkDot(work, work, length);
        g += length << 2;
      }
    }
  }
  return total;
}

/** adafactorStep of one row. */
function stepRow<Lane>(
  p: Pointer,
  g: Pointer,
  columnFactor: Pointer,
  n: Size,
  rowFactor: f32,
  cap: f32,
  shrink: f32,
  step: f32,
): void {
  const u = mul<Lane>(load<Lane>(g), factorAt<Lane>(columnFactor, rowFactor, cap));
  store<Lane>(p, descended<Lane>(load<Lane>(p), shrink, mul<Lane>(splat<Lane>(step), u)));
}

/** p = p - (shrink p + step u) */
export function adafactorStep(
  p: Pointer,
  g: Pointer,
  rowFactor: Pointer,
  columnFactor: Pointer,
  batch: Size,
  rows: Size,
  columns: Size,
  cap: f32,
  shrink: f32,
  step: f32,
): void {
  const end = columns << 2;
  for (; batch > 0; batch--, columnFactor += end) {
    for (const last = rowFactor + (rows << 2); rowFactor < last; rowFactor += 4, p += end, g += end) {
      stepRow(p, g, columnFactor, columns, load<f32>(rowFactor), cap, shrink, step);
    }
  }
}

/** adafactorMomentum of one row. */
function momentumRow<Lane>(
  p: Pointer,
  m: Pointer,
  g: Pointer,
  columnFactor: Pointer,
  n: Size,
  rowFactor: f32,
  cap: f32,
  shrink: f32,
  beta1: f32,
  step: f32,
): void {
  const u = mul<Lane>(load<Lane>(g), factorAt<Lane>(columnFactor, rowFactor, cap));
  const moved = mulAdd<Lane>(splat<Lane>(beta1), load<Lane>(m), mul<Lane>(splat<Lane>(step), u));
  store<Lane>(m, moved);
  store<Lane>(p, descended<Lane>(load<Lane>(p), shrink, moved));
}

/** m = beta1 m + step u;  p = p - (shrink p + m) */
export function adafactorMomentum(
  p: Pointer,
  m: Pointer,
  g: Pointer,
  rowFactor: Pointer,
  columnFactor: Pointer,
  batch: Size,
  rows: Size,
  columns: Size,
  cap: f32,
  shrink: f32,
  beta1: f32,
  step: f32,
): void {
  const end = columns << 2;
  for (; batch > 0; batch--, columnFactor += end) {
    for (const last = rowFactor + (rows << 2); rowFactor < last; rowFactor += 4, p += end, m += end, g += end) {
      momentumRow(p, m, g, columnFactor, columns, load<f32>(rowFactor), cap, shrink, beta1, step);
    }
  }
}
