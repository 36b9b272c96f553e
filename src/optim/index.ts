export { Adadelta } from "./adadelta.ts";
export { Adagrad } from "./adagrad.ts";
export { Adam, AdamW } from "./adam.ts";
export { Adamax } from "./adamax.ts";
export { NAdam } from "./nadam.ts";
export { RAdam } from "./radam.ts";
export { RMSprop } from "./rmsprop.ts";
export { Rprop } from "./rprop.ts";
export { SGD } from "./sgd.ts";
