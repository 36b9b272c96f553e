/** The figures of the report on one run, as SVG. */
import * as Plot from "@observablehq/plot";
import { means as meansOf, POINTS } from "../support/curves.ts";
import { draw, logTicks, stepAxis } from "../support/drawing.ts";
import type { Html } from "../support/html.ts";
import { BACKENDS, type Row } from "./benchmark.ts";
import type { History } from "./history.ts";
import { ratioToSimd, sizeName, timeName } from "./timings.ts";
import { MAX_NORM } from "./training.ts";

/** Something of each step, lower than the loss is drawn. */
function stepFigure(what: string, steps: number, width: number, y: Plot.ScaleOptions, marks: Plot.Markish[]): Html {
  return draw(`${what} by step`, width, {
    height: width > 600 ? 220 : 200,
    x: stepAxis(steps, width),
    y: { labelArrow: "none", grid: true, ...y },
    marks,
  });
}

export function rateFigure({ rates, steps }: History, width: number): Html {
  const every = Math.ceil(rates.length / POINTS);
  const points = rates.map((rate, i) => ({ step: i + 1, rate })).filter(({ rate }) => Number.isFinite(rate));
  const y = { label: "learning rate (dimensionless)", zero: true, nice: true, ticks: 4, tickFormat: "~f" };
  return stepFigure("Learning rate", steps, width, y, [
    Plot.lineY(
      points.filter((_, i) => i % every === 0 || i === points.length - 1),
      { x: "step", y: "rate", stroke: "var(--rate)", strokeWidth: 2 },
    ),
    Plot.ruleY([0]),
  ]);
}

/** The gradient norms before clipping, and the most that clipping leaves of them. */
export function gradNormFigure({ gradNorms, steps }: History, width: number): Html {
  const points = meansOf(gradNorms).filter(({ mean }) => mean > 0);
  // Up to twice the limit at least, so that there are ticks besides it.
  const norms = [MAX_NORM, 2 * MAX_NORM, ...points.map(({ mean }) => mean)];
  const [least, most] = [Math.min(...norms), Math.max(...norms)];
  const ticks = logTicks(least, most, most > 30 * least ? [1] : [1, 1.5, 2, 3, 5, 7]);
  const label = "gradient norm (2-norm, logarithmic)";
  const y = { type: "log", domain: [least, most], label, inset: 6, ticks, tickFormat: "~r" } as const;
  return stepFigure("Gradient norm", steps, width, y, [
    Plot.ruleY([MAX_NORM], { stroke: "var(--muted)", strokeDasharray: "5 4" }),
    Plot.lineY(points, { x: "step", y: "mean", stroke: "var(--train)", strokeWidth: 1.5 }),
  ]);
}

export function timingsFigure(rows: readonly Row[], width: number): Html {
  const bars = rows.flatMap((row) =>
    BACKENDS.flatMap((backend) => {
      const time = row.nanoseconds[backend];
      const ratio = ratioToSimd(row, backend);
      if (time === undefined) return [];
      const label = `${timeName(time)} ns${ratio === undefined ? "" : ` (${ratio.toFixed(1)}\u00d7)`}`;
      return [{ size: `${sizeName(row.parameters)} parameters`, backend, time, label }];
    }),
  );
  const times = bars.map(({ time }) => time);
  const least = 10 ** Math.floor(Math.log10(Math.min(...times) * 0.9));
  const most = Math.max(...times);
  const ticks = logTicks(least, most, width > 600 ? [1, 2, 5] : [1]);
  const sizes = [...new Set(bars.map(({ size }) => size))];
  return draw("Time of an AdamW step per parameter, by backend and number of parameters", width, {
    height: 60 + 92 * sizes.length,
    marginLeft: 70,
    marginRight: 110,
    x: {
      type: "log",
      domain: [least, most],
      label: "time per parameter (ns, logarithmic)",
      labelArrow: "none",
      labelAnchor: "center",
      ticks,
      tickFormat: "~r",
    },
    y: { domain: BACKENDS, label: null, padding: 0.15 },
    fy: { domain: sizes, axis: null, padding: 0.3 },
    marks: [
      Plot.gridX(ticks),
      Plot.barX(bars, { x1: least, x2: "time", y: "backend", fy: "size", fill: ({ backend }) => `var(--${backend})` }),
      Plot.text(bars, { x: "time", y: "backend", fy: "size", text: "label", textAnchor: "start", dx: 6 }),
      Plot.text(sizes, {
        fy: (size) => size,
        text: (size) => size,
        frameAnchor: "top-left",
        dx: -70,
        dy: -16,
        fontWeight: 600,
      }),
    ],
  });
}
