import { checkInteger, checkKeys, checkNumber, refuse } from "../../core/check.ts";
import { nn } from "../../kernels/nn.ts";
import { advanced } from "../../memory/elementType.ts";
import { checkDistinct, checkView, engineOf, type View } from "../../tensor/tensor.ts";

/** Options of `causalAttention`. */
export interface AttentionOptions {
  /** Heads, which must divide the channels. */
  heads: number;
  /** What scores are multiplied by; 1 / sqrt(width of a head) unless it is given. */
  scale?: number;
}

/** Where `causalAttention` writes. */
export interface AttentionOutputs {
  /** The heads side by side: [batch, context, channels]. */
  out: View;
  /** What the backward pass needs of the probabilities, for each row the largest score and 1 / the sum: [batch, heads, context, 2]. */
  stats: View;
}

function shapesOf(qkv: View, outputs: AttentionOutputs, options: AttentionOptions) {
  checkKeys("outputs", outputs, ["out", "stats"]);
  const { out, stats } = outputs;
  const engine = engineOf("qkv", qkv);
  if (qkv.shape.length !== 3) refuse("qkv", qkv.shape, "three axes", "SHAPE_MISMATCH");
  const [batch, context, stride] = qkv.shape as [number, number, number];
  checkKeys("attention", options, ["heads", "scale"]);
  const { heads } = options;
  checkInteger("heads", heads, "[1, inf)");
  const width = stride / 3 / heads;
  if (!Number.isInteger(width)) refuse("qkv", qkv.shape, `3 x ${heads} heads of whole width`, "SHAPE_MISMATCH");
  const { scale = 1 / Math.sqrt(width) } = options;
  checkNumber("scale", scale, "(0, inf)");
  checkView("out", out, engine, "f32", [batch, context, width * heads]);
  checkView("stats", stats, engine, "f32", [batch, heads, context, 2]);
  checkDistinct({ out, stats }, { qkv });
  return { batch, context, heads, width, stride, scale };
}

/** Where queries, keys and values begin in a packed tensor. */
function thirds({ pointer }: View, channels: number): [number, number, number] {
  return [pointer, advanced(pointer, channels), advanced(pointer, 2 * channels)];
}

/**
 * Causal multi-head attention: for each head, out = softmax(scale q k^T) v, where a row sees the keys up to its own.
 * qkv [batch, context, 3 * channels] has queries, keys and values side by side, each the heads side by side, as GPT-2
 * packs them. Scores above the diagonal are not computed, and probabilities are not kept. Rows are taken by fours: NaN
 * reaches the rows after it, and may reach up to three before it.
 *
 * A. Vaswani et al., "Attention is all you need" (NeurIPS 2017); T. Dao et al., "FlashAttention" (NeurIPS 2022).
 */
export function causalAttention(qkv: View, outputs: AttentionOutputs, options: AttentionOptions): void {
  const sizes = shapesOf(qkv, outputs, options);
  const { batch, context, heads, width, stride, scale } = sizes;
  const { engine } = qkv;
  const [q, k, v] = thirds(qkv, heads * width);
  const [out, stats] = [outputs.out.pointer, outputs.stats.pointer];
  nn.of(engine).causalAttention(q, k, v, out, stats, batch, context, heads, width, stride, scale);
}

/** dQkv, overwritten, from the gradient of the output and from what the forward pass read and wrote. */
export function causalAttentionBackward(
  qkv: View,
  outputs: AttentionOutputs,
  dOut: View,
  dQkv: View,
  options: AttentionOptions,
): void {
  const sizes = shapesOf(qkv, outputs, options);
  const { batch, context, heads, width, stride, scale } = sizes;
  const { engine } = qkv;
  checkView("dOut", dOut, engine, "f32", outputs.out.shape);
  checkView("dQkv", dQkv, engine, "f32", qkv.shape);
  checkDistinct({ dQkv }, { qkv });
  const [q, k, v] = thirds(qkv, heads * width);
  const [dq, dk, dv] = thirds(dQkv, heads * width);
  const [out, stats, dRows] = [outputs.out.pointer, outputs.stats.pointer, dOut.pointer];
  const { causalAttentionBackward: kernel } = nn.of(engine);
  kernel(q, k, v, out, stats, dRows, dq, dk, dv, batch, context, heads, width, stride, scale);
}
