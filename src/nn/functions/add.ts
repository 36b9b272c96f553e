import { refuse } from "../../core/check.ts";
import { advanced } from "../../memory/elementType.ts";
import { checkView, engineOf, type View } from "../../tensor/tensor.ts";

/** y += x: how a residual connection joins its branch. Its gradient is that of y for both. */
export function addTo(x: View, y: View): void {
  const engine = engineOf("y", y);
  checkView("x", x, engine, "f32", y.shape);
  engine.unchecked.axpy(x.pointer, y.pointer, y.size, 1);
}

function stepsOf(table: View, x: View, name: "x" | "dx"): { sequences: number; size: number } {
  checkView("table", table, engineOf(name, x), "f32");
  if (table.shape.length !== 2) refuse("table", table.shape, "two axes", "SHAPE_MISMATCH");
  const [height, width] = table.shape as [number, number];
  const [context, channels] = x.shape.slice(-2) as [number, number];
  if (x.shape.length < 2 || context > height || channels !== width) {
    refuse(name, x.shape, `sequences of at most ${height} rows of ${width} elements`, "SHAPE_MISMATCH");
  }
  return { sequences: x.size / (context * channels), size: context * channels };
}

/** x[.., t, :] += table[t, :] for x [.., context, width] and a table of at least as many rows: learned positions. */
export function addPositions(table: View, x: View): void {
  const { sequences, size } = stepsOf(table, x, "x");
  const { axpy } = x.engine.unchecked;
  for (let i = 0; i < sequences; i++) axpy(table.pointer, advanced(x.pointer, i * size), size, 1);
}

/** dTable[t, :] += dx[.., t, :], sequence after sequence. */
export function addPositionsBackward(dx: View, dTable: View): void {
  const { sequences, size } = stepsOf(dTable, dx, "dx");
  const { axpy } = dx.engine.unchecked;
  for (let i = 0; i < sequences; i++) axpy(advanced(dx.pointer, i * size), dTable.pointer, size, 1);
}
