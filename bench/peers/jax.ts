import { defaultDevice, type Array as JaxArray, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { BATCH, BETAS, CLASSES, type Contestant, EPS, HIDDEN, INPUTS, LEARNING_RATE, type Task } from "./task.ts";

type Floats = Float32Array<ArrayBuffer>;
type Weights = { weight1: JaxArray; bias1: JaxArray; weight2: JaxArray; bias2: JaxArray };

/** Mean cross-entropy. As everywhere in jax-js, a function uses up its arguments. */
function lossOf({ weight1, bias1, weight2, bias2 }: Weights, images: JaxArray, targets: JaxArray): JaxArray {
  const hidden = nn.relu(np.matmul(images, weight1).add(bias1));
  const logits = np.matmul(hidden, weight2).add(bias2);
  return nn
    .logSoftmax(logits)
    .mul(targets)
    .sum()
    .mul(-1 / BATCH);
}

/** The whole step as one function to compile. `rate` is lr / (1 - beta1^t), and `correction` 1 / sqrt(1 - beta2^t). */
function train(
  weights: Weights,
  first: Weights,
  second: Weights,
  rate: JaxArray,
  correction: JaxArray,
  images: JaxArray,
  targets: JaxArray,
): [JaxArray, Weights, Weights, Weights] {
  const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(weights), images, targets);
  const [beta1, beta2] = BETAS;
  const average = (beta: number) => (m: JaxArray, g: JaxArray) => m.mul(beta).add(g.mul(1 - beta));
  const squares = tree.map((g: JaxArray) => np.square(g), tree.ref(gradients)) as Weights;
  const m = tree.map(average(beta1), first, gradients as Weights) as Weights;
  const v = tree.map(average(beta2), second, squares) as Weights;
  const moved = (p: JaxArray, m: JaxArray, v: JaxArray) =>
    p.sub(m.mul(rate.ref).div(np.sqrt(v).mul(correction.ref).add(EPS)));
  const next = tree.map(moved, weights, tree.ref(m), tree.ref(v)) as Weights;
  tree.dispose([rate, correction]);
  return [loss, next, m, v];
}

export function jax(task: Task): Contestant {
  const compiled = jit(train);
  const array = (values: Floats, ...shape: number[]) => np.array(values, { shape });
  const images = array(task.images, BATCH, INPUTS);
  const targets = nn.oneHot(np.array(task.labels), CLASSES);
  let weights: Weights = {
    weight1: array(task.weight1, INPUTS, HIDDEN),
    bias1: array(task.bias1, HIDDEN),
    weight2: array(task.weight2, HIDDEN, CLASSES),
    bias2: array(task.bias2, CLASSES),
  };
  const zeros = () => tree.map((p: JaxArray) => np.zeros(p.shape), weights) as Weights;
  let [first, second] = [zeros(), zeros()];
  let t = 0;

  return {
    name: `jax-js (${defaultDevice()}, jit)`,
    step() {
      t++;
      const rate = np.array(LEARNING_RATE / (1 - BETAS[0] ** t));
      const correction = np.array(1 / Math.sqrt(1 - BETAS[1] ** t));
      let loss: JaxArray;
      [loss, weights, first, second] = compiled(weights, first, second, rate, correction, images.ref, targets.ref);
      // Work is put off until something is read: the update is done as part of the next step.
      return loss.item();
    },
  };
}
