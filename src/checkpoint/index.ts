/** Runs and parameters as files: checkpoints, safetensors, and optimizer state as torch keeps it. */
export type { ByteSource, Readable } from "./byteSource.ts";
export type { Dtype } from "./fileTypes.ts";
export type { Parts } from "./format.ts";
export { type LoadParametersOptions, loadParameters, type ParametersReport } from "./loadParameters.ts";
export { type CheckpointReport, type ReadCheckpointOptions, readCheckpoint } from "./read.ts";
export {
  type ReadTensor,
  readSafetensors,
  Safetensors,
  type SafetensorsContent,
  type WriteTensor,
} from "./safetensors.ts";
export { readTorchState, type TorchStateOptions, writeTorchState } from "./torchState.ts";
export { writeCheckpoint } from "./write.ts";
