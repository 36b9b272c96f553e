/** Text from a trained model. */
import type { Random } from "simd-optim";
import { type CharacterModel, Pass } from "./model.ts";

/** Continues `prompt`, which is as long as the context of the model, by `length` characters. */
export function sample(
  model: CharacterModel,
  prompt: Uint32Array,
  { length, temperature, random }: { length: number; temperature: number; random: Random },
): Uint32Array {
  const pass = new Pass(model, 1);
  const weights = new Float64Array(model.shape.vocabulary);
  const sampled = new Uint32Array(length);
  pass.contexts.data.set(prompt);
  for (let i = 0; i < length; i++) {
    pass.predict();
    const next = draw(pass.logits.data, weights, temperature, random);
    const context = pass.contexts.data;
    context.copyWithin(0, 1);
    context[context.length - 1] = next;
    sampled[i] = next;
  }
  return sampled;
}

/** An index drawn from softmax(logits / temperature); `weights` is room to work in. */
function draw(logits: Float32Array, weights: Float64Array, temperature: number, random: Random): number {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    weights[i] = Math.exp((logits[i]! - largest) / temperature);
    total += weights[i]!;
  }
  let left = random.uniform() * total;
  let chosen = 0;
  while (chosen < weights.length - 1 && left >= weights[chosen]!) left -= weights[chosen++]!;
  return chosen;
}
