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
export function layerRows({ network, plan }: Trainer): LayerRow[] {
  const order = ["token", "position", "drop"];
  const rows = new Map(order.map((name) => [name, { name, parameters: 0, owned: 0, kept: 0 }]));
  const row = (name: string) => {
    const part = partOf(name);
    const found = rows.get(part) ?? { name: part, parameters: 0, owned: 0, kept: 0 };
    rows.set(part, found);
    return found;
  };
  for (const { name, size } of network.parameters) {
    const part = row(name);
    part.parameters += size;
    part.owned += 4 * 4 * size;
  }
  for (const [name, bytes] of Object.entries(plan.kept)) row(name).kept += bytes;
  return [...rows.values()].filter(({ owned, kept }) => owned + kept > 0);
}
