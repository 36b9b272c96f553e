/** The optimizers as a page: rule, options, state and source of each, from their specs. */

import type { Options } from "../../src/optim/define/option.ts";
import type { OptimizerSpec } from "../../src/optim/define/spec.ts";
import * as optim from "../../src/optim/index.ts";
import { toTex } from "./formula.ts";

export type Spec = OptimizerSpec<Options, string, string>;

/** A default as one would write it; JSON has no Infinity. */
const written = (value: unknown) => (typeof value === "number" ? String(value) : JSON.stringify(value));

/** Options with their defaults and ranges, and what they mean where that is known. */
export function optionTable({ options }: Spec, meanings?: ReadonlyMap<string, string>): string {
  const columns = ["option", "default", "allowed", ...(meanings ? ["meaning"] : [])];
  const rows = Object.entries(options).map(([name, option]) => [
    `\`${name}\``,
    `\`${written(option.default)}\``,
    option.expected,
    ...(meanings ? [meanings.get(name)!] : []),
  ]);
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [columns, columns.map(() => "---"), ...rows].map(line).join("\n");
}

export function stateLine({ state }: Spec): string {
  const slots = Object.keys(state).map((slot) => `\`${slot}\``);
  return `State: ${slots.join(", ") || "none"}.`;
}

function section(spec: Spec): string {
  const lines = spec.rule.split(/; +/).map((line) => `&${toTex(line)}`);
  return [
    `## ${spec.name}`,
    `\`\`\`math\n\\begin{aligned}${lines.join("\\\\\n")}\\end{aligned}\n\`\`\``,
    optionTable(spec),
    `${stateLine(spec)} ${spec.cites}. All about it: {@link "simd-optim".${spec.name} | ${spec.name}}.`,
  ].join("\n\n");
}

/** The page, in Markdown. */
export function catalogue(): string {
  const specs = Object.values(optim).map(({ spec }) => spec as unknown as Spec);
  return [
    "# Optimizers",
    "Rules in short; what stands in a page of its own is exact. g is the gradient, p the parameter, a hat corrects a mean " +
      "for its start from 0. Numbers may be schedules. Every optimizer also takes `maximize` and `nonFinite`.",
    ...specs.map(section),
  ].join("\n\n");
}
