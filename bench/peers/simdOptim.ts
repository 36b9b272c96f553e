import { Adam, crossEntropy, Linear, load, Network, ReLU, Sequential, type View } from "../../src/index.ts";
import { BATCH, BETAS, CLASSES, type Contestant, EPS, HIDDEN, INPUTS, LEARNING_RATE, type Task } from "./task.ts";

/** Fills a weight [outputs, inputs] from one that is [inputs, outputs]. */
function transposed(source: Float32Array, inputs: number, outputs: number): Float32Array {
  return Float32Array.from(source, (_, at) => source[(at % inputs) * outputs + Math.floor(at / inputs)]!);
}

export async function simdOptim(task: Task): Promise<Contestant> {
  const rt = await load();
  const start = (values: Float32Array) => (value: View) => value.data.set(values);
  const hidden = new Linear(INPUTS, HIDDEN, { start: start(transposed(task.weight1, INPUTS, HIDDEN)) });
  const output = new Linear(HIDDEN, CLASSES, { start: start(transposed(task.weight2, HIDDEN, CLASSES)) });
  const network = new Network(rt, new Sequential({ hidden, relu: new ReLU(), output }));
  const optimizer = new Adam(network.parameters, { lr: LEARNING_RATE, betas: BETAS, eps: EPS });
  const images = rt.tensor([BATCH, INPUTS], { values: task.images });
  const labels = rt.tensor([BATCH], { type: "u32", values: task.labels });

  return {
    name: `simd-optim (${rt.backend})`,
    step() {
      optimizer.zeroGrad();
      const logits = network.forward(images, { step: optimizer.steps });
      const loss = crossEntropy(logits, labels, { gradient: logits });
      network.backward(logits);
      optimizer.step();
      return loss;
    },
  };
}
