import { refuse } from "../core/check.ts";
import type { Options } from "../optim/define/option.ts";
import { parseSchedule } from "../schedules/parse.ts";
import { isNamed } from "../schedules/schedule.ts";

/**
 * Options as JSON: schedules of this package as their text, which `readOptions` parses, and Infinity, which JSON lacks,
 * as its name. Other functions are refused, since nothing could bring them back.
 */
export function writeOptions(argument: string, value: unknown): unknown {
  if (isNamed(value)) return String(parseSchedule(String(value)));
  if (typeof value === "function") refuse(argument, value, "a value or a schedule of this package, to be written down");
  if (value === Number.POSITIVE_INFINITY) return String(value);
  if (Array.isArray(value)) return value.map((item, i) => writeOptions(`${argument}[${i}]`, item));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, writeOptions(`${argument}.${key}`, item)]));
}

/** The options that `writeOptions` wrote. Keys that are none of `options` are left as they are. */
export function readOptions(options: Options, written: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(written).map(([key, value]) => {
    const numeric = Object.hasOwn(options, key) && typeof options[key]!.default !== "string";
    return [key, numeric ? readNumbers(value) : value];
  });
  return Object.fromEntries(entries);
}

function readNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readNumbers);
  if (typeof value !== "string") return value;
  return value === "Infinity" ? Number.POSITIVE_INFINITY : parseSchedule(value);
}
