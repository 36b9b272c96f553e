/** Writes the table of optimizers in README.md, and how many there are, from the sources. With --check, fails if it is not up to date. */
import { readFileSync, writeFileSync } from "node:fs";
import * as losses from "../src/losses/index.ts";
import * as penalties from "../src/losses/penalty.ts";
import type { Options } from "../src/optim/define/option.ts";
import type { OptimizerSpec } from "../src/optim/define/spec.ts";
import * as optim from "../src/optim/index.ts";

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

const counts = `${specs.length} optimizers and ${Object.keys(losses).length - Object.keys(penalties).length} losses`;

/** Puts a text between the marks of its name. */
function put(page: string, name: string, text: string): string {
  const marked = new RegExp(`(<!-- ${name} -->)[\\s\\S]*?(<!-- /${name} -->)`);
  return page.replace(marked, (_, open: string, close: string) => `${open}${text}${close}`);
}

const readme = readFileSync("README.md", "utf8");
const updated = put(put(readme, "counts", counts), "catalogue", `\n${table}\n`);

if (!process.argv.includes("--check")) writeFileSync("README.md", updated);
else if (updated !== readme) {
  console.error('README.md: the table of optimizers or a count is out of date; run "npm run catalogue"');
  process.exitCode = 1;
}
