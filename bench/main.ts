/** Times every kernel and every optimizer under each backend. */
import { writeFileSync } from "node:fs";
import { Command } from "commander";
import type { Backend } from "../src/kernels/engine.ts";
import { kernelNames } from "../src/kernels/table.ts";
import { load } from "../src/tensor/runtime.ts";
import { BACKENDS, backendList, positive, whole, wholeList } from "./arguments.ts";
import { describeEnvironment, environment } from "./environment.ts";
import { kernelSubject } from "./kernelSubject.ts";
import { type Effort, maxTimeWithin } from "./measure.ts";
import { optimizerSubjects } from "./optimizerSubject.ts";
import { type Row, Table } from "./report.ts";
import { Session } from "./session.ts";

/** Elements that fit in a first, second and third level cache, and that do not fit in any. */
const SIZES = [2 << 10, 64 << 10, 1 << 20, 16 << 20];
/** Elements of the matrices of a product: sides of 64 to 512. */
const PRODUCT_SIZES = [64, 128, 256, 512].map((side) => side * side);
/** Sizes that a quick run leaves out at the end of each list. */
const QUICK = 2;

const command = new Command("bench")
  .description("Times every kernel and every optimizer under each backend, after checking that all give the same bits.")
  .option("--filter <text>", "only kernels and optimizers whose name contains this")
  .option("--backend <names>", "backends, separated by commas", backendList, [...BACKENDS])
  .option("--sizes <elements>", "sizes of arrays, separated by commas, for everything", wholeList)
  .option("--quick", "the smaller half of the sizes, and less time", false)
  .option("--minutes <number>", "about how long a whole run may take (default: 8, quick: 1.2)", positive)
  .option("--rounds <number>", "turns that the backends take at each size (default: 3, quick: 2)", whole)
  .option("--min-samples <number>", "samples of a turn, at least (Benchmark.js)", whole, 3)
  .option("--max-time <seconds>", "a turn ends after this (Benchmark.js; default: from --minutes)", positive)
  .option("--max-run <seconds>", "skip where a single run takes longer than this", positive, 0.1)
  .option("--json <file>", "also write the figures to a file")
  .parse();

interface Settings {
  filter?: string;
  backend: Backend[];
  sizes?: number[];
  quick: boolean;
  minutes?: number;
  rounds?: number;
  minSamples: number;
  maxTime?: number;
  maxRun: number;
  json?: string;
}

const settings = command.opts<Settings>();
const { quick, rounds = quick ? 2 : 3, minutes = quick ? 1.2 : 8 } = settings;
const runtimes = await Promise.all(settings.backend.map((backend) => load({ backend })));
const wanted = settings.filter?.toLowerCase() ?? "";
const subjects = [...kernelNames.map(kernelSubject), ...optimizerSubjects(runtimes[0]!)].filter(({ name }) =>
  name.toLowerCase().includes(wanted),
);
if (subjects.length === 0) command.error(`error: no kernel or optimizer has "${settings.filter}" in its name`);

/** No measurement is worth more seconds than this, however few there are. */
const longest = quick ? 0.2 : 1;
const usual = (sizes: readonly number[]) => (quick ? sizes.slice(0, -QUICK) : sizes);
const plan = subjects.map((subject) => ({
  subject,
  sizes: settings.sizes ?? usual(subject.product ? PRODUCT_SIZES : SIZES),
}));
const expectedRows = plan.reduce((sum, { sizes }) => sum + sizes.length * runtimes.length, 0);
const rows: Row[] = [];

/** An equal share of the time that is left for each row that is left, and for the copy that goes with each few. */
function effort(): Effort {
  const perRow = (deadline - performance.now()) / 1e3 / Math.max(expectedRows - rows.length, 1);
  const share = (perRow * runtimes.length) / (runtimes.length + 1);
  const maxTime = settings.maxTime ?? maxTimeWithin(Math.min(longest, share) / rounds);
  return { rounds, minSamples: settings.minSamples, maxTime };
}

const deadline = performance.now() + 60_000 * minutes;
const session = new Session(runtimes, effort, settings.maxRun);

const where = environment();
const table = new Table(subjects.map(({ name }) => name));
console.log(describeEnvironment(where));
console.log(
  "ns/element is of the fastest sample, and so are the other figures; median is ns/element of the middle one.",
);
console.log("GB/s counts what is read once, written once and updated twice; the copy kernel at the same size is 1.00.");
console.log("(Memory also reads what is only written: past the caches, what updates in place can be above 1.)\n");
console.log(table.heading());
for (const { subject, sizes } of plan) {
  for (const row of session.time(subject, sizes)) {
    console.log(table.row(row));
    rows.push(row);
  }
}
if (settings.json !== undefined) {
  writeFileSync(settings.json, `${JSON.stringify({ environment: where, settings, rows }, undefined, 2)}\n`);
}
