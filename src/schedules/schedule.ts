import { refuse } from "../core/check.ts";

/** A hyperparameter as a pure function of the step: `schedule(0)` is used by the first update. */
export type Schedule = (step: number) => number;

/**
 * How a schedule goes on for ever, as far as sums over all steps depend on it: like t^-power, between two positive
 * multiples of it; "vanishing", 0 in the end or falling geometrically; "periodic", with positive values that come
 * again and again; "growing" geometrically; or "negative".
 */
export type Tail = { readonly power: number } | "vanishing" | "periodic" | "growing" | "negative";

/** A schedule that this package made: it can say what it is. `String(schedule)` can be read by `parseSchedule`. */
export interface NamedSchedule {
  (step: number): number;
  /** The name of the function that made it, such as "cosine". */
  readonly name: string;
  /** The step from which on the value stays, or begins to repeat itself; undefined where there is none. */
  readonly horizon: number | undefined;
  /** How the values go on for ever; undefined where that is not known. */
  readonly tail: Tail | undefined;
  /** The expression that makes it, every option written out: "cosine({ peak: 0.1, total: 100, floor: 0 })". */
  toString(): string;
  /** The same text. */
  toJSON(): string;
}

/** Whether a function is a schedule made by this package. */
export function isNamed(value: unknown): value is NamedSchedule {
  return typeof value === "function" && "horizon" in value && "toJSON" in value;
}

/** Gives a function of the step the name and arguments of the call that made it. */
export function named(
  name: string,
  args: readonly unknown[],
  traits: Pick<NamedSchedule, "horizon" | "tail">,
  at: Schedule,
): NamedSchedule {
  const schedule = (step: number) => {
    if (!(step >= 0 && step < Infinity)) refuse(`step of ${name}`, step, "a number in [0, inf)");
    return at(step);
  };
  const text = () => `${name}(${args.map(written).join(", ")})`;
  const properties = { name, ...traits, toString: text, toJSON: text };
  for (const [key, value] of Object.entries(properties)) Object.defineProperty(schedule, key, { value });
  return schedule as unknown as NamedSchedule;
}

/** A value as it would stand in a program; a function that is no schedule of this package shows its name. */
function written(value: unknown): string {
  if (typeof value === "function") return isNamed(value) ? String(value) : value.name || "(step) => ...";
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  if (value === null || typeof value !== "object") return String(value);
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return `{ ${entries.map(([key, entry]) => `${key}: ${written(entry)}`).join(", ")} }`;
}

export function checkSchedule(argument: string, value: unknown): asserts value is Schedule {
  if (typeof value !== "function") refuse(argument, value, "a schedule");
}

/** The tail of a schedule that stays at a value. */
export function settled(value: number): Tail {
  if (value === 0) return "vanishing";
  return value > 0 ? { power: 0 } : "negative";
}

/** What is known of any schedule, a plain function included. */
export function traitsOf(schedule: Schedule): Pick<NamedSchedule, "horizon" | "tail"> {
  return isNamed(schedule) ? schedule : { horizon: undefined, tail: undefined };
}
