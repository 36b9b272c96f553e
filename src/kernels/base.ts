import { type Base, base as signatures } from "#wasm/kernels.js";
import { type Kernel, type Rows, tableOf } from "./row.ts";
import { generalRows } from "./table/general.ts";
import { optimRows } from "./table/optim.ts";

/** What optimizers and parameters need. Its build comes with the engine. */
export const baseTable: Readonly<Record<keyof Base, Kernel>> = /* @__PURE__ */ tableOf(signatures, {
  ...generalRows,
  ...optimRows,
} satisfies Rows<keyof Base>);
