/** The figure that every report has: how the loss went. */
import * as Plot from "@observablehq/plot";
import { drawable, type Point, trainingCurves } from "./curves.ts";
import { draw, lossAxis, lossRules, stepAxis } from "./drawing.ts";
import type { Html } from "./html.ts";
import { figure } from "./page.ts";

export interface Losses {
  /** Of each batch. */
  readonly losses: readonly number[];
  /** After so many steps. */
  readonly heldOut: readonly Point[];
  /** What is held out: "text", or "rows". */
  readonly of: string;
  /** What the axis says, with the unit. */
  readonly label?: string;
  /** Losses to compare with, by what they are the losses of. */
  readonly rules?: Readonly<Record<string, number>>;
  /** The step whose parameters are kept, where that is not the last. */
  readonly kept?: number | undefined;
  readonly caption: string;
}

/** The section of a page. */
export function lossSection(losses: Losses): Html {
  const legend = [
    ["train faint", "training batches"],
    ["train", "training, smoothed"],
    ["held-out", `held-out ${losses.of}`],
  ] as const;
  return figure("Loss", legend, (width) => lossFigure(losses, width), losses.caption);
}

function lossFigure({ losses, heldOut, label, rules = {}, kept = losses.length }: Losses, width: number): Html {
  const curves = trainingCurves(losses);
  const [means, smooth, held] = [curves.means, curves.smooth, heldOut].map(drawable) as [Point[], Point[], Point[]];
  const all = [...Object.values(rules), ...[...means, ...smooth, ...held].map(({ loss }) => loss)].filter(
    (loss) => loss > 0,
  );
  const line = { x: "step", y: "loss" };
  return draw("Training and held-out loss by step", width, {
    height: width > 600 ? 380 : 300,
    x: stepAxis(losses.length, width),
    y: lossAxis(Math.min(...all), Math.max(...all), label),
    marks: [
      ...lossRules(rules),
      Plot.lineY(means, { ...line, stroke: "var(--train)", strokeOpacity: 0.5, strokeWidth: 1 }),
      Plot.lineY(smooth, { ...line, stroke: "var(--train)", strokeWidth: 2 }),
      Plot.lineY(held, { ...line, stroke: "var(--held-out)", strokeWidth: 2 }),
      Plot.dot(held, { ...line, fill: "var(--held-out)", r: 2.5 }),
      ...(kept < losses.length ? keptRule(kept, losses.length) : []),
    ],
  });
}

/** Where the parameters that are kept come from; its name is on the side that has room. */
function keptRule(step: number, steps: number): Plot.Markish[] {
  const left = 2 * step > steps;
  const name = { frameAnchor: "top", textAnchor: left ? "end" : "start", dx: left ? -6 : 6, dy: 8 } as const;
  return [
    Plot.ruleX([step], { stroke: "var(--muted)", strokeDasharray: "5 4" }),
    Plot.text(["kept"], { x: [step], ...name, fill: "var(--muted)" }),
  ];
}
