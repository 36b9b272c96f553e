import { checkInteger, checkKeys, refuse } from "../../core/check.ts";
import { normal } from "../../tensor/random.ts";
import type { View } from "../../tensor/tensor.ts";
import { causalAttention, causalAttentionBackward } from "../functions/attention.ts";
import { linear, linearBackward } from "../functions/linear.ts";
import { checkStart, type Layer, type LayerParameter, type Start } from "../layer.ts";
import type { Pass } from "../pass.ts";

/** Options of `CausalSelfAttention`. */
export interface CausalSelfAttentionOptions {
  /** First values of the weight that makes queries, keys and values; normal with deviation 0.02, as in GPT-2. */
  start?: Start;
  /** First values of the weight of the projection; as `start`. GPT-2 divides by sqrt(2 x blocks). */
  projectionStart?: Start;
}

const gpt2: Start = (value, source) => normal(value, { ...source, deviation: 0.02 });

/**
 * Causal multi-head self-attention between two linear maps, for x [batch, context, channels]; see `causalAttention`.
 * Parameters: qkv.weight [3 channels, channels], qkv.bias, proj.weight [channels, channels], proj.bias. Keeps x, the
 * queries, keys and values, the output of the heads, and two numbers for each row and head.
 */
export class CausalSelfAttention implements Layer {
  readonly parameters: Readonly<Record<string, LayerParameter>>;
  readonly #channels: number;
  readonly #heads: number;

  constructor(channels: number, heads: number, options: CausalSelfAttentionOptions = {}) {
    checkInteger("channels", channels, "[1, inf)");
    checkInteger("heads", heads, "[1, inf)");
    if (channels % heads !== 0) refuse("channels", channels, `a multiple of the ${heads} heads`);
    checkKeys("CausalSelfAttention", options, ["start", "projectionStart"]);
    const { start = gpt2, projectionStart = start } = options;
    checkStart("start", start);
    checkStart("projectionStart", projectionStart);
    this.parameters = {
      "qkv.weight": { shape: [3 * channels, channels], start },
      "qkv.bias": { shape: [3 * channels] },
      "proj.weight": { shape: [channels, channels], start: projectionStart },
      "proj.bias": { shape: [channels] },
    };
    this.#channels = channels;
    this.#heads = heads;
  }

  #weights(pass: Pass) {
    const { "qkv.weight": w, "qkv.bias": b, "proj.weight": v, "proj.bias": c } = pass.parameters(this);
    return { qkv: { weight: w!, bias: b! }, proj: { weight: v!, bias: c! } };
  }

  forward(x: View, pass: Pass): View {
    if (x.shape.length !== 3) refuse("x", x.shape, "[batch, context, channels]", "SHAPE_MISMATCH");
    const [batch, context] = x.shape as [number, number];
    const weights = this.#weights(pass);
    const qkv = pass.take([batch, context, 3 * this.#channels]);
    linear(x, weights.qkv.weight.value, weights.qkv.bias.value, qkv);
    const out = pass.take(x.shape);
    const stats = pass.take([batch, this.#heads, context, 2]);
    causalAttention(qkv, { out, stats }, { heads: this.#heads });
    pass.keep(x, qkv, out, stats);
    pass.release(qkv);
    pass.release(stats);
    const y = pass.take(x.shape);
    linear(out, weights.proj.weight.value, weights.proj.bias.value, y);
    pass.release(out);
    return y;
  }

  backward(dy: View, pass: Pass, [x, qkv, out, stats]: [View, View, View, View]): View | undefined {
    const weights = this.#weights(pass);
    const gradients = ({ weight, bias }: (typeof weights)["qkv"], dx: View | undefined) => ({
      dx,
      dWeight: weight.gradient,
      dBias: bias.gradient,
    });
    const dOut = pass.take(out.shape);
    linearBackward(out, weights.proj.weight.value, dy, gradients(weights.proj, dOut));
    const dQkv = pass.take(qkv.shape);
    causalAttentionBackward(qkv, { out, stats }, dOut, dQkv, { heads: this.#heads });
    pass.release(dOut);
    const dx = pass.wants(x) ? pass.take(x.shape) : undefined;
    linearBackward(x, weights.qkv.weight.value, dQkv, gradients(weights.qkv, dx));
    pass.release(dQkv);
    return dx;
  }
}
