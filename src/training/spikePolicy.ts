import { checkChoice, checkInteger, checkKeys, checkNumber, refuse } from "../core/check.ts";
import type { StepReport } from "../optim/define/stepReport.ts";
import type { Spike, SpikeThresholds } from "./spikeDetector.ts";

const OPTIONS = [
  ...["policy", "window", "warmup", "lossRatio", "normRatio", "maxNorm"],
  ...["clipRatio", "stepsBack", "snapshotEvery", "skipBatches", "onEvent"],
];
const POLICIES = ["skip", "clip", "rollback", "batchSkip"] as const;
/** What to do about a bad batch: see `SpikeGuard`. */
export type SpikePolicy = (typeof POLICIES)[number];

export interface SpikeGuardOptions extends SpikeThresholds {
  /** "skip" unless it is given. */
  policy?: SpikePolicy;
  /** "clip": the multiple of the median norm that gradients are clipped to; 1 unless it is given. */
  clipRatio?: number;
  /** "rollback" and "batchSkip": accepted steps to go back, at least; 100 unless it is given. */
  stepsBack?: number;
  /** Accepted steps from one snapshot to the next; half of `stepsBack` unless it is given. */
  snapshotEvery?: number;
  /** "batchSkip": batches to leave out, from the one that the restored state would see next; 200 unless it is given. */
  skipBatches?: number;
  /** Called with the report of every step in which the guard acted, after everything else. */
  onEvent?: (report: GuardReport) => void;
}

/** Batches from `from` up to, but not including, `to`. */
export interface BatchRange {
  /** The first batch. */
  readonly from: number;
  /** The batch after the last. */
  readonly to: number;
}

/** What the guard did with a batch, and what the optimizer did if it took a step. */
export interface GuardReport extends StepReport {
  /** "step" for a step as any other; otherwise what was done, which may be less than the policy says. */
  readonly action: "step" | SpikePolicy;
  /** Why: "skipBatches" for a batch that an earlier report said to leave out, "optimizer" for the optimizer's reason. */
  readonly cause?: Spike["cause"] | "skipBatches" | "optimizer";
  /** The cause in words and numbers. */
  readonly reason?: string;
  /** The loss that was given. */
  readonly loss: number;
  /** The number of the batch. */
  readonly batch: number;
  /** Bad batches in a row, this one included: for a caller that wants to give up. */
  readonly consecutive: number;
  /** Where training stands after going back: updates applied, and the batch that was seen next the first time. */
  readonly restored?: { readonly step: number; readonly batch: number };
  /** Batches to leave out, some of which have been seen. */
  readonly skipBatches?: BatchRange;
}

/** Checks the options that are the guard's own, and counts the snapshots that they need. */
export function planOf(options: SpikeGuardOptions) {
  checkKeys("SpikeGuard", options, OPTIONS);
  const { policy = "skip", clipRatio = 1, stepsBack = 100, skipBatches = 200, onEvent } = options;
  checkChoice("policy", policy, POLICIES);
  checkNumber("clipRatio", clipRatio, "(0, inf)");
  checkInteger("stepsBack", stepsBack, "[1, inf)");
  const { snapshotEvery = Math.ceil(stepsBack / 2) } = options;
  checkInteger("snapshotEvery", snapshotEvery, "[1, inf)");
  checkInteger("skipBatches", skipBatches, "[0, inf)");
  if (onEvent !== undefined && typeof onEvent !== "function") refuse("onEvent", onEvent, "a function");
  const goesBack = policy === "rollback" || policy === "batchSkip";
  // Right after a snapshot, the one that is `stepsBack` old must still be there.
  const snapshots = goesBack ? Math.ceil(stepsBack / snapshotEvery) + 1 : 0;
  return { policy, clipRatio, snapshotEvery, stepsBack, skipBatches, onEvent, snapshots };
}
