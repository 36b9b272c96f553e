/** What a run reports, and where to. */
export { jsonLines } from "./jsonLines.ts";
export {
  Monitor,
  type MonitorOptions,
  type MonitorRecord,
  type MonitorState,
  type Sink,
  type StepFacts,
} from "./monitor.ts";
export { GradientNoiseScale, type NoiseScaleState } from "./noiseScale.ts";
export { tensorBoard } from "./tensorBoard.ts";
