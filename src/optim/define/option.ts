import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkKeys,
  checkNumber,
  describe,
  type Interval,
  refuse,
} from "../../core/check.ts";
import { isNamed, type Schedule } from "../../schedules/schedule.ts";

/** A number, or a function of the step that gives it. */
export type Scheduled = number | Schedule;

/**
 * One option of an optimizer: `In` is what a user may give, `Out` what an update sees. `trial` is a value away from
 * the default, for the conformance tests.
 */
export interface Option<In, Out> {
  /** What counts where nothing is given. */
  readonly default: In;
  /** A value away from the default, for the conformance tests. */
  readonly trial: In;
  /** What is allowed, in words, for errors and the catalogue. */
  readonly expected: string;
  /** Refuses a bad value; a schedule is checked each time it is evaluated. */
  check(argument: string, value: unknown): void;
  /** The value at a step. */
  at(argument: string, value: In, step: number): Out;
}

function scheduledAt(argument: string, value: Scheduled, step: number, interval: Interval): number {
  if (typeof value === "number") return value;
  const current: unknown = value(step);
  checkNumber(`${argument} at step ${step}`, current, interval);
  return current;
}

function checkScheduled(argument: string, value: unknown, interval: Interval): void {
  if (typeof value === "function") return;
  if (typeof value !== "number") refuse(argument, value, `a number in ${interval}, or a schedule`);
  checkNumber(argument, value, interval);
}

/** A number in an interval, or a schedule of one. */
export function real(fallback: number, interval: Interval, trial: number): Option<Scheduled, number> {
  return {
    default: fallback,
    trial,
    expected: interval,
    check: (argument, value) => checkScheduled(argument, value, interval),
    at: (argument, value, step) => scheduledAt(argument, value, step, interval),
  };
}

type ScheduledTuple<T extends readonly number[]> = { readonly [I in keyof T]: Scheduled };

/** A fixed number of numbers in an interval, each of them possibly a schedule. */
export function reals<const T extends readonly number[]>(
  fallback: T,
  interval: Interval,
  trial: { readonly [I in keyof T]: number },
): Option<ScheduledTuple<T>, { readonly [I in keyof T]: number }> {
  return {
    default: fallback as ScheduledTuple<T>,
    trial: trial as ScheduledTuple<T>,
    expected: `${fallback.length} of ${interval}`,
    check: (argument, value) => {
      if (!Array.isArray(value) || value.length !== fallback.length) {
        refuse(argument, value, `a list of ${fallback.length} numbers in ${interval}`);
      }
      for (const [i, item] of value.entries()) checkScheduled(`${argument}[${i}]`, item, interval);
    },
    at: (argument, value, step) => {
      const list = value as readonly Scheduled[];
      return list.map((item, i) => scheduledAt(`${argument}[${i}]`, item, step, interval)) as unknown as {
        readonly [I in keyof T]: number;
      };
    },
  };
}

/** True or false. */
export function flag(fallback: boolean): Option<boolean, boolean> {
  return {
    default: fallback,
    trial: !fallback,
    expected: "true or false",
    check: checkBoolean,
    at: (_argument, value) => value,
  };
}

/** One of several words. */
export function choice<const C extends string>(fallback: C, trial: NoInfer<C>, choices: readonly C[]): Option<C, C> {
  return {
    default: fallback,
    trial,
    expected: choices.map(describe).join(", "),
    check: (argument, value) => checkChoice(argument, value, choices),
    at: (_argument, value) => value,
  };
}

/** A whole number in an interval. */
export function whole(fallback: number, interval: Interval, trial: number): Option<number, number> {
  return {
    default: fallback,
    trial,
    expected: `a whole number in ${interval}`,
    check: (argument, value) => checkInteger(argument, value, interval),
    at: (_argument, value) => value,
  };
}

/** Another option or null, which is the default and means what the optimizer's documentation says. */
export function nullable<In, Out>(option: Option<In, Out>): Option<In | null, Out | null> {
  return {
    default: null,
    trial: option.trial,
    expected: `null or ${option.expected}`,
    check: (argument, value) => {
      if (value !== null) option.check(argument, value);
    },
    at: (argument, value, step) => (value === null ? null : option.at(argument, value, step)),
  };
}

/** Options of an optimizer by name. */
// biome-ignore lint/suspicious/noExplicitAny: options are invariant in what they accept; only `any` admits them all.
export type Options = Readonly<Record<string, Option<any, any>>>;
/** What a user may give. */
export type Given<O extends Options> = { [K in keyof O]?: O[K]["default"] };
/** What an update sees. */
export type Resolved<O extends Options> = { [K in keyof O]: ReturnType<O[K]["at"]> };

/** Refuses unknown options and bad values. */
export function checkOptions<O extends Options>(argument: string, options: O, given: Given<O>): void {
  checkKeys(argument, given, Object.keys(options));
  for (const [key, value] of Object.entries(given)) {
    if (value !== undefined) options[key]!.check(key, value);
  }
}

/** The options at a step. */
export function resolve<O extends Options>(name: string, options: O, given: Given<O>, step: number): Resolved<O> {
  const resolved: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(options)) {
    const value: unknown = given[key] ?? option.default;
    // Only lists and schedules depend on the step; the rest is taken as it is, for every step does this.
    resolved[key] =
      typeof value === "object" || typeof value === "function" ? option.at(`${name}.${key}`, value, step) : value;
  }
  return resolved as Resolved<O>;
}

/** The options as far as they do not depend on the step: a scheduled number reads as NaN. */
export function fixed<O extends Options>(options: O, given: Given<O>): Resolved<O> {
  const entries = Object.keys(options).map((key) => {
    const value = given[key] ?? options[key]!.default;
    return [key, typeof value === "function" ? Number.NaN : value];
  });
  return Object.fromEntries(entries) as Resolved<O>;
}

/** The schedules among the options as text, where they can say what they are; undefined if there are none. */
export function writtenSchedules(given: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const scheduled = (value: unknown) => [value].flat().some((item) => typeof item === "function");
  const text = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(text);
    if (typeof value !== "function") return value;
    return isNamed(value) ? String(value) : "a function";
  };
  const entries = Object.entries(given).filter(([, value]) => scheduled(value));
  return entries.length === 0 ? undefined : Object.fromEntries(entries.map(([key, value]) => [key, text(value)]));
}
