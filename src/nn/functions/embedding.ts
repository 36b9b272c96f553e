import { refuse } from "../../core/check.ts";
import { nn } from "../../kernels/nn.ts";
import { checkView, engineOf, type View } from "../../tensor/tensor.ts";
import { checkIndices } from "../elements.ts";

function checkEmbedding(table: View, index: View<"u32">, rows: View, name: string): { height: number; width: number } {
  const engine = engineOf(name, rows);
  checkView("table", table, engine, "f32");
  if (table.shape.length !== 2) refuse("table", table.shape, "two axes", "SHAPE_MISMATCH");
  const [height, width] = table.shape as [number, number];
  checkView("index", index, engine, "u32");
  if (rows.size !== index.size * width) {
    refuse(name, rows.shape, `${index.size} rows of ${width} elements`, "SHAPE_MISMATCH");
  }
  checkIndices("index", index, height);
  return { height, width };
}

/** out[i, :] = table[index[i], :] */
export function embedding(table: View, index: View<"u32">, out: View): void {
  const { height, width } = checkEmbedding(table, index, out, "out");
  nn.of(out.engine).gatherRows(table.pointer, index.pointer, out.pointer, index.size, width, height);
}

/** dTable[index[i], :] += dOut[i, :], in the order of i. */
export function embeddingBackward(dOut: View, index: View<"u32">, dTable: View): void {
  const { height, width } = checkEmbedding(dTable, index, dOut, "dOut");
  nn.of(dOut.engine).scatterAddRows(dOut.pointer, index.pointer, dTable.pointer, index.size, width, height);
}
