/** The picture of schedules that `--plot-schedule` writes: one SVG that stands alone, in light and dark. */
import * as Plot from "@observablehq/plot";
import { type NamedSchedule, parseSchedule } from "simd-optim";
import { writeOutput } from "../support/command.ts";
import { draw, standalone, stepAxis, WIDTHS } from "../support/drawing.ts";
import { curveStroke, THEME } from "../support/style.ts";

/** Where a picture ends whose schedules go on for ever. */
const USUAL_STEPS = 1000;
/** Steps shown, at most: more than there are pixels. */
const SAMPLES = 2000;
/** In pixels. */
const HEIGHT = 320;
const LEGEND_LINE = 18;
/** Characters of an expression on one line, at most. */
const LINE_LENGTH = 112;

/** Reads the expressions, draws what they make into a file, and prints its path. */
export function plotSchedules(expressions: readonly string[], steps: number | undefined, folder: string): void {
  const drawn = expressions.map(parseSchedule);
  writeOutput(folder, "schedule", "schedule.svg", `${scheduleFigure(drawn, steps ?? horizonOf(drawn))}\n`);
}

/** As many steps as show everything that the schedules do, if they come to an end or repeat themselves. */
function horizonOf(drawn: readonly NamedSchedule[]): number {
  return Math.max(...drawn.map(({ horizon }) => horizon ?? USUAL_STEPS)) || USUAL_STEPS;
}

/** The values of schedules from step 0 to `steps`, with their expressions above. */
export function scheduleFigure(drawn: readonly NamedSchedule[], steps: number): string {
  const every = Math.max(1, Math.ceil(steps / SAMPLES));
  const sampled = Array.from({ length: Math.floor(steps / every) + 1 }, (_, i) => i * every);
  const shown = sampled.at(-1) === steps ? sampled : [...sampled, steps];
  const legend = drawn.flatMap((schedule, i) => folded(`${schedule}`).map((text) => ({ text, curve: i + 1 })));
  const marginTop = LEGEND_LINE * (legend.length + 1);
  const marginLeft = 70;
  const figure = draw("Values of schedules by step", WIDTHS.wide, {
    height: HEIGHT + marginTop,
    marginTop,
    marginLeft,
    style: { background: "var(--page)", color: "var(--text)", fontSize: "12px" },
    x: stepAxis(steps, WIDTHS.wide),
    y: { label: "value", labelAnchor: "center", labelArrow: "none", grid: true, zero: true, nice: true },
    marks: [
      Plot.ruleY([0]),
      ...drawn.map((schedule, i) =>
        Plot.lineY(
          shown.map((step) => ({ step, value: schedule(step) })),
          { x: "step", y: "value", ...curveStroke(i + 1) },
        ),
      ),
      ...legend.map(({ text, curve }, i) =>
        Plot.text([text], {
          text: (expression: string) => expression,
          frameAnchor: "top-left",
          textAnchor: "start",
          dx: 8 - marginLeft,
          dy: LEGEND_LINE * i + 10 - marginTop,
          fill: `var(--curve-${curve})`,
          monospace: true,
        }),
      ),
    ],
  });
  return standalone(figure, THEME);
}

/** An expression in lines that are not too long, the following ones indented, broken after commas. */
function folded(expression: string): string[] {
  const lines: string[] = [];
  let current = "";
  for (const part of expression.split(/(?<=, )/)) {
    if (current !== "" && current.length + part.length > LINE_LENGTH) {
      lines.push(current.trimEnd());
      current = "  ";
    }
    current += part;
  }
  return [...lines, current];
}
