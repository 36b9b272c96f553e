import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Experiment, RunOptions } from "./experiment.ts";
import { drawFigure } from "./figure.ts";

/** Runs an experiment, writes its figure, prints what came out, and returns whether it is what was claimed. */
export async function perform(
  { name, description, run }: Experiment,
  folder: string,
  options?: RunOptions,
): Promise<boolean> {
  const { figure, lines, passed } = await run(options);
  mkdirSync(folder, { recursive: true });
  const file = join(resolve(folder), `${name}.svg`);
  writeFileSync(file, drawFigure(figure));
  const verdict = `${passed ? "holds" : "does not hold"}: ${description}`;
  console.log([...lines, verdict, `figure: ${file}`].join("\n"));
  return passed;
}
