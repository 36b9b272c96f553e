/** Windows that slide over images: what convolution and pooling share. */
import { checkInteger, checkShape, refuse } from "../core/check.ts";

/** A number for both axes, or one for the vertical and one for the horizontal. */
export type Pair = number | readonly [number, number];

export function pair(argument: string, value: unknown, interval: "[0, inf)" | "[1, inf)"): [number, number] {
  const both = Array.isArray(value) ? value : [value, value];
  if (both.length !== 2) refuse(argument, value, "a number, or two");
  for (const one of both) checkInteger(argument, one, interval);
  return [both[0], both[1]];
}

/** The shape of a batch of images. */
export type ImageShape = readonly [batch: number, channels: number, height: number, width: number];

export function checkImages(argument: string, shape: readonly number[]): ImageShape {
  checkShape(argument, shape);
  if (shape.length !== 4) refuse(argument, shape, "[batch, channels, height, width]", "SHAPE_MISMATCH");
  return shape as readonly number[] as ImageShape;
}

/** One axis: its size, and how a kernel of `kernel` elements, `dilation` apart, moves over it and its padding. */
export interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  readonly dilation: number;
}

/**
 * How many windows fit: floor((size + 2 pad - dilation (kernel - 1) - 1) / stride) + 1 or, with `ceil`, as many as
 * start inside the axis or the padding before it.
 */
export function outSize({ size, kernel, stride, pad, dilation }: Axis, ceil = false): number {
  const room = size + 2 * pad - dilation * (kernel - 1) - 1;
  if (!ceil) return Math.floor(room / stride) + 1;
  const most = Math.ceil(room / stride) + 1;
  return (most - 1) * stride >= size + pad ? most - 1 : most;
}
