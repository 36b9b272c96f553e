/** Runs and parameters as files: checkpoints, safetensors, and optimizer state as torch keeps it. */
export type { ByteSource, Readable } from "./byteSource.ts";
export type { Parts } from "./checkpointFormat.ts";
export type { Dtype } from "./dtype.ts";
export { type LoadParametersOptions, loadParameters, type ParametersReport } from "./loadParameters.ts";
export { type CheckpointReport, type ReadCheckpointOptions, readCheckpoint } from "./readCheckpoint.ts";
export { type ReadTensor, readSafetensors, Safetensors, type WriteTensor } from "./safetensors.ts";
export { readTorchState, type TorchStateOptions, writeTorchState } from "./torchState.ts";
export { writeCheckpoint } from "./writeCheckpoint.ts";
