export { AdaBelief } from "./adaBelief.ts";
export { AdaBound } from "./adaBound.ts";
export { Adam, AdamW } from "./adam.ts";
export { Lion } from "./lion.ts";
export { SGD } from "./sgd.ts";
export { Signum } from "./signum.ts";
