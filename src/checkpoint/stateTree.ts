import { describe, isPlain, refuse } from "../core/check.ts";
import type { Json, Limits } from "../core/json.ts";
import type { TypedArray } from "../memory/elementType.ts";
import { dtypeOf } from "./fileTypes.ts";

/**
 * State as JSON, exactly. What JSON has no word for is an object with one key: { "$tensor": name } stands for an array
 * that is kept elsewhere, { "$": "NaN" } and the like for values. Keys that begin with "$" get another one in front.
 */
const TENSOR = "$tensor";
const VALUE = "$";

/** How deep state may nest, and how many lists and objects it may consist of, words and names of arrays among them. */
export const STATE_LIMITS: Limits = { depth: 64, brackets: 2 ** 20 };
/** The most decimal digits of a bigint: reading them takes time that grows with their square. */
const MOST_DIGITS = 1000;
const BIGINT = new RegExp(`^-?\\d{1,${MOST_DIGITS}}n$`);
const LARGEST_BIGINT = 10n ** BigInt(MOST_DIGITS);

const WORDS: readonly (readonly [string, unknown])[] = [
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
  ["undefined", undefined],
];

/**
 * Encodes state. `keep` is given each array and the keys that lead to it, and returns the name it is kept under. `room` is
 * for so many lists and objects: a list that is in itself, or often in others, would be written without end.
 */
export function encode(
  value: unknown,
  path: readonly string[],
  keep: (path: string[], array: TypedArray) => string,
  room = { brackets: STATE_LIMITS.brackets },
): Json {
  const where = () => path.slice(0, 8).join(".");
  const word = WORDS.find(([, special]) => Object.is(value, special));
  if (!word && isJsonWord(value)) return value;
  if (path.length > STATE_LIMITS.depth) refuse(where(), "deeper nesting", `at most ${STATE_LIMITS.depth} levels`);
  if (room.brackets-- === 0) refuse(where(), "more lists and objects", `at most ${STATE_LIMITS.brackets}, or arrays`);
  if (word) return { [VALUE]: word[0] };
  if (typeof value === "bigint") {
    if (value >= LARGEST_BIGINT || value <= -LARGEST_BIGINT) refuse(where(), value, `at most ${MOST_DIGITS} digits`);
    return { [VALUE]: `${value}n` };
  }
  if (dtypeOf(value)) return { [TENSOR]: keep([...path], value as TypedArray) };
  if (Array.isArray(value)) return Array.from(value, (item, i) => encode(item, [...path, String(i)], keep, room));
  if (!isPlain(value)) refuse(path.join("."), value, "plain values, typed arrays, and lists and objects of them");
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [escapeKey(key), encode(item, [...path, key], keep, room)]),
  );
}

function isJsonWord(value: unknown): value is string | number | boolean | null {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

const escapeKey = (key: string) => (key.startsWith("$") ? `$${key}` : key);

function unescapeKey(key: string): string {
  if (!key.startsWith("$")) return key;
  if (!key.startsWith("$$")) refuse("state", `a key ${describe(key)}`, "none of that name", "BAD_FILE");
  return key.slice(1);
}

/** The one entry of an object that stands for something else. */
function standIn(json: { readonly [key: string]: Json }): readonly [key: string, text: string] | undefined {
  const keys = Object.keys(json);
  const text = keys.length === 1 ? json[keys[0]!] : undefined;
  return typeof text === "string" && (keys[0] === TENSOR || keys[0] === VALUE) ? [keys[0], text] : undefined;
}

/** Decodes state. `array` is given the name of each array, and returns what to put there. */
export function decode(json: Json, array: (name: string) => unknown): unknown {
  if (json === null || typeof json !== "object") return json;
  if (isList(json)) return json.map((item) => decode(item, array));
  const [key, text] = standIn(json) ?? [];
  if (text !== undefined) return key === TENSOR ? array(text) : decodeWord(text);
  // fromEntries defines: "__proto__" is a key like any other.
  return Object.fromEntries(Object.entries(json).map(([name, item]) => [unescapeKey(name), decode(item, array)]));
}

function decodeWord(text: string): unknown {
  const word = WORDS.find(([name]) => name === text);
  if (word) return word[1];
  if (BIGINT.test(text)) return BigInt(text.slice(0, -1));
  refuse("state", `a value ${describe(text)}`, `one of ${WORDS.map(([name]) => name).join(", ")}`, "BAD_FILE");
}

/** The names of the arrays in encoded state, as often as they are there. */
export function arrayNames(json: Json, names: string[] = []): string[] {
  if (json === null || typeof json !== "object") return names;
  const [key, text] = isList(json) ? [] : (standIn(json) ?? []);
  if (key === TENSOR) names.push(text!);
  else if (key === undefined) for (const item of Object.values<Json>(json as Json[])) arrayNames(item, names);
  return names;
}

const isList = (json: Json): json is readonly Json[] => Array.isArray(json);
