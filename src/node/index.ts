/**
 * Files on disk, for Node and whatever has node:fs.
 *
 * @module simd-optim/node
 */
export { loadCheckpoint, loadParametersFile, saveCheckpoint, saveSafetensors } from "./checkpointFile.ts";
export { LogFile, openEventFile, openLog } from "./logFile.ts";
