export { Adagrad } from "./adagrad.ts";
export { Adam, AdamW } from "./adam.ts";
export { RMSprop } from "./rmsprop.ts";
export { SGD } from "./sgd.ts";
