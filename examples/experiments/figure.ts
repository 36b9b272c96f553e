/** Figures of experiments as SVG files: panels side by side, and in each a curve for every series. */
import * as Plot from "@observablehq/plot";
import { draw, standalone } from "../support/drawing.ts";
import { LIGHT_CURVES } from "../support/style.ts";
import type { Axis, Figure } from "./experiment.ts";

const WIDTH = 860;
const HEIGHT = 420;
/** Room above the panels for their titles, and from one name of a series to the next, in pixels. */
const TITLES = 44;
const SPACING = 16;

export function drawFigure({ description, legend = "left", x, y, series }: Figure): string {
  const panels = [...new Set(series.map(({ panel }) => panel))];
  const names = [...new Set(series.map(({ name }) => name))];
  const colour = (name: string) => LIGHT_CURVES[names.indexOf(name) % LIGHT_CURVES.length]!;
  const svg = draw(description, WIDTH, {
    height: HEIGHT,
    marginTop: TITLES,
    style: { background: "white", color: "#222a33" },
    x: scaleOf(x),
    y: { ...scaleOf(y), grid: true },
    fx: { domain: panels, axis: null, padding: 0.1 },
    marks: [
      Plot.frame({ stroke: "#c9ced6" }),
      ...series.flatMap(({ name, panel, points, marked, dashed }) => {
        const place = { x: "x", y: "y", fx: () => panel } as const;
        return [
          Plot.line(points, {
            ...place,
            stroke: colour(name),
            strokeWidth: dashed ? 1 : 2,
            ...(dashed && { strokeDasharray: "6 4" }),
            clip: true,
          }),
          Plot.dot(marked ? [marked] : [], { ...place, fill: colour(name), r: 5 }),
        ];
      }),
      ...panels.flatMap((panel) => [
        Plot.text([panel], { fx: () => panel, frameAnchor: "top", dy: -18, fontWeight: 600, fontSize: 13 }),
        ...names.map((name, i) =>
          Plot.text([name], {
            fx: () => panel,
            frameAnchor: `top-${legend}`,
            dx: legend === "left" ? 10 : -10,
            dy: 10 + SPACING * i,
            fill: colour(name),
            fontWeight: 600,
          }),
        ),
      ]),
    ],
  });
  return standalone(svg);
}

function scaleOf({ label, base, domain }: Axis): Plot.ScaleOptions {
  return {
    label,
    labelAnchor: "center",
    labelArrow: "none",
    inset: 6,
    ...(base === undefined ? {} : { type: "log", base, tickFormat: base === 10 ? "~r" : power(base) }),
    ...(domain ? { domain } : {}),
  };
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Writes numbers as powers of a base. */
function power(base: number) {
  return (value: number) => {
    const exponent = Math.round(Math.log(value) / Math.log(base));
    const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]);
    return `${base}${exponent < 0 ? "⁻" : ""}${digits.join("")}`;
  };
}
