import { spawnSync } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { Heap } from "../../src/memory/heap.ts";
import { AdamW, SGD } from "../../src/optim/index.ts";
import type { Parameters } from "../../src/tensor/parameters.ts";
import { load } from "../../src/tensor/runtime.ts";
import { fillFloats } from "../inputs.ts";
import { secondsEach } from "../spread.ts";
import type { Variant } from "./compile.ts";

/** A rule that both sides step by. */
export interface Rule {
  readonly name: string;
  /** What the C program calls it. */
  readonly argument: string;
  readonly make: (params: Parameters) => { step(): unknown };
}

export const RULES: readonly Rule[] = [
  { name: "AdamW", argument: "adamw", make: (params) => new AdamW(params, { lr: 1e-3, weightDecay: 0.01 }) },
  { name: "SGD momentum", argument: "sgd", make: (params) => new SGD(params, { lr: 1e-3, momentum: 0.9 }) },
];

/** How much one turn of either side measures: samples of so many steps. */
export interface Turn {
  readonly parameters: number;
  readonly steps: number;
  readonly samples: number;
  /** How much of the time of which variant of the C program ours may take. */
  readonly target: { readonly variant: Variant; readonly atMost: number };
}

/**
 * Where the C program's arrays lie. "plain": an allocation each, which puts large arrays at the same offset in their
 * pages. "staggered": one after the other as our heap lays them out.
 */
export const PLACEMENTS = ["plain", "staggered"] as const;
export type Placement = (typeof PLACEMENTS)[number];

/** One turn of the C program in a process of its own: nanoseconds per parameter. */
export function nativeTurn(program: string, rule: Rule, placement: Placement, turn: Turn): number[] {
  const { parameters, steps, samples } = turn;
  const pitch = placement === "plain" ? 0 : Heap.footprint(4 * parameters);
  const values = [rule.argument, ...[parameters, pitch, steps, samples].map(String)];
  const { status, stdout, stderr } = spawnSync(program, values, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${values.join(" ")} failed: ${stderr}`);
  return stdout.trim().split("\n").map(Number);
}

/** Milliseconds after which a loop has long been compiled by the better of an engine's compilers. */
const WARM_UP = 80;

/** One turn of the package in a memory of its own: nanoseconds per parameter. */
export async function wasmTurn(rule: Rule, { parameters, steps, samples }: Turn): Promise<number[]> {
  const runtime = await load({ backend: "simd" });
  const params = runtime.parameters({ weight: [parameters] });
  const weight = params.get("weight");
  fillFloats(weight.data, 0);
  fillFloats(weight.grad, 1);
  const optimizer = rule.make(params);
  // Touches memory, and lets the engine finish compiling.
  for (const start = performance.now(); performance.now() - start < WARM_UP; ) optimizer.step();
  await setTimeout(WARM_UP / 2);
  return Array.from({ length: samples }, () => (1e9 * secondsEach(steps, () => optimizer.step())) / parameters);
}

/** Samples of one side. */
export interface Side {
  readonly name: string;
  readonly samples: number[];
}

/** Samples of the C program, compiled and laid out in one way. */
export interface NativeSide extends Side {
  readonly variant: Variant;
  readonly placement: Placement;
}

/** Rounds of turns: the package, then the C program in each variant and placement. */
export async function contest(
  programs: Record<Variant, string>,
  rule: Rule,
  turn: Turn,
  rounds: number,
): Promise<{ ours: Side; theirs: NativeSide[] }> {
  const ours: Side = { name: "this package, simd", samples: [] };
  const theirs = (["wide", "narrow"] as const).flatMap((variant) =>
    PLACEMENTS.map((placement): NativeSide => {
      const name = `C, ${variant === "wide" ? "widest" : "128-bit"} lanes, ${placement}`;
      return { name, samples: [], variant, placement };
    }),
  );
  for (let round = 0; round < rounds; round++) {
    ours.samples.push(...(await wasmTurn(rule, turn)));
    for (const { samples, variant, placement } of theirs) {
      samples.push(...nativeTurn(programs[variant], rule, placement, turn));
    }
  }
  return { ours, theirs };
}
