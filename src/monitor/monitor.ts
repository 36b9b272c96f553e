import { checkInteger, checkKeys, checkNumber, isPlain, refuse } from "../core/check.ts";
import { exp } from "../core/real.ts";
import type { Norms } from "../optim/define/measure.ts";
import type { StepReport } from "../optim/define/stepReport.ts";

/**
 * Where metrics go: `wandb.log` and its like, `jsonLines(...)`, `tensorBoard(...)`, or any function. `wallTime` is in
 * seconds since 1970.
 */
export type Sink = (metrics: Record<string, number>, step: number, wallTime: number) => void;

/** Options of `Monitor`. */
export interface MonitorOptions {
  /** Where the numbers of each record go; nowhere unless they are given. */
  readonly sinks?: readonly Sink[];
  /** Steps that rates are taken over; 100 unless it is given. */
  readonly window?: number;
  /** Floating-point operations of a step, forward and backward: about 6 for each parameter and token. */
  readonly flopsPerStep?: number;
  /** What the hardware could do, in floating-point operations a second. */
  readonly peakFlops?: number;
  /** Milliseconds from any start; `performance.now` unless it is given. */
  readonly now?: () => number;
  /** Milliseconds since 1970; `Date.now` unless it is given. */
  readonly wallClock?: () => number;
}

/** What a step was, beside what the optimizer reports. */
export interface StepFacts {
  /** The mean loss, in nats where perplexity is to mean anything. */
  readonly loss?: number;
  /** Tokens in the batch, for tokens a second. */
  readonly tokens?: number;
  /** Samples in the batch, for samples a second. */
  readonly samples?: number;
  /** More numbers to record, by name: a gradient noise scale, a held-out loss. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** A step, as it is recorded. What was not reported or stated is absent. */
export interface MonitorRecord extends Partial<Norms> {
  /** Updates applied, this one included. */
  readonly step: number;
  /** As it was stated. */
  readonly loss?: number;
  /** e^loss: Infinity for a loss above 709.78. */
  readonly perplexity?: number;
  /** The learning rate of the first group. */
  readonly lr?: number;
  /** The norm of the update over that of the values after it. */
  readonly updateRatio?: number;
  /** What clipping multiplied the gradients by. */
  readonly clip?: number;
  /** The share of recent steps whose gradients were made smaller. */
  readonly clipRate?: number;
  /** Steps so far that were left out. */
  readonly skipped: number;
  /** Steps so far whose gradients or loss were found not to be finite. */
  readonly nonFinite: number;
  /** Seconds of this step: since the record before it. */
  readonly seconds: number;
  /** Over recent steps. */
  readonly tokensPerSecond?: number;
  /** Over recent steps. */
  readonly samplesPerSecond?: number;
  /** Model FLOPs utilisation over recent steps: flopsPerStep over what the hardware could have done in that time. */
  readonly mfu?: number;
  /** In the order of the groups. */
  readonly groupNorms?: readonly Norms[];
  /** By the name of the parameter. */
  readonly parameterNorms?: Readonly<Record<string, Norms>>;
  /** As they were stated. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** What is kept of a recent step. */
interface Recent {
  readonly seconds: number;
  readonly tokens: number;
  readonly samples: number;
  readonly clipped: number;
}

/** What a monitor needs to go on. */
export interface MonitorState {
  /** Steps so far that were left out. */
  readonly skipped: number;
  /** Steps so far whose gradients or loss were found not to be finite. */
  readonly nonFinite: number;
  /** What rates are taken over, oldest first. */
  readonly recent: readonly Recent[];
}

/**
 * Makes a record of every step and hands it to sinks. Norms are recorded where the step was asked for them; all else
 * costs microseconds. Sinks are called in order; what one throws is thrown to the caller after the rest have been called.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #sinks: readonly Sink[];
  readonly #window: number;
  readonly #now: () => number;
  readonly #wallClock: () => number;
  #last: number;
  #skipped = 0;
  #nonFinite = 0;
  #recent: Recent[] = [];

  constructor(options: MonitorOptions = {}) {
    checkKeys("Monitor", options, ["sinks", "window", "flopsPerStep", "peakFlops", "now", "wallClock"]);
    const { sinks = [], window = 100, flopsPerStep, peakFlops } = options;
    const { now = () => performance.now(), wallClock = () => Date.now() } = options;
    checkInteger("window", window, "[1, inf)");
    if (!Array.isArray(sinks)) refuse("sinks", sinks, "a list of functions");
    for (const [i, sink] of sinks.entries()) if (typeof sink !== "function") refuse(`sinks[${i}]`, sink, "a function");
    for (const [name, clock] of Object.entries({ now, wallClock })) {
      if (typeof clock !== "function") refuse(name, clock, "a function that gives milliseconds");
    }
    if (flopsPerStep !== undefined) checkNumber("flopsPerStep", flopsPerStep, "(0, inf)");
    if (peakFlops !== undefined) checkNumber("peakFlops", peakFlops, "(0, inf)");
    if ((flopsPerStep === undefined) !== (peakFlops === undefined)) {
      refuse("flopsPerStep, peakFlops", [flopsPerStep, peakFlops], "both or neither");
    }
    this.#options = options;
    this.#sinks = [...sinks];
    this.#window = window;
    this.#now = now;
    this.#wallClock = wallClock;
    this.#last = now();
  }

  /** Starts the clock anew, so that an evaluation or a checkpoint is not counted as part of the next step. */
  resetClock(): void {
    this.#last = this.#now();
  }

  /** Records a step and hands its numbers to the sinks. */
  record(report: StepReport, facts: StepFacts = {}): MonitorRecord {
    checkFacts(report, facts);
    const { loss, tokens, samples, metrics } = facts;
    const { step, lr, clip, gradNorm, updateNorm, paramNorm, groupNorms, parameterNorms } = report;
    const now = this.#now();
    const seconds = (now - this.#last) / 1e3;
    this.#last = now;
    if (!report.applied) this.#skipped++;
    if (report.nonFinite !== undefined || [loss, gradNorm].some((x) => x !== undefined && !Number.isFinite(x))) {
      this.#nonFinite++;
    }
    // A coefficient that is NaN has clipped, too.
    const clipped = clip === undefined || clip >= 1 ? 0 : 1;
    this.#recent.push({ seconds, tokens: tokens ?? 0, samples: samples ?? 0, clipped });
    if (this.#recent.length > this.#window) this.#recent.shift();
    const record: MonitorRecord = {
      step,
      ...present({ loss, perplexity: loss === undefined ? undefined : exp(loss), lr }),
      ...present({ gradNorm, updateNorm, paramNorm }),
      ...present({ updateRatio: updateNorm === undefined ? undefined : updateNorm / paramNorm! }),
      ...present({ clip, clipRate: clip === undefined ? undefined : this.#mean("clipped") }),
      skipped: this.#skipped,
      nonFinite: this.#nonFinite,
      seconds,
      ...this.#rates(tokens, samples),
      ...present({ groupNorms, parameterNorms, metrics }),
    };
    this.#send(record);
    return record;
  }

  /** The state as plain data; see `Stateful`. */
  stateDict(): MonitorState {
    return { skipped: this.#skipped, nonFinite: this.#nonFinite, recent: [...this.#recent] };
  }

  /** Takes over a saved state and starts the clock anew; one that does not fit throws, and then nothing has changed. */
  loadStateDict(saved: MonitorState): void {
    if (saved === null || typeof saved !== "object") refuse("state", saved, "what stateDict() returned");
    checkInteger("state.skipped", saved.skipped, "[0, inf)");
    checkInteger("state.nonFinite", saved.nonFinite, "[0, inf)");
    if (!Array.isArray(saved.recent)) refuse("state.recent", saved.recent, "a list");
    for (const [i, step] of saved.recent.entries()) {
      for (const key of ["seconds", "tokens", "samples", "clipped"] as const) {
        checkNumber(`state.recent[${i}].${key}`, step?.[key], "[0, inf)");
      }
    }
    this.#skipped = saved.skipped;
    this.#nonFinite = saved.nonFinite;
    this.#recent = saved.recent.slice(-this.#window);
    this.resetClock();
  }

  #sum(key: keyof Recent): number {
    return this.#recent.reduce((sum, step) => sum + step[key], 0);
  }

  #mean(key: keyof Recent): number {
    return this.#sum(key) / this.#recent.length;
  }

  #rates(tokens: number | undefined, samples: number | undefined) {
    const { flopsPerStep, peakFlops } = this.#options;
    const seconds = this.#sum("seconds");
    return present({
      tokensPerSecond: tokens === undefined ? undefined : this.#sum("tokens") / seconds,
      samplesPerSecond: samples === undefined ? undefined : this.#sum("samples") / seconds,
      mfu: flopsPerStep === undefined ? undefined : (flopsPerStep * this.#recent.length) / seconds / peakFlops!,
    });
  }

  #send(record: MonitorRecord): void {
    const metrics = flatten(record);
    const wallTime = this.#wallClock() / 1e3;
    const errors: unknown[] = [];
    for (const sink of this.#sinks) {
      try {
        sink({ ...metrics }, record.step, wallTime);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

/** The entries that are there. */
function present<T extends object>(entries: T) {
  const there = Object.entries(entries).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** The numbers of a record by name: "loss", "gradNorm", "gradNorm/group 0", "gradNorm/fc.weight". */
function flatten({ step: _, groupNorms = [], parameterNorms = {}, metrics, ...numbers }: MonitorRecord) {
  const parts = [...groupNorms.map((norms, i) => [`group ${i}`, norms] as const), ...Object.entries(parameterNorms)];
  const named = parts.flatMap(([name, norms]) => Object.entries(norms).map(([key, x]) => [`${key}/${name}`, x]));
  return { ...numbers, ...Object.fromEntries(named), ...metrics } as Record<string, number>;
}

/** Names of the numbers of a record, and of what sinks write beside them. */
const OWN = [
  ...["step", "time", "loss", "perplexity", "lr", "gradNorm", "updateNorm", "paramNorm", "updateRatio", "clip"],
  ...["clipRate", "skipped", "nonFinite", "seconds", "tokensPerSecond", "samplesPerSecond", "mfu"],
];

function checkFacts(report: StepReport, facts: StepFacts): void {
  if (report === null || typeof report !== "object") refuse("report", report, "what step() returned");
  checkInteger("report.step", report.step, "[0, inf)");
  checkKeys("facts", facts, ["loss", "tokens", "samples", "metrics"]);
  const { loss, tokens, samples, metrics = {} } = facts;
  if (loss !== undefined && typeof loss !== "number") refuse("loss", loss, "a number");
  if (tokens !== undefined) checkNumber("tokens", tokens, "[0, inf)");
  if (samples !== undefined) checkNumber("samples", samples, "[0, inf)");
  if (!isPlain(metrics)) refuse("metrics", metrics, "numbers by name");
  for (const [name, value] of Object.entries(metrics)) {
    if (typeof value !== "number") refuse(`metrics.${name}`, value, "a number");
    if (OWN.includes(name)) refuse(`metrics.${name}`, name, "a name that the monitor does not use itself");
  }
}
