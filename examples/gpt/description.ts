/** A run in words. */
import type { Runtime } from "simd-optim";
import { count, rounded } from "../support/count.ts";
import { type Description, describeMachine } from "../support/print.ts";
import type { Story } from "./story.ts";
import type { Trainer } from "./trainer.ts";

/** A number of bytes as people read it: 12.3 MB, of 10^6 bytes each. */
export function bytes(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} MB`;
  return value >= 1e3 ? `${(value / 1e3).toFixed(1)} kB` : `${value} bytes`;
}

/** The losses of those who know less than a model should learn. */
export interface Baselines {
  /** How frequent each character is. */
  readonly frequency: number;
  /** How frequent each pair is. */
  readonly pair: number;
}

interface Facts {
  readonly peakFlops: number;
  readonly checkpoint: string;
  readonly baselines: Baselines;
}

/** What is known before the first step: names and values, printed and listed in the report. */
export function describeRun(
  runtime: Runtime,
  trainer: Trainer,
  { peakFlops, checkpoint, baselines }: Facts,
): Description {
  const { settings, corpus, network, recipe, plan } = trainer;
  const { layers, width, heads, context, batch, dropout, recompute, steps, seed } = settings;
  const characters = count(corpus.train.length + corpus.heldOut.length);
  const size = count(corpus.vocabulary.length);
  const extras = [...(dropout > 0 ? [`dropout ${dropout}`] : []), ...(recompute ? ["blocks recomputed"] : [])];
  const parameters = `${count(network.parameters.size)} parameters`;
  const { parameters: values, activations, workspace } = plan;
  return [
    ["text", `${corpus.title}: ${characters} characters, ${size} in the vocabulary; the last tenth is held out`],
    ["model", [`${layers} blocks of width ${width} and ${heads} heads`, parameters, ...extras].join(", ")],
    ["training", `${count(steps)} steps on ${batch} sequences of ${context} characters each`],
    ["optimizer", `AdamW, lr ${recipe.schedule}, clip ${recipe.clip}`],
    ["baselines", `${rounded(baselines.frequency)} by characters, ${rounded(baselines.pair)} by pairs of them`],
    [
      "memory",
      `${bytes(trainer.predictedBytes)} predicted: ${bytes(values)} of parameters and gradients, ` +
        `${bytes(recipe.optimizer.bytes)} of AdamW, ${bytes(activations)} of activations, ${bytes(workspace)} of workspace`,
    ],
    ["matrix product", `${(peakFlops / 1e9).toFixed(1)} GFLOP/s, measured`],
    ["seed", String(seed)],
    ["checkpoint", checkpoint],
    ...describeMachine(runtime),
  ];
}

export interface SpeedWords {
  readonly step: string;
  readonly tokens: string;
  readonly flops: string;
  /** Of the measured rate of the matrix product. */
  readonly share: string;
}

/** How fast a run was, over all of it. */
export function speedWords(trainer: Trainer, { losses, seconds }: Story, peakFlops: number): SpeedWords {
  const perStep = seconds / losses.length;
  const rate = trainer.flopsPerStep / perStep;
  return {
    step: `${(1e3 * perStep).toFixed(1)} ms a step`,
    tokens: `${count(Math.round(trainer.tokensPerStep / perStep))} tokens a second`,
    flops: `${(rate / 1e9).toFixed(1)} GFLOP/s`,
    share: `${((100 * rate) / peakFlops).toFixed(0)} %`,
  };
}
