/** Files on disk, for Node and whatever has node:fs. */
export { loadCheckpoint, loadParametersFile, saveCheckpoint, saveSafetensors } from "./checkpointFile.ts";
export { LogFile, openEventFile, openLog } from "./logFile.ts";
