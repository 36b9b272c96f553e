/** Sets the package's steps against the same steps in C, then its other targets. */
import { Command } from "commander";
import { whole } from "../arguments.ts";
import { describeEnvironment, environment } from "../environment.ts";
import { formatCount } from "../report.ts";
import { spreadOf } from "../spread.ts";
import { timeTargets } from "../targets.ts";
import { compile } from "./compile.ts";
import { contest, RULES, type Turn } from "./contest.ts";

const TURNS: readonly Turn[] = [
  { parameters: 64 << 10, steps: 50, samples: 10, target: { variant: "narrow", atMost: 1 } },
  { parameters: 16 << 20, steps: 1, samples: 6, target: { variant: "wide", atMost: 1.12 } },
];

const command = new Command("bench:native")
  .description("Times steps against the same steps in C, in turns, then what else this package promises.")
  .option("--rounds <number>", "turns of each side", whole, 12)
  .option("--no-c", "leave the comparison with C out")
  .parse();

function line(name: string, cells: readonly string[]): string {
  return `  ${name.padEnd(34)}${cells.map((cell) => cell.padStart(9)).join("")}`.trimEnd();
}

async function compareWithC(rounds: number): Promise<void> {
  const compiled = compile();
  if ("reason" in compiled) {
    console.log(`No comparison with C: ${compiled.reason}.\n`);
    return;
  }
  console.log(`C by ${compiled.compiler}; ${rounds} rounds of turns, each in a fresh process or memory.`);
  console.log("Nanoseconds of a step for each parameter, and ours as a multiple of C's.\n");
  for (const turn of TURNS) {
    const { variant, atMost } = turn.target;
    for (const rule of RULES) {
      const { ours, theirs } = await contest(compiled.programs, rule, turn, rounds);
      const us = spreadOf(ours.samples);
      console.log(`${rule.name}, ${formatCount(turn.parameters)} parameters`);
      console.log(line("", ["min", "median", "ratio", "median"]));
      console.log(line(ours.name, [us.min.toFixed(3), us.median.toFixed(3)]));
      for (const { name, samples, variant: lanes } of theirs) {
        const them = spreadOf(samples);
        const ratios = [us.min / them.min, us.median / them.median].map((ratio) => ratio.toFixed(2)) as [
          string,
          string,
        ];
        const verdict = `   target <= ${atMost.toFixed(2)}: ${Number(ratios[0]) <= atMost ? "met" : "missed"}`;
        const figures = line(name, [them.min.toFixed(3), them.median.toFixed(3), ...ratios]);
        console.log(figures + (lanes === variant ? verdict : ""));
      }
      console.log();
    }
  }
}

const { rounds, c } = command.opts<{ rounds: number; c: boolean }>();
console.log(describeEnvironment(environment()));
if (c) await compareWithC(rounds);
await timeTargets();
