/** Prints the milliseconds from load() to the end of the first step, in the process that this is. Uses the build. */
import { AdamW, load } from "../dist/index.js";

const start = performance.now();
const runtime = await load({ backend: "simd" });
const params = runtime.parameters({ "a.weight": [256, 784], "a.bias": [256], "b.weight": [10, 256], "b.bias": [10] });
for (const { grad } of params) grad.fill(0.5);
new AdamW(params, { lr: 1e-3 }).step();
console.log(performance.now() - start);
