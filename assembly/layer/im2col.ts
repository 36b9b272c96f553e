/**
 * Windows of images as the columns of a matrix, and back: what makes a convolution a matrix product. See
 * src/nn/functions/conv2d.ts.
 *
 * An image is [channels, height, width] and its matrix [channels kernelHeight kernelWidth, outHeight outWidth]: row
 * (c, ky, kx) has, for each output (oy, ox), the element at oy strideY - padY + ky dilationY and ox strideX - padX +
 * kx dilationX of channel c, and 0 where that is outside the image.
 */
import { fill } from "../elementwise";
import { add } from "../lanes";
import { Pointer, Size } from "../words";

/** The outputs o in [first, last) of an axis for which o stride + offset is in [0, size). */
function firstInside(stride: isize, offset: isize, out: isize): isize {
  return offset >= 0 ? 0 : min<isize>(out, (stride - 1 - offset) / stride);
}

function lastInside(stride: isize, offset: isize, size: isize, out: isize): isize {
  return offset >= size ? 0 : min<isize>(out, (size - 1 - offset) / stride + 1);
}

/** A row of outputs: zeros, elements `stride` apart, zeros. */
function gatherRow(x: Pointer, to: Pointer, stride: isize, offset: isize, size: isize, out: isize): void {
  const last = lastInside(stride, offset, size, out);
  const first = min<isize>(last, firstInside(stride, offset, out));
  fill(to, first, 0);
  let from = x + ((first * stride + offset) << 2);
  if (stride == 1) {
    memory.copy(to + (first << 2), from, (last - first) << 2);
  } else {
    const end = to + (last << 2);
    for (let at = to + (first << 2); at < end; at += 4, from += stride << 2) store<f32>(at, load<f32>(from));
  }
  fill(to + (last << 2), out - last, 0);
}

/** columns = the windows of x: a row for each place of the kernel in each channel, a column for each output. */
export function im2col(
  x: Pointer,
  columns: Pointer,
  channels: Size,
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
  const rowBytes = outWidth << 2;
  for (let c: usize = 0; c < channels; c++, x += (height * width) << 2) {
    for (let ky: usize = 0; ky < kernelHeight; ky++) {
      for (let kx: usize = 0; kx < kernelWidth; kx++) {
        const offset = isize(kx * dilationX) - isize(padX);
        let y = isize(ky * dilationY) - isize(padY);
        for (let oy: usize = 0; oy < outHeight; oy++, y += strideY, columns += rowBytes) {
          if (y < 0 || y >= isize(height)) fill(columns, outWidth, 0);
          else gatherRow(x + ((usize(y) * width) << 2), columns, strideX, offset, width, outWidth);
        }
      }
    }
  }
}

function addAt<T>(x: Pointer, y: Pointer): void {
  store<T>(y, add<T>(load<T>(y), load<T>(x)));
}

/** Adds a row of outputs to the elements, `stride` apart, that it came from. */
function scatterRow(from: Pointer, x: Pointer, stride: isize, offset: isize, size: isize, out: isize): void {
  const last = lastInside(stride, offset, size, out);
  const first = min<isize>(last, firstInside(stride, offset, out));
  const end = from + (last << 2);
  from += first << 2;
  let to = x + ((first * stride + offset) << 2);
  if (ASC_FEATURE_SIMD && stride == 1) {
    for (; from + 16 <= end; from += 16, to += 16) addAt<v128>(from, to);
  }
  for (; from < end; from += 4, to += stride << 2) addAt<f32>(from, to);
}

/** The transpose of im2col: x is the sum of what its elements became, by row of the matrix and then by output. */
export function col2im(
  columns: Pointer,
  x: Pointer,
  channels: Size,
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
  const rowBytes = outWidth << 2;
  fill(x, channels * height * width, 0);
  for (let c: usize = 0; c < channels; c++, x += (height * width) << 2) {
    for (let ky: usize = 0; ky < kernelHeight; ky++) {
      for (let kx: usize = 0; kx < kernelWidth; kx++) {
        const offset = isize(kx * dilationX) - isize(padX);
        let y = isize(ky * dilationY) - isize(padY);
        for (let oy: usize = 0; oy < outHeight; oy++, y += strideY, columns += rowBytes) {
          if (y < 0 || y >= isize(height)) continue;
          scatterRow(columns, x + ((usize(y) * width) << 2), strideX, offset, width, outWidth);
        }
      }
    }
  }
}
