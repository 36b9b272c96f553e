/** Twin of assembly/layer/pool.ts. */
import type { Views } from "../../../memory/heap.ts";
import { f32 as round } from "../lanes.ts";

/** Positions o stride - pad + k dilation inside an axis, for each output o. */
function windows(size: number, out: number, kernel: number, stride: number, pad: number, dilation: number): number[][] {
  return Array.from({ length: out }, (_, o) =>
    Array.from({ length: kernel }, (_, k) => o * stride - pad + k * dilation).filter((at) => at >= 0 && at < size),
  );
}

export function maxPool2d(
  { f32, u32 }: Views,
  x: number,
  y: number,
  index: number,
  planes: number,
  height: number,
  width: number,
  outHeight: number,
  outWidth: number,
  kernelHeight: number,
  kernelWidth: number,
  strideY: number,
  strideX: number,
  padY: number,
  padX: number,
  dilationY: number,
  dilationX: number,
): void {
  const rows = windows(height, outHeight, kernelHeight, strideY, padY, dilationY);
  const columns = windows(width, outWidth, kernelWidth, strideX, padX, dilationX);
  let out = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (const tall of rows) {
      for (const wide of columns) {
        let most = -Infinity;
        let place = tall[0]! * width + wide[0]!;
        for (const at of tall.flatMap((row) => wide.map((column) => row * width + column))) {
          const value = f32[(x >>> 2) + plane * height * width + at]!;
          if (value > most || Number.isNaN(value)) [most, place] = [value, at];
        }
        f32[(y >>> 2) + out] = most;
        u32[(index >>> 2) + out++] = place;
      }
    }
  }
}

export function maxPool2dBackward(
  { f32, u32 }: Views,
  dy: number,
  index: number,
  dx: number,
  planes: number,
  area: number,
  out: number,
): void {
  f32.fill(0, dx >>> 2, (dx >>> 2) + planes * area);
  for (let i = 0; i < planes * out; i++) {
    f32[(dx >>> 2) + Math.floor(i / out) * area + u32[(index >>> 2) + i]!]! += f32[(dy >>> 2) + i]!;
  }
}

type Sizes = readonly [
  planes: number,
  height: number,
  width: number,
  outHeight: number,
  outWidth: number,
  kernelHeight: number,
  kernelWidth: number,
  strideY: number,
  strideX: number,
  padY: number,
  padX: number,
  padded: number,
];

/** Visits each window in order: the places of its elements, and what its mean divides by. */
function visit(sizes: Sizes, each: (out: number, places: number[], count: number) => void): void {
  const [planes, height, width, outHeight, outWidth, tall, wide, strideY, strideX, padY, padX, padded] = sizes;
  const rows = windows(height, outHeight, tall, strideY, padY, 1);
  const columns = windows(width, outWidth, wide, strideX, padX, 1);
  // With padding counted, a window still ends where the padding does.
  const length = (o: number, size: number, kernel: number, stride: number, pad: number) =>
    Math.min(kernel, size + 2 * pad - o * stride);
  let out = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (const [oy, row] of rows.entries()) {
      for (const [ox, column] of columns.entries()) {
        const places = row.flatMap((r) => column.map((c) => (plane * height + r) * width + c));
        const area = length(oy, height, tall, strideY, padY) * length(ox, width, wide, strideX, padX);
        each(out++, places, padded ? area : places.length);
      }
    }
  }
}

export function avgPool2d(
  { f32 }: Views,
  x: number,
  y: number,
  planes: number,
  height: number,
  width: number,
  outHeight: number,
  outWidth: number,
  kernelHeight: number,
  kernelWidth: number,
  strideY: number,
  strideX: number,
  padY: number,
  padX: number,
  padded: number,
): void {
  visit(
    [planes, height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideY, strideX, padY, padX, padded],
    (out, places, count) => {
      f32[(y >>> 2) + out] = places.reduce((total, at) => total + f32[(x >>> 2) + at]!, 0) / count;
    },
  );
}

export function avgPool2dBackward(
  { f32 }: Views,
  dy: number,
  dx: number,
  planes: number,
  height: number,
  width: number,
  outHeight: number,
  outWidth: number,
  kernelHeight: number,
  kernelWidth: number,
  strideY: number,
  strideX: number,
  padY: number,
  padX: number,
  padded: number,
): void {
  f32.fill(0, dx >>> 2, (dx >>> 2) + planes * height * width);
  visit(
    [planes, height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideY, strideX, padY, padX, padded],
    (out, places, count) => {
      const share = round(f32[(dy >>> 2) + out]! / count);
      for (const at of places) f32[(dx >>> 2) + at]! += share;
    },
  );
}
