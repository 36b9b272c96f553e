/** What stands here for each optimizer of tfjs: the table of docs/guides/your-own-gradients.md, as functions. */
import * as tf from "@tensorflow/tfjs-core";
import { Adadelta, Adagrad, Adam, Adamax, load, RMSprop, SGD, schedules } from "simd-optim";
import { tfjsOptimizer } from "simd-optim/tfjs";

const rt = await load();

/** Classes by the names that tfjs has for its own. */
export const classes = {
  SGDOptimizer: tfjsOptimizer(tf, rt, SGD),
  MomentumOptimizer: tfjsOptimizer(tf, rt, SGD),
  AdagradOptimizer: tfjsOptimizer(tf, rt, Adagrad),
  AdadeltaOptimizer: tfjsOptimizer(tf, rt, Adadelta),
  AdamOptimizer: tfjsOptimizer(tf, rt, Adam),
  AdamaxOptimizer: tfjsOptimizer(tf, rt, Adamax),
  RMSPropOptimizer: tfjsOptimizer(tf, rt, RMSprop),
};

/** As the functions of tf.train, with their arguments and defaults. */
export const train = {
  sgd: (lr: number) => new classes.SGDOptimizer({ lr }),
  momentum: (lr: number, momentum: number, nesterov = false) =>
    new classes.MomentumOptimizer({ lr, momentum, nesterov }),
  adagrad: (lr: number, initialAccumulatorValue = 0.1) =>
    new classes.AdagradOptimizer({ lr, initialAccumulatorValue, eps: 1e-7, epsPlace: "inside" }),
  adadelta: (lr = 0.001, rho = 0.95, eps = 1e-7) => new classes.AdadeltaOptimizer({ lr, rho, eps }),
  adam: (lr = 0.001, beta1 = 0.9, beta2 = 0.999, eps = 1e-7) =>
    new classes.AdamOptimizer({ lr, betas: [beta1, beta2], eps }),
  adamax: (rate = 0.002, beta1 = 0.9, beta2 = 0.999, eps = 1e-7, decay = 0) => {
    const lr = decay === 0 ? rate : schedules.inversePower({ eta: rate / decay, t0: 1 / decay });
    return new classes.AdamaxOptimizer({ lr, betas: [beta1, beta2], eps });
  },
  rmsprop: (lr: number, alpha = 0.9, momentum = 0, eps = 1e-7, centered = false) =>
    new classes.RMSPropOptimizer({ lr, alpha, momentum, eps, epsPlace: "inside", centered }),
};
