import { type Nn, nn as signatures } from "#wasm/kernels.js";
// By name: with `import *` a bundler that splits makes a chunk of its own for a helper, one more request.
import { module, size, text } from "#wasm/nn.js";
import { Family } from "./family.ts";
import { type Rows, tableOf } from "./row.ts";
import { layerRows } from "./table/layer.ts";
import { lossRows } from "./table/loss.ts";

/** What layers and losses need. The only export of its module, so that it is evaluated exactly where it is used. */
export const nn = /* @__PURE__ */ new Family<Nn>(
  "nn",
  /* @__PURE__ */ tableOf(signatures, { ...layerRows, ...lossRows } satisfies Rows<keyof Nn>),
  { module, size, text },
);
