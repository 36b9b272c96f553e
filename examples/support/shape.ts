/** What saved data must be like: data from a file may be anything, whatever its type says. */
import { inspect } from "node:util";

/** Says what is wrong with a value and where; undefined where nothing is. */
export type Shape = (value: unknown, place: string) => string | undefined;

function such(what: string, fits: (value: unknown) => boolean): Shape {
  return (value, place) => (fits(value) ? undefined : `${place} is ${shown(value)}, expected ${what}`);
}

function shown(value: unknown): string {
  const words = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
  return words.length > 40 ? `${words.slice(0, 40)}...` : words;
}

export const text = such("a text", (value) => typeof value === "string");

/** A number, NaN and Infinity among them. */
export const anyNumber = such("a number", (value) => typeof value === "number");

export function number(least: number, most: number): Shape {
  return such(
    `a number from ${least} to ${most}`,
    (value) => typeof value === "number" && value >= least && value <= most,
  );
}

export function whole(least: number, most = Number.MAX_SAFE_INTEGER): Shape {
  return such(
    `a whole number from ${least} to ${most}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
  );
}

type ArrayClass = Float64ArrayConstructor | Uint32ArrayConstructor;

export function arrayOf(type: ArrayClass): Shape {
  return such(type.name, (value) => value instanceof type);
}

export function optional(shape: Shape): Shape {
  return (value, place) => (value === undefined ? undefined : shape(value, place));
}

export function list(shape: Shape): Shape {
  const isList = such("a list", Array.isArray);
  return (value, place) =>
    isList(value, place) ?? firstOf((value as unknown[]).entries(), ([i, item]) => shape(item, `${place}[${i}]`));
}

/** An object that has these fields, and may have others. */
export function fields<T>(shapes: { readonly [Key in keyof T]-?: Shape }): Shape {
  const isObject = such("an object", (value) => typeof value === "object" && value !== null && !Array.isArray(value));
  return (value, place) =>
    isObject(value, place) ??
    firstOf(Object.entries<Shape>(shapes), ([key, shape]) => {
      const field = Object.hasOwn(value as object, key) ? (value as Record<string, unknown>)[key] : undefined;
      return shape(field, place === "" ? key : `${place}.${key}`);
    });
}

function firstOf<T>(items: Iterable<T>, find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
