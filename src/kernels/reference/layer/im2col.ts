/** Twin of assembly/layer/im2col.ts. */
import type { Views } from "../../../memory/heap.ts";

type Visit = (column: number, element: number) => void;

/** Visits every place of the matrix in order: its position and that of its element, or -1 outside the image. */
function visit(
  channels: number,
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
  each: Visit,
): void {
  let column = 0;
  for (let c = 0; c < channels; c++) {
    for (let ky = 0; ky < kernelHeight; ky++) {
      for (let kx = 0; kx < kernelWidth; kx++) {
        for (let oy = 0; oy < outHeight; oy++) {
          for (let ox = 0; ox < outWidth; ox++) {
            const y = oy * strideY - padY + ky * dilationY;
            const x = ox * strideX - padX + kx * dilationX;
            const inside = y >= 0 && y < height && x >= 0 && x < width;
            each(column++, inside ? (c * height + y) * width + x : -1);
          }
        }
      }
    }
  }
}

export function im2col(
  { f32 }: Views,
  x: number,
  columns: number,
  channels: number,
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
  visit(
    ...([channels, height, width, outHeight, outWidth, kernelHeight, kernelWidth] as const),
    ...([strideY, strideX, padY, padX, dilationY, dilationX] as const),
    (column, element) => {
      f32[(columns >>> 2) + column] = element < 0 ? 0 : f32[(x >>> 2) + element]!;
    },
  );
}

export function col2im(
  { f32 }: Views,
  columns: number,
  x: number,
  channels: number,
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
  f32.fill(0, x >>> 2, (x >>> 2) + channels * height * width);
  visit(
    ...([channels, height, width, outHeight, outWidth, kernelHeight, kernelWidth] as const),
    ...([strideY, strideX, padY, padX, dilationY, dilationX] as const),
    (column, element) => {
      if (element >= 0) f32[(x >>> 2) + element]! += f32[(columns >>> 2) + column]!;
    },
  );
}
