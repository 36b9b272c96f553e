export { Adam, AdamW } from "./adam.ts";
export { Lion } from "./lion.ts";
export { SGD } from "./sgd.ts";
export { Signum } from "./signum.ts";
