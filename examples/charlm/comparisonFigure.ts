/** The figure of a comparison, as SVG. */
import * as Plot from "@observablehq/plot";
import { drawable, trainingCurves } from "../support/curves.ts";
import { draw, lossAxis, lossRules, MARGINS, stepAxis } from "../support/drawing.ts";
import type { Html } from "../support/html.ts";
import { curveStroke } from "../support/style.ts";
import { type Entry, finalLoss, ranked } from "./comparisonTable.ts";

/** An entry and the number of its colour, from 1. */
export interface Curve extends Entry {
  readonly colour: number;
}

const TRAINING = "training batches, smoothed";
const HELD_OUT = "held-out text";
/** In pixels: heights, room above panels for their titles, and the most that a character of a name takes. */
const HEIGHT = 420;
const STACKED_HEIGHT = 660;
const TITLES = 52;
const CHARACTER = 8.6;
/** From one name to the next, in pixels. */
const SPACING = 15;

/** Training on the left and held out on the right of the same axis or, where that is too narrow, above each other. */
export function comparisonFigure(curves: readonly Curve[], frequencyLoss: number, width: number): Html {
  const wide = width > 600;
  const steps = curves[0]!.history.losses.length;
  const drawn = curves.map(({ history, ...curve }) => ({
    ...curve,
    training: drawable(trainingCurves(history.losses).smooth),
    heldOut: drawable(history.heldOut),
  }));
  // What comes before the model knows the frequencies would squeeze the rest.
  const least = Math.min(
    ...drawn.flatMap(({ training, heldOut }) => [...training, ...heldOut].map(({ loss }) => loss)),
  );
  const most = 1.15 * Math.max(frequencyLoss, ...curves.map(finalLoss));
  const panel = (name: string) => (wide ? { fx: () => name } : { fy: () => name });
  const place = { x: "step", y: "loss", clip: true } as const;
  const panels = { domain: [TRAINING, HELD_OUT], axis: null, padding: 0.13 };
  const y = lossAxis(least, most);
  return draw("Smoothed training loss and held-out loss by step, for each optimizer", width, {
    height: wide ? HEIGHT : STACKED_HEIGHT,
    marginTop: TITLES,
    marginRight: wide ? 12 + CHARACTER * Math.max(...curves.map(({ name }) => name.length)) : MARGINS.marginRight,
    x: stepAxis(steps, wide ? width / 2 : width),
    y,
    ...(wide ? { fx: panels } : { fy: panels }),
    marks: [
      ...lossRules({ "character frequencies alone": frequencyLoss }),
      ...drawn.flatMap(({ training, heldOut, colour }) => {
        const line = { ...place, ...curveStroke(colour) };
        return [
          Plot.lineY(training, { ...line, ...panel(TRAINING) }),
          Plot.lineY(heldOut, { ...line, ...panel(HELD_OUT) }),
        ];
      }),
      ...[TRAINING, HELD_OUT].map((name) =>
        Plot.text([name], { text: () => name, ...panel(name), frameAnchor: "top", dy: -16, fontWeight: 600 }),
      ),
      ...(wide ? names(curves, steps, y, panel(HELD_OUT)) : []),
    ],
  });
}

/** The names of the curves beside their ends, apart enough to be read. */
function names(curves: readonly Curve[], steps: number, y: Plot.ScaleOptions, panel: Plot.TextOptions): Plot.Markish[] {
  const range = [HEIGHT - MARGINS.marginBottom - 6, TITLES + 6];
  const { apply } = Plot.scale({ y: { ...y, range } });
  // The lowest loss is the lowest on the page.
  const rising = ranked(curves).reverse();
  const ends = rising.map((curve) => apply(finalLoss(curve)) as number);
  const places = spread(ends, SPACING);
  return rising.map((curve, i) =>
    Plot.text([curve], {
      ...panel,
      x: () => steps,
      y: finalLoss,
      text: ({ name }) => name,
      textAnchor: "start",
      dx: 8,
      dy: places[i]! - ends[i]!,
      fill: `var(--curve-${curve.colour})`,
      fontWeight: 600,
    }),
  );
}

/** Positions that rise, moved apart to at least `gap`: the nearest such positions, by least squares. */
function spread(positions: readonly number[], gap: number): number[] {
  const clusters: { sum: number; size: number }[] = [];
  for (const [i, position] of positions.entries()) {
    let cluster = { sum: position - i * gap, size: 1 };
    for (
      let last = clusters.at(-1);
      last && last.sum / last.size > cluster.sum / cluster.size;
      last = clusters.at(-1)
    ) {
      cluster = { sum: last.sum + cluster.sum, size: last.size + cluster.size };
      clusters.pop();
    }
    clusters.push(cluster);
  }
  return clusters
    .flatMap(({ sum, size }) => Array.from({ length: size }, () => sum / size))
    .map((position, i) => position + i * gap);
}
