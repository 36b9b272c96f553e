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
  const sampled = new Uint32Array(length);
  pass.contexts.data.set(prompt);
  for (let i = 0; i < length; i++) {
    pass.predict();
    const next = draw(pass.logits.data, temperature, random);
    const context = pass.contexts.data;
    context.copyWithin(0, 1);
    context[context.length - 1] = next;
    sampled[i] = next;
  }
  return sampled;
}

/** An index drawn from softmax(logits / temperature). */
export function draw(logits: Float32Array, temperature: number, random: Random): number {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  let left = random.uniform() * weights.reduce((a, b) => a + b);
  let chosen = 0;
  while (chosen < weights.length - 1 && left >= weights[chosen]!) left -= weights[chosen++]!;
  return chosen;
}
