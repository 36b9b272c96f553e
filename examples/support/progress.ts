/** How far a long job is: a bar on a terminal; elsewhere a plain line now and then, or nothing. */
import { type Options, SingleBar } from "cli-progress";
import { count } from "./count.ts";

interface Progress {
  readonly advance: Advance;
  /** Removes the bar. */
  stop(): void;
}

/** `note` says how it goes; without one, nothing is printed except on a terminal. */
export type Advance = (done: number, note?: string) => void;

const LINES = 10;

/** Does a job while showing how far it is, and leaves the terminal as it was however the job ends. */
export async function withProgress<T>(title: string, total: number, job: (advance: Advance) => Promise<T>): Promise<T> {
  const { advance, stop } = process.stdout.isTTY ? bar(title, total) : lines(total);
  try {
    return await job(advance);
  } finally {
    stop();
  }
}

function bar(title: string, total: number): Progress {
  const options: Options = {
    format: "{title} {bar} {value}/{total}  {note}  {eta_formatted} left",
    barCompleteChar: "\u2588",
    barIncompleteChar: "\u2591",
    barsize: 24,
    stream: process.stdout,
    clearOnComplete: true,
    // Nothing about the terminal is changed, so that nothing is left changed if the process is killed.
    hideCursor: false,
    linewrap: true,
    gracefulExit: false,
    formatValue: (value, _options, type) => (type === "value" || type === "total" ? count(value) : String(value)),
  };
  const single = new SingleBar(options);
  single.start(total, 0, { title: title.padEnd(11), note: "" });
  return {
    advance: (done, note = "") => single.update(done, { note }),
    stop: () => single.stop(),
  };
}

function lines(total: number): Progress {
  const every = Math.ceil(total / LINES);
  const width = count(total).length;
  return {
    advance: (done, note) => {
      if (note === undefined || (done % every !== 0 && done !== total)) return;
      console.log(`  ${count(done).padStart(width)}/${count(total)}  ${note}`);
    },
    stop: () => {},
  };
}
