import type { Runtime } from "../src/tensor/runtime.ts";
import { kernelSubject } from "./kernelSubject.ts";
import { type Effort, measure } from "./measure.ts";
import { bytesPerNs, figures, type Row } from "./report.ts";
import type { Subject } from "./subject.ts";
import { type Entrant, type FirstRun, givesOrdinary, runOnce, verify } from "./verify.ts";

/** Seconds of the last run of a backend, and its cost: what the next, larger one is foretold from. */
interface Known {
  readonly seconds: number;
  readonly cost: number;
}

/** A runtime, its first run if there was one, and why it is not to be timed. */
interface Entry {
  readonly runtime: Runtime;
  readonly first?: FirstRun;
  readonly skipped?: string;
}

/** Opens a subject at each size under each backend, checks it, times it, and closes it. */
export class Session {
  readonly #runtimes: readonly Runtime[];
  readonly #effort: () => Effort;
  /** Seconds that one run may take. */
  readonly #longestRun: number;
  /** The copy kernel under the first backend, by size: it takes a turn in every measurement, as a yardstick. */
  readonly #copies = new Map<number, Entrant>();

  /** `effort` is asked anew before each measurement. */
  constructor(runtimes: readonly Runtime[], effort: () => Effort, longestRun: number) {
    this.#runtimes = runtimes;
    this.#effort = effort;
    this.#longestRun = longestRun;
  }

  *time(subject: Subject, sizes: readonly number[]): Generator<Row> {
    const known = new Map<Runtime, Known>();
    for (const elements of sizes) yield* this.#timeAt(subject, elements, known);
  }

  *#timeAt(subject: Subject, elements: number, known: Map<Runtime, Known>): Generator<Row> {
    const copy = this.#copy(elements);
    const cost = subject.cost(elements);
    const entries = this.#runtimes.map((runtime) => this.#open(runtime, subject, elements, known.get(runtime)));
    const firsts = entries.flatMap(({ first }) => first ?? []);
    verify(`${subject.name} over ${elements} elements`, firsts);
    const timed = entries.flatMap(({ first, skipped }) => (first && skipped === undefined ? [first] : []));
    const spreads = measure([...timed, copy], this.#effort());
    const copySpeed = bytesPerNs(copy.trial, spreads.at(-1)!);
    const simd = spreads[timed.findIndex(({ backend }) => backend === "simd")];
    for (const { runtime, first, skipped } of entries) {
      const row = { kind: subject.kind, name: subject.name, elements, backend: runtime.backend };
      if (first === undefined || skipped !== undefined) {
        known.set(runtime, { seconds: Number.POSITIVE_INFINITY, cost });
        yield { ...row, ...(skipped === undefined ? {} : { skipped }) };
        continue;
      }
      const spread = spreads[timed.indexOf(first)]!;
      known.set(runtime, { seconds: spread.min, cost });
      yield { ...row, ...figures(first.trial, spread, copySpeed, simd), ordinary: givesOrdinary(first.trial) };
    }
    for (const { trial } of firsts) trial.dispose();
  }

  /** Opens a subject and runs it once; not, where that is foretold to take too long, and then it is not timed either. */
  #open(runtime: Runtime, subject: Subject, elements: number, before: Known | undefined): Entry {
    const expected = before ? (before.seconds * subject.cost(elements)) / before.cost : 0;
    if (expected > this.#longestRun) return { runtime, skipped: "a run would take too long" };
    const first = runOnce({ backend: runtime.backend, trial: subject.open(runtime, elements) });
    if (first.seconds <= this.#longestRun) return { runtime, first };
    return { runtime, first, skipped: `a run takes ${first.seconds.toFixed(2)} s` };
  }

  #copy(elements: number): Entrant {
    let entrant = this.#copies.get(elements);
    if (entrant === undefined) {
      const [runtime] = this.#runtimes as [Runtime];
      entrant = { backend: runtime.backend, trial: kernelSubject("copy").open(runtime, elements) };
      this.#copies.set(elements, entrant);
    }
    return entrant;
  }
}
