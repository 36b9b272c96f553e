/** Writes the table of optimizers in README.md from their specs. With --check, fails if it is not up to date. */
import { readFileSync, writeFileSync } from "node:fs";
import * as optim from "../src/optim/index.ts";
import type { Options } from "../src/option.ts";
import type { OptimizerSpec } from "../src/spec.ts";

/** A default as one would write it; JSON has no Infinity. */
function written(value: unknown): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}

function row({ name, rule, cites, options, state }: OptimizerSpec<Options, string, string>): string {
  const defaults = Object.entries(options).map(([key, option]) => `\`${key}\` ${written(option.default)}`);
  const slots = Object.keys(state).map((slot) => `\`${slot}\``);
  return `| **${name}** | ${rule.replaceAll("|", "\\|")} | ${defaults.join(", ")} | ${slots.join(", ") || "none"} | ${cites} |`;
}

const specs = Object.values(optim).map(({ spec }) => spec as unknown as OptimizerSpec<Options, string, string>);
const table = ["| | rule | options | state | source |", "|---|---|---|---|---|", ...specs.map(row)].join("\n");

const readme = readFileSync("README.md", "utf8");
const marked = /(<!-- catalogue -->\n)[\s\S]*?(<!-- \/catalogue -->)/;
const updated = readme.replace(marked, (_, open: string, close: string) => `${open}${table}\n${close}`);

if (!process.argv.includes("--check")) writeFileSync("README.md", updated);
else if (updated !== readme) {
  console.error('README.md: the table of optimizers is out of date; run "npm run catalogue"');
  process.exitCode = 1;
}
