export { AdaBelief } from "./adaBelief.ts";
export { AdaBound } from "./adaBound.ts";
export { Adam, AdamW } from "./adam.ts";
export { Adan } from "./adan.ts";
export { AdEMAMix } from "./ademamix.ts";
export { Lion } from "./lion.ts";
export { NAGGS } from "./nagGs.ts";
export { SGD } from "./sgd.ts";
export { Signum } from "./signum.ts";
