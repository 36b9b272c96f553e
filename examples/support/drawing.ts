/** What the figures share. Colours are CSS variables of the page, so that they follow light and dark. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { Html } from "./html.ts";

/** Widths to draw at, in pixels: for a desk and for a phone. */
export const WIDTHS = { wide: 860, narrow: 360 } as const;

/** Room around a figure for its axes, in pixels. */
export const MARGINS = { marginLeft: 58, marginRight: 16, marginTop: 30, marginBottom: 42 } as const;

const { document } = parseHTML("<!doctype html><html><body></body></html>");

export function draw(description: string, width: number, options: Plot.PlotOptions): Html {
  const svg = Plot.plot({ document, width, ...MARGINS, ...options });
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", description);
  return new Html(svg.outerHTML);
}

/** A figure with what it has from its page otherwise: its namespace, and the variables that it takes colours from. */
export function standalone({ markup }: Html, style = ""): string {
  const [opening] = /^<svg[^>]*>/.exec(markup)!;
  const sheet = style && `<style>${style}</style>`;
  return `<svg xmlns="http://www.w3.org/2000/svg"${opening.slice("<svg".length)}${sheet}${markup.slice(opening.length)}`;
}

/** The ticks of a logarithmic axis: these multiples of each power of ten, as far as they lie between the ends. */
export function logTicks(least: number, most: number, multiples: readonly number[]): number[] {
  const [first, last] = [least, most].map((end) => Math.floor(Math.log10(end))) as [number, number];
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i))
    .flatMap((decade) => multiples.map((multiple) => multiple * decade))
    .filter((tick) => tick >= least && tick <= most);
}

export function stepAxis(steps: number, width: number): Plot.ScaleOptions {
  return {
    domain: [0, steps],
    label: "optimizer step",
    labelAnchor: "center",
    labelArrow: "none",
    ticks: width / 110,
  };
}

/** A logarithmic axis for losses between two ends. */
export function lossAxis(
  least: number,
  most: number,
  label = "loss (nats per character, logarithmic)",
): Plot.ScaleOptions {
  return {
    type: "log",
    domain: [least, most],
    label,
    labelArrow: "none",
    grid: true,
    inset: 6,
    ticks: logTicks(least, most, most > 10 * least ? [1] : [1, 1.5, 2, 2.5, 3, 4, 5, 7]),
    tickFormat: "~r",
  };
}

/** Losses to compare with, by what they are the losses of. */
export function lossRules(losses: Readonly<Record<string, number>>): Plot.Markish[] {
  return Object.entries(losses).flatMap(([name, loss]) => [
    Plot.ruleY([loss], { stroke: "var(--muted)", strokeDasharray: "5 4" }),
    Plot.text([name], {
      y: [loss],
      frameAnchor: "right",
      textAnchor: "end",
      dy: -8,
      fill: "var(--muted)",
    }),
  ]);
}
