export { Adafactor } from "./adafactor.ts";
export { Adam, AdamW } from "./adam.ts";
export { AGD } from "./agd.ts";
export { Prodigy, ProdigyDA, ProdigyGD } from "./prodigy.ts";
export { ScheduleFreeAdamW, ScheduleFreeRAdam, ScheduleFreeSGD } from "./scheduleFree.ts";
export { SGD } from "./sgd.ts";
