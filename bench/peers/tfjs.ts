import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { BATCH, BETAS, CLASSES, type Contestant, EPS, HIDDEN, INPUTS, LEARNING_RATE, type Task } from "./task.ts";

/** On one of the two backends that train without a GPU; the WebAssembly one is single-threaded in Node. */
export async function tfjs(backend: "cpu" | "wasm", task: Task): Promise<Contestant> {
  await tf.setBackend(backend);
  const weight1 = tf.variable(tf.tensor2d(task.weight1, [INPUTS, HIDDEN]));
  const bias1 = tf.variable(tf.tensor1d(task.bias1));
  const weight2 = tf.variable(tf.tensor2d(task.weight2, [HIDDEN, CLASSES]));
  const bias2 = tf.variable(tf.tensor1d(task.bias2));
  const images = tf.tensor2d(task.images, [BATCH, INPUTS]);
  const targets = tf.oneHot(tf.tensor1d(task.labels, "int32"), CLASSES);
  const optimizer = tf.train.adam(LEARNING_RATE, ...BETAS, EPS);

  const loss = () => {
    const hidden = tf.relu(tf.add(tf.matMul(images, weight1), bias1));
    const logits = tf.add(tf.matMul(hidden, weight2), bias2);
    return tf.losses.softmaxCrossEntropy(targets, logits) as tf.Scalar;
  };
  return {
    name: `tfjs (${backend})`,
    prepare: () => tf.setBackend(backend),
    step: () => tf.tidy(() => optimizer.minimize(loss, true)!.dataSync()[0]!),
  };
}
