/** The figures of the report as SVG. Colours are CSS variables of the page, so that they follow light and dark. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { BACKENDS, type Row } from "./benchmark.ts";
import { Html } from "./html.ts";
import { ratioToSimd, sizeName, timeName } from "./timings.ts";
import type { History } from "./training.ts";

/** Widths to draw at, in pixels: for a desk and for a phone. */
export const WIDTHS = { wide: 860, narrow: 360 } as const;

const { document } = parseHTML("<!doctype html><html><body></body></html>");

function draw(description: string, width: number, options: Plot.PlotOptions): Html {
  const svg = Plot.plot({
    document,
    width,
    marginLeft: 58,
    marginRight: 16,
    marginTop: 30,
    marginBottom: 42,
    ...options,
  });
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", description);
  return new Html(svg.outerHTML);
}

interface Point {
  readonly step: number;
  readonly loss: number;
}

const POINTS = 400;

/** The losses of the batches, as means over equal numbers of steps, and an average over about the last twentieth. */
function trainingCurves(losses: Float64Array): { means: Point[]; smooth: Point[] } {
  const every = Math.ceil(losses.length / POINTS);
  const means: Point[] = [];
  const smooth: Point[] = [];
  let average = 0;
  let sum = 0;
  losses.forEach((loss, i) => {
    average += (loss - average) / (1 + i / 20);
    sum += loss;
    if ((i + 1) % every !== 0) return;
    means.push({ step: i + 1 - every / 2, loss: sum / every });
    smooth.push({ step: i + 1, loss: average });
    sum = 0;
  });
  return { means, smooth };
}

/** The ticks of a logarithmic axis: these multiples of each power of ten, as far as they lie between the ends. */
function logTicks(least: number, most: number, multiples: readonly number[]): number[] {
  const [first, last] = [least, most].map((end) => Math.floor(Math.log10(end))) as [number, number];
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i))
    .flatMap((decade) => multiples.map((multiple) => multiple * decade))
    .filter((tick) => tick >= least && tick <= most);
}

/** The points with losses that a logarithmic axis can show: a text learned by heart has some that are 0. */
function drawable(points: readonly Point[]): Point[] {
  return points.map(({ step, loss }) => ({ step, loss: Math.max(loss, 1e-6) }));
}

const stepAxis = (steps: number, width: number): Plot.ScaleOptions => ({
  domain: [0, steps],
  label: "optimizer step",
  labelAnchor: "center",
  labelArrow: "none",
  ticks: width / 110,
});

export function lossFigure({ losses, heldOut }: History, frequencyLoss: number, width: number): Html {
  const curves = trainingCurves(losses);
  const means = drawable(curves.means);
  const smooth = drawable(curves.smooth);
  const held = drawable(heldOut);
  const all = [...means, ...smooth, ...held].map(({ loss }) => loss);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const line = { x: "step", y: "loss" };
  return draw("Training and held-out loss by step", width, {
    height: width > 600 ? 380 : 300,
    x: stepAxis(losses.length, width),
    y: {
      type: "log",
      label: "loss (nats per character, logarithmic)",
      labelArrow: "none",
      grid: true,
      inset: 6,
      ticks: logTicks(least, most, most > 10 * least ? [1] : [1, 1.5, 2, 2.5, 3, 4, 5, 7]),
      tickFormat: "~r",
    },
    marks: [
      Plot.ruleY([frequencyLoss], { stroke: "var(--muted)", strokeDasharray: "5 4" }),
      Plot.text(["character frequencies alone"], {
        y: [frequencyLoss],
        frameAnchor: "right",
        textAnchor: "end",
        dy: -8,
        fill: "var(--muted)",
      }),
      Plot.lineY(means, { ...line, stroke: "var(--train)", strokeOpacity: 0.5, strokeWidth: 1 }),
      Plot.lineY(smooth, { ...line, stroke: "var(--train)", strokeWidth: 2 }),
      Plot.lineY(held, { ...line, stroke: "var(--held-out)", strokeWidth: 2 }),
      Plot.dot(held, { ...line, fill: "var(--held-out)", r: 2.5 }),
    ],
  });
}

export function rateFigure({ rates, losses }: History, width: number): Html {
  const every = Math.ceil(rates.length / POINTS);
  const points = [...rates].map((rate, i) => ({ step: i + 1, rate }));
  return draw("Learning rate by step", width, {
    height: width > 600 ? 220 : 200,
    x: stepAxis(losses.length, width),
    y: {
      label: "learning rate (dimensionless)",
      labelArrow: "none",
      grid: true,
      zero: true,
      nice: true,
      ticks: 4,
      tickFormat: "~f",
    },
    marks: [
      Plot.lineY(
        points.filter((_, i) => i % every === 0 || i === points.length - 1),
        { x: "step", y: "rate", stroke: "var(--rate)", strokeWidth: 2 },
      ),
      Plot.ruleY([0]),
    ],
  });
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
