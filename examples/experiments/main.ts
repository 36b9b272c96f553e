/** `npm run experiment NAME [SEED]`: runs one, writes out/experiments/NAME.svg, and fails if its claim does not hold. */
import { batch } from "./batch.ts";
import { decay } from "./decay.ts";
import { doubleDescent } from "./doubleDescent.ts";
import { grokking } from "./grokking.ts";
import { minima } from "./minima.ts";
import { mup } from "./mup.ts";
import { perform } from "./perform.ts";
import { sparse } from "./sparse.ts";
import { warmup } from "./warmup.ts";
import { wsd } from "./wsd.ts";
import { zipf } from "./zipf.ts";

const experiments = [batch, decay, doubleDescent, grokking, minima, mup, sparse, warmup, wsd, zipf];
const [name, seed] = process.argv.slice(2);
const experiment = experiments.find((candidate) => candidate.name === name);
const wrongSeed = seed !== undefined && !/^\d{1,15}$/.test(seed);
if (experiment && !wrongSeed) {
  const options = seed === undefined ? {} : { seed: Number(seed) };
  process.exitCode = (await perform(experiment, "out/experiments", options)) ? 0 : 1;
} else {
  if (wrongSeed) console.error(`seed: got ${seed}, expected a whole number`);
  const list = experiments.map(({ name, description }) => `  ${name.padEnd(16)}${description}`);
  console.error(["usage: npm run experiment NAME [SEED]", ...list].join("\n"));
  process.exitCode = 2;
}
