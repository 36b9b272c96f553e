/**
 * Times checkpoints against what node:fs does with a plain buffer of the same size, in turns, and looks at how far the
 * memory of the process grows meanwhile. Writes go to the disk on both sides (fsync).
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { load } from "../src/index.ts";
import { loadCheckpoint, saveCheckpoint } from "../src/node/index.ts";
import { AdamW } from "../src/optim/index.ts";
import { whole } from "./arguments.ts";
import { describeEnvironment, environment } from "./environment.ts";
import { interleave, type Spread, secondsEach } from "./spread.ts";

const { mib, rounds, folder } = new Command("bench:checkpoint")
  .description("Times checkpoints against plain reads and writes of the same size.")
  .option("--mib <number>", "size of the checkpoint", whole, 1024)
  .option("--rounds <number>", "turns of each side", whole, 5)
  .option("--folder <path>", "where to write, on the disk to be measured", "out-bench-")
  .parse()
  .opts<{ mib: number; rounds: number; folder: string }>();

const MIB = 2 ** 20;
const TARGETS = { speed: 0.8, memory: 64 };

const rt = await load();
// A parameter, and two arrays of state: a third each.
const params = rt.parameters({ weight: [Math.round((mib * MIB) / 12 / 1024), 1024] });
const optimizer = new AdamW(params);
params.get("weight").grad.fill(1);
optimizer.step();
const parts = { model: params, optimizer };

/** Mebibytes that the peak of resident memory grows by. */
function growth(run: () => unknown): number {
  const before = process.resourceUsage().maxRSS;
  run();
  return (process.resourceUsage().maxRSS - before) / 1024;
}

const scratch = mkdtempSync(folder);
try {
  const [ours, plain] = [join(scratch, "ours"), join(scratch, "plain")];
  // Before there is any other memory of that size.
  const grown = { write: growth(() => saveCheckpoint(ours, parts)), read: growth(() => loadCheckpoint(ours, parts)) };
  const { size } = statSync(ours);
  const buffer = new Uint8Array(size).fill(1);
  const save = () => saveCheckpoint(ours, parts);
  const write = () => writeFileSync(plain, buffer, { flush: true });
  const afresh = (path: string, run: () => void) => () => {
    rmSync(path, { force: true });
    return secondsEach(1, run);
  };
  const onTop = (run: () => void) => () => secondsEach(1, run);
  const contests = [
    { name: "write a new file", grown: grown.write, us: afresh(ours, save), fs: afresh(plain, write) },
    { name: "replace a file", grown: grown.write, us: onTop(save), fs: onTop(write) },
    {
      name: "read",
      grown: grown.read,
      us: onTop(() => void loadCheckpoint(ours, parts)),
      fs: onTop(() => void readFileSync(plain)),
    },
  ];
  console.log(describeEnvironment(environment()));
  console.log(
    `A checkpoint of ${(size / MIB).toFixed(0)} MiB, ${rounds} turns: MiB/s of the fastest, and of the median.`,
  );
  console.log("A checkpoint takes the old file's place at the end; fs writes over it.\n");
  for (const { name, grown, us, fs } of contests) {
    const [mine, theirs] = interleave(rounds, us, fs) as [Spread, Spread];
    const speeds = ({ min, median }: Spread) =>
      [min, median].map((seconds) => (size / MIB / seconds).toFixed(0)).join(", ");
    const ratio = theirs.min / mine.min;
    const verdict = ratio >= TARGETS.speed && grown < TARGETS.memory ? "met" : "missed";
    console.log(`${name}: ours ${speeds(mine)}; fs ${speeds(theirs)}; ${grown.toFixed(1)} MiB more memory`);
    console.log(
      `  ${(100 * ratio).toFixed(0)} % (median ${((100 * theirs.median) / mine.median).toFixed(0)} %) of fs` +
        `   target >= ${100 * TARGETS.speed} %, < ${TARGETS.memory} MiB: ${verdict}`,
    );
  }
} finally {
  rmSync(scratch, { recursive: true });
}
