/** Threads: each has a runtime of its own, and what passes between them is plain data. Uses the build. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { AdamW, load } from "../../src/index.ts";

const entry = new URL("../../dist/index.js", import.meta.url).href;

/** A worker that takes a state and a module, steps twice more, and posts where it came to. */
const script = `
  const { parentPort, workerData } = require("node:worker_threads");
  import("${entry}").then(async ({ AdamW, load }) => {
    const rt = await load(workerData.module ? { module: workerData.module } : {});
    const params = rt.parameters({ weight: [5] });
    params.get("weight").data.set(workerData.values);
    params.get("weight").grad.fill(1);
    const opt = new AdamW(params, { lr: 0.1 });
    opt.loadStateDict(workerData.state);
    for (let i = 0; i < 2; i++) opt.step();
    parentPort.postMessage({ backend: rt.backend, reason: rt.reason, values: params.get("weight").data.slice() });
  });
`;

const simd = new WebAssembly.Module(readFileSync(new URL("../../build/simd.wasm", import.meta.url)));

test.each([undefined, simd])("a run goes on in a worker, bit for bit (module: %s)", async (module) => {
  const params = (await load()).parameters({ weight: [5] });
  const { data, grad } = params.get("weight");
  grad.fill(1);
  const opt = new AdamW(params, { lr: 0.1 });
  opt.step();
  const workerData = { module, state: opt.stateDict(), values: data.slice() };
  const worker = new Worker(script, { eval: true, workerData });
  const [answer] = await once(worker, "message");
  await worker.terminate();
  for (let i = 0; i < 2; i++) opt.step();
  expect(answer).toEqual({
    backend: "simd",
    reason: module ? "the module that was passed" : "this runtime has SIMD",
    values: data,
  });
});
