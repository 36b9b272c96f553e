/** `npm run experiment NAME`: runs one, writes out/experiments/NAME.svg, and fails if its claim does not hold. */
import { mup } from "./mup.ts";
import { perform } from "./perform.ts";

const experiments = [mup];
const [name] = process.argv.slice(2);
const experiment = experiments.find((candidate) => candidate.name === name);
if (experiment) {
  process.exitCode = (await perform(experiment, "out/experiments")) ? 0 : 1;
} else {
  const list = experiments.map(({ name, description }) => `  ${name.padEnd(12)}${description}`);
  console.error(["usage: npm run experiment NAME", ...list].join("\n"));
  process.exitCode = 2;
}
