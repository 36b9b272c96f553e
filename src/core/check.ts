import { sizeOf } from "./shape.ts";

/** What went wrong, for programs: stable across versions, unlike the message. */
export type ErrorCode =
  | "BACKEND_UNAVAILABLE"
  | "BAD_ARGUMENT"
  | "BAD_FILE"
  | "DISPOSED"
  | "DUPLICATE_PARAMETER"
  | "FOREIGN_RUNTIME"
  | "OUT_OF_MEMORY"
  | "POINTER_OUT_OF_BOUNDS"
  | "SHAPE_MISMATCH"
  | "STALE_BUILD"
  | "STATE_MISMATCH"
  | "UNASSIGNED_PARAMETER"
  | "UNKNOWN_OPTION";

/** The only error this package throws. It is thrown before anything is written, so every object stays usable. */
export class SimdOptimError extends Error {
  /** "SimdOptimError", whatever a bundler renames the class to. */
  override readonly name = "SimdOptimError";

  constructor(
    /** What went wrong, for code: codes are stable, messages are for people. */
    readonly code: ErrorCode,
    message: string,
  ) {
    super(shorten(message, LONGEST_MESSAGE));
  }
}

const COPY = Symbol.for("simd-optim");
const thisCopy = {};

/** What arguments may be objects of: bears a mark by which another copy of this package on the same page is told. */
export class Marked {
  /** @internal */
  get [COPY](): object {
    return thisCopy;
  }
}

/** What is shown of a value: characters of a text, items of a list, and levels of lists in lists. */
const [CHARACTERS, ITEMS, LEVELS] = [200, 8, 3] as const;
/** Characters of a whole value, and of a whole message. */
const [LONGEST, LONGEST_MESSAGE] = [2000, 10_000] as const;

/** The beginning of a text, and how much more there is. */
function shorten(text: string, most: number, show: (beginning: string) => string = String): string {
  const beginning = show(text.slice(0, most));
  return text.length > most ? `${beginning} and ${text.length - most} more characters` : beginning;
}

/**
 * A value as a person would want to read it in an error. Whatever it is, an object that throws when it is looked at or a
 * list that holds itself, this takes bounded time, gives a bounded text and never throws. So it loses things: two values
 * of one description need not be equal.
 */
export function describe(value: unknown): string {
  return shorten(inWords(value, LEVELS), LONGEST);
}

function inWords(value: unknown, levels: number): string {
  try {
    if (typeof value === "string") return shorten(value, CHARACTERS, JSON.stringify);
    // The decimals of a long one take time that grows with their square.
    if (typeof value === "bigint" && BigInt.asIntN(64, value) !== value) return "a bigint of more than 64 bits";
    if (typeof value === "function") return `a function${nameOf(value) && ` (${nameOf(value)})`}`;
    if (value === null || typeof value !== "object") return shorten(String(value), CHARACTERS);
    if (Array.isArray(value)) return listInWords(value, levels);
    if (COPY in value && value[COPY] !== thisCopy) return "an object of another copy of simd-optim";
    return `an object of ${nameOf(Object.getPrototypeOf(value)?.constructor) || "no class"}`;
  } catch {
    return "an object that cannot be looked at";
  }
}

function listInWords(list: readonly unknown[], levels: number): string {
  if (levels === 0) return "[...]";
  const length = Math.min(list.length, ITEMS);
  const items = Array.from({ length }, (_, i) => inWords(list[i], levels - 1));
  return `[${items.join(", ")}${list.length > ITEMS ? ", ..." : ""}]`;
}

function nameOf(made: { readonly name?: unknown } | undefined): string {
  return typeof made?.name === "string" ? shorten(made.name, CHARACTERS) : "";
}

/** Throws `argument: got X, expected Y`. */
export function refuse(argument: string, got: unknown, expected: string, code: ErrorCode = "BAD_ARGUMENT"): never {
  throw new SimdOptimError(code, `${shorten(argument, LONGEST)}: got ${describe(got)}, expected ${expected}`);
}

/** A range of numbers as mathematics writes it: "[0, 1)", "(0, inf)". */
export type Interval = `${"[" | "("}${number | "-inf"}, ${number | "inf"}${"]" | ")"}`;

function within(value: number, interval: Interval): boolean {
  const [low, high] = interval
    .slice(1, -1)
    .split(", ")
    .map((end) => Number(end.replace("inf", "Infinity"))) as [number, number];
  const aboveLow = interval.startsWith("[") ? value >= low : value > low;
  const belowHigh = interval.endsWith("]") ? value <= high : value < high;
  return aboveLow && belowHigh;
}

/** Refuses anything but a number in the interval; NaN is in none. */
export function checkNumber(argument: string, value: unknown, interval: Interval): asserts value is number {
  if (typeof value !== "number" || !within(value, interval)) refuse(argument, value, `a number in ${interval}`);
}

/** Refuses anything but a whole number in the interval. */
export function checkInteger(argument: string, value: unknown, interval: Interval): asserts value is number {
  if (!Number.isInteger(value) || !within(value as number, interval)) {
    refuse(argument, value, `a whole number in ${interval}`);
  }
}

export function checkBoolean(argument: string, value: unknown): asserts value is boolean {
  if (typeof value !== "boolean") refuse(argument, value, "true or false");
}

// biome-ignore lint/complexity/noBannedTypes: what it is called with is for the caller to know.
export function checkFunction(argument: string, value: unknown): asserts value is Function {
  if (typeof value !== "function") refuse(argument, value, "a function");
}

export function checkText(argument: string, value: unknown): asserts value is string {
  if (typeof value !== "string") refuse(argument, value, "text");
}

/** Refuses anything but an object that has these methods. */
export function checkMethods(argument: string, value: unknown, methods: readonly string[], expected: string): void {
  const found = value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {};
  if (methods.some((method) => typeof found[method] !== "function")) refuse(argument, value, expected);
}

export function checkChoice<C extends string | boolean>(
  argument: string,
  value: unknown,
  choices: readonly C[],
): asserts value is C {
  if (!choices.includes(value as C)) refuse(argument, value, `one of ${choices.map(describe).join(", ")}`);
}

/** Whether a value is a plain object, of no class, in any realm: what options and states are made of. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== "object") return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // The prototype of a plain object has none itself; that of a list has, as that of a class does.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Refuses anything but a plain object with these keys at most: every argument of options goes through it, for numbers,
 * lists and tensors have none of the keys either, and would be taken for options that are all left out.
 */
export function checkKeys(argument: string, value: unknown, known: readonly string[]): void {
  if (!isPlain(value)) refuse(argument, value, `an object with any of ${known.join(", ")}`);
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) refuse(`${argument}.${key}`, key, `one of ${known.join(", ")}`, "UNKNOWN_OPTION");
  }
}

/** Refuses anything but a list of whole sizes of at least 1, and returns how many elements it spans. */
export function checkShape(argument: string, shape: unknown): number {
  // Not `some`, which passes over the holes of `new Array(3)`.
  if (!Array.isArray(shape) || [...shape].some((size) => !Number.isInteger(size) || size < 1)) {
    refuse(argument, shape, "a list of whole sizes of at least 1, such as [10, 784]");
  }
  return sizeOf(shape);
}
