import { checkChoice, checkKeys, refuse } from "../core/check.ts";

/**
 * A sink that writes one JSON object a line: `step`, `time` in seconds since 1970, then the metrics. JSON has no NaN and no
 * infinities: they become the strings "NaN", "Infinity" and "-Infinity", which `Number` reads back, or with
 * `nonFinite: "null"` null.
 */
export function jsonLines(write: (text: string) => void, options: { nonFinite?: "string" | "null" } = {}) {
  if (typeof write !== "function") refuse("write", write, "a function that takes text");
  checkKeys("jsonLines", options, ["nonFinite"]);
  const { nonFinite = "string" } = options;
  checkChoice("nonFinite", nonFinite, ["string", "null"]);
  const plain = (value: number) => (Number.isFinite(value) ? value : nonFinite === "null" ? null : String(value));
  return (metrics: Readonly<Record<string, number>>, step: number, wallTime: number): void => {
    const entries = Object.entries(metrics).map(([name, value]) => [name, plain(value)]);
    write(`${JSON.stringify({ step, time: wallTime, ...Object.fromEntries(entries) })}\n`);
  };
}
