/**
 * Pooling over windows of planes [height, width]; see src/nn/functions/pool2d.ts. Window (oy, ox) starts at oy strideY - padY
 * and ox strideX - padX; what is outside the plane is left out. Every window must touch its plane.
 */
import { Pointer, Size } from "../words";

/** The part of a window inside an axis: its first element there, a whole number of `dilation` from its start. */
function firstInside(start: isize, dilation: isize): isize {
  return start >= 0 ? start : start + ((dilation - 1 - start) / dilation) * dilation;
}

/** The largest element of each window and its place in the plane; the first of equals, and the last NaN if any. */
export function maxPool2d(
  x: Pointer,
  y: Pointer,
  index: Pointer,
  planes: Size,
  height: Size,
  width: Size,
  outHeight: Size,
  outWidth: Size,
  kernelHeight: Size,
  kernelWidth: Size,
  strideY: Size,
  strideX: Size,
  padY: Size,
  padX: Size,
  dilationY: Size,
  dilationX: Size,
): void {
  for (let plane: usize = 0; plane < planes; plane++, x += (height * width) << 2) {
    for (let oy: usize = 0; oy < outHeight; oy++) {
      const top = isize(oy * strideY) - isize(padY);
      const bottom = min<isize>(height, top + isize((kernelHeight - 1) * dilationY) + 1);
      for (let ox: usize = 0; ox < outWidth; ox++, y += 4, index += 4) {
        const left = isize(ox * strideX) - isize(padX);
        const right = min<isize>(width, left + isize((kernelWidth - 1) * dilationX) + 1);
        const firstColumn = firstInside(left, dilationX);
        let row = firstInside(top, dilationY);
        let most: f32 = -Infinity;
        let place = row * width + firstColumn;
        for (; row < bottom; row += dilationY) {
          for (let column = firstColumn; column < right; column += dilationX) {
            const at = row * width + column;
            const value = load<f32>(x + (at << 2));
            if (value > most || value != value) {
              most = value;
              place = at;
            }
          }
        }
        store<f32>(y, most);
        store<u32>(index, u32(place));
      }
    }
  }
}

/** dx is the sum of dy over the windows whose largest element it was, in their order; `area` elements a plane. */
export function maxPool2dBackward(dy: Pointer, index: Pointer, dx: Pointer, planes: Size, area: Size, out: Size): void {
  memory.fill(dx, 0, (planes * area) << 2);
  for (let plane: usize = 0; plane < planes; plane++, dx += area << 2) {
    for (const end = dy + (out << 2); dy < end; dy += 4, index += 4) {
      const at = dx + (load<u32>(index) << 2);
      store<f32>(at, load<f32>(at) + load<f32>(dy));
    }
  }
}

/** What a window's mean divides by: its elements in the plane or, with `padded`, in the plane and its padding. */
function divisor(start: isize, kernel: isize, size: isize, pad: isize, padded: Size): isize {
  const end = start + kernel;
  return padded ? min<isize>(end, size + pad) - start : min<isize>(end, size) - max<isize>(start, 0);
}

/** The mean of each window, summed in float64 row by row. */
export function avgPool2d(
  x: Pointer,
  y: Pointer,
  planes: Size,
  height: Size,
  width: Size,
  outHeight: Size,
  outWidth: Size,
  kernelHeight: Size,
  kernelWidth: Size,
  strideY: Size,
  strideX: Size,
  padY: Size,
  padX: Size,
  padded: Size,
): void {
  for (let plane: usize = 0; plane < planes; plane++, x += (height * width) << 2) {
    for (let oy: usize = 0; oy < outHeight; oy++) {
      const top = isize(oy * strideY) - isize(padY);
      const tall = divisor(top, kernelHeight, height, padY, padded);
      const bottom = min<isize>(height, top + kernelHeight);
      for (let ox: usize = 0; ox < outWidth; ox++, y += 4) {
        const left = isize(ox * strideX) - isize(padX);
        const wide = divisor(left, kernelWidth, width, padX, padded);
        const right = min<isize>(width, left + kernelWidth);
        let total: f64 = 0;
        for (let row = max<isize>(top, 0); row < bottom; row++) {
          for (let column = max<isize>(left, 0); column < right; column++) {
            total += f64(load<f32>(x + ((row * width + column) << 2)));
          }
        }
        store<f32>(y, f32(total / f64(tall * wide)));
      }
    }
  }
}

/** dx is the sum of the shares of dy of the windows that an element is in, in their order. */
export function avgPool2dBackward(
  dy: Pointer,
  dx: Pointer,
  planes: Size,
  height: Size,
  width: Size,
  outHeight: Size,
  outWidth: Size,
  kernelHeight: Size,
  kernelWidth: Size,
  strideY: Size,
  strideX: Size,
  padY: Size,
  padX: Size,
  padded: Size,
): void {
  memory.fill(dx, 0, (planes * height * width) << 2);
  for (let plane: usize = 0; plane < planes; plane++, dx += (height * width) << 2) {
    for (let oy: usize = 0; oy < outHeight; oy++) {
      const top = isize(oy * strideY) - isize(padY);
      const tall = divisor(top, kernelHeight, height, padY, padded);
      const bottom = min<isize>(height, top + kernelHeight);
      for (let ox: usize = 0; ox < outWidth; ox++, dy += 4) {
        const left = isize(ox * strideX) - isize(padX);
        const wide = divisor(left, kernelWidth, width, padX, padded);
        const right = min<isize>(width, left + kernelWidth);
        const share = load<f32>(dy) / f32(tall * wide);
        for (let row = max<isize>(top, 0); row < bottom; row++) {
          for (let column = max<isize>(left, 0); column < right; column++) {
            const at = dx + ((row * width + column) << 2);
            store<f32>(at, load<f32>(at) + share);
          }
        }
      }
    }
  }
}
