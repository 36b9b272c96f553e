/** The style sheet of the reports. Figures take their colours from the variables. */

/**
 * The numbers of the colours of curves, from 1. The first four are drawn solid and the others dashed; among either, all
 * can be told apart with red-green blindness too.
 */
export const CURVES = [1, 2, 3, 4, 5, 6, 7, 8] as const;
/** Their colours on a light page: dark enough for lines and text on white. */
export const LIGHT_CURVES = ["#1a56db", "#b85f00", "#00573f", "#c2489f", "#222a33", "#937000", "#1f86bb", "#9c2a1f"];
const DARK_CURVES = ["#6f9dff", "#ffa04d", "#1fae84", "#ffb3e2", "#f2f4f7", "#c9a92c", "#7fd3ff", "#e0604f"];

function curveColours(colours: readonly string[]): string {
  return CURVES.map((curve, i) => `--curve-${curve}: ${colours[i]};`).join(" ");
}

function dashed(curve: number): boolean {
  return curve > 4;
}

/** How a figure strokes a curve. */
export function curveStroke(curve: number) {
  const colour = { stroke: `var(--curve-${curve})`, strokeWidth: 2 };
  return dashed(curve) ? { ...colour, strokeDasharray: "5 3" } : colour;
}

function stroke(curve: number): string {
  const colour = `var(--curve-${curve})`;
  return dashed(curve) ? `repeating-linear-gradient(90deg, ${colour} 0 5px, transparent 5px 8px)` : colour;
}

/** The colours, in light and dark. */
export const THEME = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --edge: #dfe3e8; --text: #1b1f24; --muted: #5b6470; --accent: #1a56db;
  --train: #1a56db; --held-out: #c2410c; --rate: #7c3aed;
  --simd: #1a56db; --scalar: #0f8a7e; --reference: #8a94a2;
  ${curveColours(LIGHT_CURVES)}
  --good: #137a3f; --bad: #b91c1c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101317; --card: #181c22; --edge: #2b323b; --text: #e6e9ed; --muted: #9aa4b1; --accent: #82aaff;
    --train: #82aaff; --held-out: #ff9e64; --rate: #c3a6ff;
    --simd: #82aaff; --scalar: #4fd1c1; --reference: #7d8794;
    ${curveColours(DARK_CURVES)}
    --good: #5fd38d; --bad: #ff8080;
  }
}
`;

export const STYLE = `${THEME}* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 940px; margin: 0 auto; padding: 40px 16px 64px; }
.kicker { margin: 0; color: var(--accent); font-weight: 600; }
h1 { margin: 0 0 24px; font-size: 30px; line-height: 1.2; letter-spacing: -0.01em; }
h2 { margin: 0 0 8px; font-size: 18px; line-height: 1.3; }
figure, section, .tiles > div { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; }
figure, section { margin: 20px 0 0; padding: 20px 24px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; margin: 0; }
.tiles > div { padding: 14px 18px; }
.tiles dt, .detail, figcaption, .caption, .legend { color: var(--muted); font-size: 14px; }
.tiles dd { margin: 0; font-size: 26px; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tiles dd.detail { font-size: 14px; font-weight: 400; line-height: 1.4; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 4px; padding: 0; list-style: none; }
.key { display: inline-block; width: 18px; height: 4px; margin-right: 8px; border-radius: 2px; vertical-align: middle; }
.key.train { background: var(--train); }
.key.faint { opacity: 0.4; }
.key.held-out { background: var(--held-out); }
${CURVES.map((curve) => `.key.curve-${curve} { background: ${stroke(curve)}; }`).join("\n")}
figure svg { display: block; max-width: 100%; height: auto; margin: 0 auto; font: 12px system-ui, sans-serif; }
figcaption, .caption { max-width: 72ch; margin: 8px 0 0; }
.narrow { display: none; }
pre { margin: 0; font: 14px/1.55 ui-monospace, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
pre b { color: var(--held-out); }
table { width: 100%; border-collapse: collapse; font-size: 15px; }
th, td { padding: 7px 0; border-top: 1px solid var(--edge); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
tr:first-child > * { border-top: 0; }
th { color: var(--muted); font-weight: 400; }
.settings th { width: 10.5em; padding-right: 16px; }
.numbers :is(th, td) { white-space: nowrap; }
.numbers :is(th, td) + * { padding-left: 20px; text-align: right; }
.numbers td { font-variant-numeric: tabular-nums; }
.numbers tbody th { color: var(--text); }
.numbers tbody tr:first-child > * { border-top: 1px solid var(--edge); }
.scroll { overflow-x: auto; }
@media (max-width: 640px) {
  main { padding-top: 24px; }
  h1 { font-size: 24px; }
  figure, section { padding: 16px 14px; }
  .wide { display: none; }
  .narrow { display: block; }
  .settings th { width: 7em; }
}
`;
