/** A model on its way. Everything a step does depends on the corpus, the recipe and the number of the step alone. */
import { crossEntropy, gpt2Recipe, Network, type Plan, plan, Random, type Runtime, type View } from "simd-optim";
import type { Corpus } from "../support/corpus.ts";
import { BAD_INPUT, Failure } from "../support/failure.ts";
import { gradients } from "../support/gradients.ts";
import { gpt } from "./model.ts";
import type { Settings } from "./options.ts";

/** Batches of windows, spread evenly over the held-out text, that an evaluation takes. */
const HELD_OUT_BATCHES = 32;

export class Trainer {
  readonly network: Network;
  readonly recipe: ReturnType<typeof gpt2Recipe>;
  /** What a training pass takes, known before it. */
  readonly plan: Plan;
  readonly settings: Settings;
  readonly corpus: Corpus;
  readonly #batches: Random;
  readonly #x;
  readonly #targets;
  readonly #losses;

  constructor(runtime: Runtime, corpus: Corpus, settings: Settings) {
    const { batch, context, steps, warmup, lr, weightDecay, seed } = settings;
    for (const part of [corpus.train, corpus.heldOut]) {
      if (part.length > context) continue;
      const need = `a --context of ${context} needs ${context + 1} in both parts`;
      throw new Failure(`${corpus.title}: too short: ${part.length} characters in a part, but ${need}`, BAD_INPUT);
    }
    this.settings = settings;
    this.corpus = corpus;
    const layers = gpt({ ...settings, vocabulary: corpus.vocabulary.length });
    const input = { shape: [batch, context], type: "u32" } as const;
    this.plan = plan(layers, input);
    this.network = new Network(runtime, layers, { seed });
    this.network.reserve(input);
    this.recipe = gpt2Recipe(this.network.parameters, {
      peak: lr,
      warmup: Math.min(warmup, Math.floor(steps / 10)),
      total: steps,
      weightDecay,
    });
    this.#batches = new Random(seed, "batches");
    this.#x = runtime.tensor([batch, context], { type: "u32" });
    this.#targets = runtime.tensor([batch * context], { type: "u32" });
    this.#losses = runtime.tensor([batch * context]);
  }

  /** What a checkpoint needs beside the story of the run. */
  get parts() {
    return { model: this.network.parameters, optimizer: this.recipe.optimizer, batches: this.#batches };
  }

  /** Batches drawn so far: each took a random number for every sequence. */
  get batchesDrawn(): number {
    return this.#batches.position / this.settings.batch;
  }

  get tokensPerStep(): number {
    return this.settings.batch * this.settings.context;
  }

  /** As floating-point operations are counted for transformers: 6 for each parameter and token, attention aside. */
  get flopsPerStep(): number {
    return 6 * this.network.parameters.size * this.tokensPerStep;
  }

  /** The bytes of linear memory that all of it takes. */
  get predictedBytes(): number {
    const { parameters, activations, workspace } = this.plan;
    return parameters + activations + workspace + this.recipe.optimizer.bytes + 3 * 4 * this.tokensPerStep;
  }

  /** One step on sequences drawn at random; the loss is that before it. */
  step() {
    const { train } = this.corpus;
    const { context } = this.settings;
    this.#fill(train, () => this.#batches.below(train.length - context));
    const { steps } = this.recipe.optimizer;
    const loss = gradients(this.network, this.#x, (logits) => this.#loss(logits, true), { step: steps });
    return { loss, ...this.recipe.step() };
  }

  /** The loss on windows of the held-out text, the same ones every time, in nats per character. */
  heldOutLoss(): number {
    const { heldOut } = this.corpus;
    const { batch, context } = this.settings;
    const windows = HELD_OUT_BATCHES * batch;
    let [window, sum] = [0, 0];
    for (let i = 0; i < HELD_OUT_BATCHES; i++) {
      this.#fill(heldOut, () => Math.floor((window++ / windows) * (heldOut.length - context)));
      sum += this.#loss(this.network.forward(this.#x, { training: false }), false);
    }
    return sum / HELD_OUT_BATCHES;
  }

  /** Sequences that begin at the positions that `next` gives; each predicts the same moved by one. */
  #fill(text: Uint32Array, next: () => number): void {
    const { batch, context } = this.settings;
    for (let row = 0; row < batch; row++) {
      const start = next();
      this.#x.data.set(text.subarray(start, start + context), row * context);
      this.#targets.data.set(text.subarray(start + 1, start + context + 1), row * context);
    }
  }

  /** The mean loss; when training, the logits become its gradient. */
  #loss(logits: View, training: boolean): number {
    const rows = logits.reshape([this.tokensPerStep, this.corpus.vocabulary.length]);
    const gradient = training ? { gradient: rows } : {};
    return crossEntropy(rows, this.#targets, { losses: this.#losses, ...gradient });
  }
}
