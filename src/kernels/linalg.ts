import { type Linalg, linalg as signatures } from "#wasm/kernels.js";
import { module, size, text } from "#wasm/linalg.js";
import { Family } from "./family.ts";
import { type Rows, tableOf } from "./row.ts";
import { linalgRows } from "./table/linalg.ts";

/** Linear algebra. */
export const linalg = /* @__PURE__ */ new Family<Linalg>(
  "linalg",
  /* @__PURE__ */ tableOf(signatures, linalgRows satisfies Rows<keyof Linalg>),
  { module, size, text },
);
