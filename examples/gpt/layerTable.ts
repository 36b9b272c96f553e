/** What each part of the model takes. */
import type { Trainer } from "./trainer.ts";

export interface LayerRow {
  /** "token", "block.0", "head". */
  readonly name: string;
  readonly parameters: number;
  /** Bytes of values, gradients and the two averages of AdamW. */
  readonly owned: number;
  /** Bytes kept from the forward to the backward pass. */
  readonly kept: number;
}

/** "block.0.mlp.up.weight" belongs to "block.0", "token.weight" to "token". */
function partOf(name: string): string {
  return /^block\.\d+|^[^.]+/.exec(name)![0];
}

/** A row for each block and for what is around them, in the order of the pass. */
export function layerRows({ network, plan }: Pick<Trainer, "network" | "plan">): LayerRow[] {
  const rows = new Map<string, { -readonly [K in keyof LayerRow]: LayerRow[K] }>();
  const rowOf = (layer: string) => {
    const name = partOf(layer);
    const row = rows.get(name) ?? { name, parameters: 0, owned: 0, kept: 0 };
    rows.set(name, row);
    return row;
  };
  for (const { name, size } of network.parameters) {
    const row = rowOf(name);
    row.parameters += size;
    row.owned += 4 * 4 * size;
  }
  for (const [name, bytes] of Object.entries(plan.kept)) rowOf(name).kept += bytes;
  return [...rows.values()];
}
