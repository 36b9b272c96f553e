import { checkBoolean, checkInteger, checkKeys, refuse } from "../core/check.ts";
import { gradNorm } from "../gradients/clip.ts";
import { findNonFinite } from "../gradients/nonFinite.ts";
import { normsChoice, type StepOptions } from "../optim/define/measure.ts";
import { checkSteppable, refuseOption, type Steppable } from "../optim/define/steppable.ts";
import type { OptimizerState } from "../state/savedState.ts";
import { SnapshotRing } from "../state/snapshots.ts";
import { setClipping } from "../tensor/gradientScale.ts";
import { type Parameter, selected } from "../tensor/parameters.ts";
import { checkStatistics, SpikeDetector, type SpikeStatistics } from "./spikeDetector.ts";
import { type BatchRange, type GuardReport, planOf, type SpikeGuardOptions } from "./spikePolicy.ts";

type Outcome = Omit<GuardReport, "loss" | "batch" | "consecutive">;

/** All that going back restores. */
interface Snapshot<S> extends SpikeStatistics {
  readonly accepted: number;
  /** The batch that comes next. */
  readonly batch: number;
  readonly values: readonly Float32Array[];
  readonly inner: S;
}

export interface SpikeGuardState<S> extends SpikeStatistics {
  /** The state of the optimizer inside. */
  readonly inner: S;
  /** Steps that were accepted so far. */
  readonly accepted: number;
  /** The batch that comes next. */
  readonly batch: number;
  /** Bad batches in a row. */
  readonly consecutive: number;
  /** Batches to leave out. */
  readonly skip: BatchRange;
  /** What going back may restore, oldest first. */
  readonly snapshots: readonly Snapshot<S>[];
}

/**
 * Guards an optimizer against loss spikes. `step({ loss })` looks at the loss and the gradient norm before anything is
 * updated. A batch is bad if one of them is not finite, if the norm is above `maxNorm`, or if, from `warmup` accepted
 * steps on, one is above its ratio to the running median over the last `window` accepted steps. For a bad batch,
 *
 * - "skip" leaves the step out: as if the batch had never come.
 * - "clip" clips the gradients to `clipRatio` times the median norm, and at most to `maxNorm`, and steps. What is not
 *   finite is left out.
 * - "rollback" puts parameters, optimizer and medians back to a snapshot from at least `stepsBack` accepted steps ago,
 *   or the oldest there is. A batch that is bad right where a snapshot was taken is left out instead. The report says
 *   to which step and batch training went back. The same batches would end in the same spike: something must change.
 * - "batchSkip" does the same, and says which batches to leave out: `skipBatches` from there, and at least through the
 *   bad one. A batch among them that comes all the same is left out.
 *
 * The last two are what A. Chowdhery et al., "PaLM: scaling language modeling with pathways" (2022), section 5.1, did
 * by hand: restart about 100 steps earlier, and skip about 200 to 500 batches. Snapshots are taken before the first
 * step and after every `snapshotEvery` accepted ones, into memory allocated at once: see `SpikeGuard.bytes`.
 *
 * The norm is the 2-norm before any clipping. Clipping that waits for the step is kept, where it clips more. A loss
 * with a median of 0 or less, such as a log-density's, is only looked at for being finite.
 */
export class SpikeGuard<S = OptimizerState> {
  /** The optimizer that takes the steps. */
  readonly inner: Steppable<S>;
  readonly #parameters: readonly Parameter[];
  readonly #plan: ReturnType<typeof planOf>;
  readonly #detector: SpikeDetector;
  readonly #ring: SnapshotRing<Snapshot<S>> | undefined;
  #accepted = 0;
  #batch = 0;
  #consecutive = 0;
  #skip: BatchRange = { from: 0, to: 0 };

  constructor(inner: Steppable<S>, options: SpikeGuardOptions = {}) {
    checkSteppable("inner", inner);
    this.#plan = planOf(options);
    this.#detector = new SpikeDetector(options);
    this.inner = inner;
    this.#parameters = selected(
      "inner.groups",
      inner.groups.flatMap(({ params }) => params),
    );
    if (this.#parameters.length === 0) refuse("inner.groups", inner.groups, "at least one parameter");
    const { heap } = this.#parameters[0]!.collection.engine;
    const { snapshots } = this.#plan;
    this.#ring = snapshots > 0 ? new SnapshotRing(heap, this.#snapshot(0), snapshots) : undefined;
  }

  /** The bytes of snapshots that `new` with these arguments would allocate; 0 for "skip" and "clip". */
  static bytes<S>(inner: Steppable<S>, options: SpikeGuardOptions = {}): number {
    checkSteppable("inner", inner);
    const values = inner.groups.flatMap(({ params }) => params.map(({ data }) => data));
    return SnapshotRing.bytes([values, inner.stateDict({ copy: false })], planOf(options).snapshots);
  }

  /** Bytes of the inner state and of the snapshots. */
  get bytes(): number {
    return this.inner.bytes + (this.#ring?.bytes ?? 0);
  }

  /** The groups of the optimizer inside. */
  get groups(): Steppable["groups"] {
    return this.inner.groups;
  }

  /** @internal Refused: it is an option of groups. */
  set lr(value: never) {
    refuseOption("lr", value);
  }

  /** Updates applied so far, less those that were taken back. */
  get steps(): number {
    return this.inner.steps;
  }

  /**
   * Steps, or does what the policy says. `loss` is that of the batch whose gradients are in place; `batch` is its
   * number, one more than that of the last call unless it is given. The rest is for the step that is taken, if one is.
   */
  step(given: { loss: number; batch?: number } & StepOptions): GuardReport {
    checkKeys("step", given, ["loss", "batch", "norms"]);
    const { loss, batch = this.#batch, ...options } = given;
    if (typeof loss !== "number") refuse("loss", loss, "a number");
    checkInteger("batch", batch, `[0, ${Number.MAX_SAFE_INTEGER}]`);
    normsChoice(options);
    if (this.#ring?.count === 0) this.#ring.save(this.#snapshot(batch));
    const outcome = this.#act(loss, batch, options);
    this.#batch = batch + 1;
    const report = { loss, batch, consecutive: this.#consecutive, ...outcome };
    if (report.action !== "step") this.#plan.onEvent?.(report);
    return report;
  }

  /** Sets the gradients to 0, as the optimizer inside does. */
  zeroGrad(): void {
    this.inner.zeroGrad();
  }

  /**
   * A copy of the state, snapshots included: loaded, it continues bit for bit, and goes back as far. Without them it is
   * as small as that of the optimizer, and the first snapshot is taken where training goes on.
   */
  stateDict(options: { snapshots?: boolean } = {}): SpikeGuardState<S> {
    checkKeys("stateDict", options, ["snapshots"]);
    const { snapshots = true } = options;
    checkBoolean("snapshots", snapshots);
    const ring = snapshots ? this.#ring : undefined;
    return {
      inner: this.inner.stateDict(),
      ...this.#detector.statistics,
      accepted: this.#accepted,
      batch: this.#batch,
      consecutive: this.#consecutive,
      skip: this.#skip,
      snapshots: Array.from({ length: ring?.count ?? 0 }, (_, i) => ring!.at(i, { copy: true })),
    };
  }

  /**
   * Takes over a saved state; one that does not fit throws, and then nothing has changed. `strict` is for the optimizer
   * inside, whose report is returned; snapshots must be of the same arrays.
   */
  loadStateDict(saved: SpikeGuardState<S>, options?: { strict?: boolean }): unknown {
    if (saved === null || typeof saved !== "object") refuse("state", saved, "what stateDict() returned");
    checkProgress("state", saved);
    checkInteger("state.consecutive", saved.consecutive, "[0, inf)");
    checkInteger("state.skip.from", saved.skip?.from, "[0, inf)");
    checkInteger("state.skip.to", saved.skip?.to, "[0, inf)");
    if (!Array.isArray(saved.snapshots)) refuse("state.snapshots", saved.snapshots, "a list of snapshots");
    const snapshots = this.#ring ? saved.snapshots : [];
    for (const [i, snapshot] of snapshots.entries()) {
      this.#ring?.check(`state.snapshots[${i}]`, snapshot);
      checkProgress(`state.snapshots[${i}]`, snapshot);
    }
    const report = this.#loadInner([...snapshots, saved], options);
    this.#ring?.keep(0);
    for (const snapshot of snapshots) this.#ring?.save(snapshot);
    this.#detector.statistics = saved;
    this.#accepted = saved.accepted;
    this.#batch = saved.batch;
    this.#consecutive = saved.consecutive;
    this.#skip = { from: saved.skip.from, to: saved.skip.to };
    return report;
  }

  /** Frees the snapshots and the inner optimizer. */
  dispose(): void {
    this.#ring?.dispose();
    this.inner.dispose();
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Loads the last inner state, after the others have shown that they could be: otherwise, nothing has changed. */
  #loadInner(states: readonly { inner: S }[], options: { strict?: boolean } | undefined): unknown {
    const before = this.inner.stateDict();
    try {
      return states.map(({ inner }) => this.inner.loadStateDict(inner, options)).at(-1);
    } catch (error) {
      this.inner.loadStateDict(before);
      throw error;
    }
  }

  #act(loss: number, batch: number, options: StepOptions): Outcome {
    const { from, to } = this.#skip;
    if (batch >= from && batch < to) {
      return this.#leaveOut({ cause: "skipBatches", reason: `batches ${from} to ${to - 1} are to be left out` });
    }
    const trained = this.#parameters.filter(({ frozen }) => !frozen);
    const norm = gradNorm(trained);
    const nonFinite = Number.isFinite(norm) ? undefined : findNonFinite(trained)?.text;
    const spike = this.#detector.judge(loss, norm, nonFinite);
    if (!spike) {
      this.#consecutive = 0;
      return { ...this.#apply(batch, loss, norm, options), gradNorm: norm };
    }
    this.#consecutive++;
    const { policy, skipBatches } = this.#plan;
    if (policy === "clip" && spike.cause !== "nonFinite") {
      // The loss of a spike in the loss stays out of its median.
      const outcome = this.#clip(trained, batch, spike.cause === "lossRatio" ? undefined : loss, norm, options);
      return { ...spike, ...outcome, gradNorm: norm };
    }
    const found = { ...spike, gradNorm: norm, ...(nonFinite === undefined ? {} : { nonFinite }) };
    const restored = this.#goBack();
    if (!restored) return this.#leaveOut(found);
    const outcome = { ...this.#leaveOut(found), action: policy, restored };
    if (policy === "rollback") return outcome;
    this.#skip = { from: restored.batch, to: Math.max(restored.batch + skipBatches, batch + 1) };
    return { ...outcome, skipBatches: this.#skip };
  }

  /** Lets the optimizer step. A loss that is undefined does not enter the statistics. */
  #apply(batch: number, loss: number | undefined, norm: number, options: StepOptions): Outcome {
    const report = this.inner.step(options);
    if (!report.applied) return { ...report, action: "skip", cause: "optimizer" };
    this.#detector.accept(loss, norm);
    this.#accepted++;
    if (this.#accepted % this.#plan.snapshotEvery === 0) this.#ring?.save(this.#snapshot(batch + 1));
    return { ...report, action: "step" };
  }

  /** Steps with gradients clipped to a multiple of the median norm; it is this norm that enters the statistics. */
  #clip(
    trained: readonly Parameter[],
    batch: number,
    loss: number | undefined,
    norm: number,
    options: StepOptions,
  ): Outcome {
    const limit = this.#detector.limit(this.#plan.clipRatio);
    const clipping = { gradNorm: norm, coefficient: Math.min(limit / (norm + 1e-6), 1) };
    const lighter = trained.filter((parameter) => (parameter.clipping?.coefficient ?? Infinity) > clipping.coefficient);
    setClipping(lighter, clipping);
    const outcome = this.#apply(batch, loss, Math.min(norm, limit), options);
    return outcome.applied ? { ...outcome, action: "clip" } : outcome;
  }

  #leaveOut(found: Partial<Outcome>): Outcome {
    setClipping(this.#parameters, undefined);
    return { step: this.inner.steps, applied: false, action: "skip", ...found };
  }

  /** Restores the newest snapshot that is old enough, or the oldest; undefined where that would change nothing. */
  #goBack(): { step: number; batch: number } | undefined {
    const ring = this.#ring;
    if (!ring) return undefined;
    let i = ring.count - 1;
    while (i > 0 && this.#accepted - ring.at(i).accepted < this.#plan.stepsBack) i--;
    const { accepted, batch, values, inner, ...statistics } = ring.at(i);
    if (accepted === this.#accepted) return undefined;
    this.inner.loadStateDict(inner);
    for (const [k, { data }] of this.#parameters.entries()) data.set(values[k]!);
    this.#detector.statistics = statistics;
    this.#accepted = accepted;
    ring.keep(i + 1);
    return { step: this.inner.steps, batch };
  }

  /** The state as it is now, in place, for the ring to copy. */
  #snapshot(batch: number): Snapshot<S> {
    return {
      ...this.#detector.statistics,
      accepted: this.#accepted,
      batch,
      values: this.#parameters.map(({ data }) => data),
      inner: this.inner.stateDict({ copy: false }),
    };
  }
}

function checkProgress(argument: string, state: SpikeStatistics & { accepted: number; batch: number }): void {
  checkInteger(`${argument}.accepted`, state.accepted, "[0, inf)");
  checkInteger(`${argument}.batch`, state.batch, "[0, inf)");
  checkStatistics(argument, state);
}
