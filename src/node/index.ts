/** Files on disk, for Node and whatever has node:fs. */
export { loadCheckpoint, loadParametersFile, saveCheckpoint, saveSafetensors } from "./checkpointFile.ts";
