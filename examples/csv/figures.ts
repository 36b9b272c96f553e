/** The figures of the report, as SVG. */
import * as Plot from "@observablehq/plot";
import { draw } from "../support/drawing.ts";
import type { Html } from "../support/html.ts";
import type { ClassificationResult, RegressionResult } from "./evaluation.ts";
import { shortened } from "./resultText.ts";

/** In pixels: the most that a character of a label takes, the height of a row, and the least width for numbers. */
const CHARACTER = 7;
const ROW = 34;
const COLUMN = 24;

/** Cells stronger the larger the share of their row; where columns are too narrow for numbers, without. */
export function confusionFigure({ confusion, scores }: ClassificationResult, width: number): Html {
  const labels = scores.map(({ label }, id) => ({ id, name: shortened(label) }));
  const cells = confusion.flatMap((row, truth) => {
    const all = row.reduce((a, b) => a + b);
    return row.map((rows, predicted) => ({ truth, predicted, rows, share: all === 0 ? 0 : rows / all }));
  });
  const longest = Math.max(...labels.map(({ name }) => name.length));
  const room = 34 + CHARACTER * longest;
  const column = (width - room) / labels.length;
  const tight = column < COLUMN;
  const tilt = tight ? -90 : CHARACTER * longest > column ? -40 : 0;
  const leaning = 0.75 * CHARACTER * longest;
  const axis = {
    type: "band",
    domain: labels.map(({ id }) => id),
    tickFormat: (id: number) => labels[id]!.name,
    tickSize: 0,
    labelArrow: "none",
    labelAnchor: "center",
  } as const;
  const above = tight ? room + 12 : tilt ? 40 + leaning : 54;
  return draw("Held-out rows by true and predicted class", width, {
    height: above + 12 + ROW * labels.length,
    marginLeft: room,
    marginTop: above,
    // The last label leans beyond its column.
    marginRight: tilt === -40 ? leaning : 16,
    marginBottom: 12,
    x: {
      ...axis,
      axis: "top",
      label: "predicted class",
      labelOffset: above - 8,
      tickRotate: tilt,
      padding: 0.04,
    },
    y: { ...axis, label: "true class", labelOffset: room - 8, padding: 0.04 },
    marks: [
      Plot.cell(cells, { x: "predicted", y: "truth", fill: "var(--edge)", fillOpacity: 0.35 }),
      Plot.cell(cells, {
        x: "predicted",
        y: "truth",
        fill: ({ truth, predicted }) => (truth === predicted ? "var(--train)" : "var(--held-out)"),
        fillOpacity: ({ share }) => 0.6 * share,
      }),
      Plot.text(
        cells.filter(({ rows }) => rows > 0 && !tight),
        { x: "predicted", y: "truth", text: "rows", fill: "var(--text)", fontWeight: 600 },
      ),
    ],
  });
}

/** Points of a figure, at most. */
const MOST_POINTS = 2000;

/** A point for each row, or for some spread evenly among very many; on the line, prediction and truth are equal. */
export function predictionFigure({ truth, predicted }: RegressionResult, label: string, width: number): Html {
  const every = Math.ceil(truth.length / MOST_POINTS);
  const points = [...truth].map((value, i) => ({ value, predicted: predicted[i]! })).filter((_, i) => i % every === 0);
  const all = points.flatMap((point) => [point.value, point.predicted]);
  const domain = [Math.min(...all), Math.max(...all)] as const;
  const axis = {
    domain,
    nice: true,
    labelAnchor: "center",
    labelArrow: "none",
    grid: true,
    ticks: width / 130,
  } as const;
  return draw("Predicted against true values of the held-out rows", width, {
    height: width > 600 ? 520 : 340,
    marginLeft: 72,
    x: { ...axis, label: `true ${label}` },
    y: { ...axis, label: `predicted ${label}` },
    marks: [
      Plot.line(
        [domain, domain].map((ends, i) => ({ at: ends[i]! })),
        { x: "at", y: "at", stroke: "var(--muted)", strokeDasharray: "5 4" },
      ),
      Plot.dot(points, { x: "value", y: "predicted", fill: "var(--held-out)", fillOpacity: 0.6, r: 3 }),
    ],
  });
}
