/** Files on disk, for Node and whatever has node:fs. */
export { LogFile, openEventFile, openLog } from "./logFile.ts";
