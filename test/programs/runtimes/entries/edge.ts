/** For edge-runtime: leaves a promise of the outcomes where its host looks for it. */
import { everyBackend } from "../program.ts";

Object.assign(globalThis, { outcomes: everyBackend() });
