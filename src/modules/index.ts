export { GELU, ReLU, Sigmoid, SiLU, Softmax, Tanh } from "./activation.ts";
export { CausalSelfAttention, type CausalSelfAttentionOptions } from "./causalSelfAttention.ts";
export { checkpoint, Recompute, Residual, Sequential } from "./container.ts";
export { Dropout } from "./dropout.ts";
export { Embedding, type EmbeddingOptions, Positions, TiedLinear } from "./embedding.ts";
export { Linear, type LinearOptions } from "./linear.ts";
