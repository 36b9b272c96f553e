import { refuse } from "./check.ts";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** How deep lists and objects may nest, and how many there may be: each takes some hundred bytes when it is built. */
export interface Limits {
  readonly depth: number;
  readonly brackets: number;
}

/** What a look at a text says, provided that it is JSON: where its first value ends, and what is in that. */
interface Found extends Limits {
  readonly end: number;
  /** Keys are what comes before a colon. */
  readonly keys: number;
}

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c] as const;
/** Brackets and braces differ in one bit. */
const [OPENING, CLOSING, CURLY] = [0x7b, 0x7d, 0x20] as const;

/** Looks at the value at `start`, which ends at a comma or a closing bracket that is not its own. */
function scan(text: string, start = 0): Found {
  let depth = 0;
  let open = 0;
  let brackets = 0;
  let keys = 0;
  let end = start;
  for (; end < text.length; end++) {
    const unit = text.charCodeAt(end);
    if (unit === QUOTE) end = endOfString(text, end);
    else if (unit === COLON) keys++;
    else if ((unit | CURLY) === OPENING) {
      brackets++;
      if (++open > depth) depth = open;
    } else if (open > 0 ? (unit | CURLY) === CLOSING && --open < 0 : unit === COMMA || (unit | CURLY) === CLOSING)
      break;
  }
  return { end, depth, brackets, keys };
}

/** Where the string that begins at `start` has its other quote. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  for (; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) break;
    if (unit === BACKSLASH) i++;
  }
  return i;
}

function countKeys(value: Json): number {
  if (value === null || typeof value !== "object") return 0;
  let keys = 0;
  if (Array.isArray(value)) for (const item of value) keys += countKeys(item);
  else for (const item of Object.values(value)) keys += 1 + countKeys(item);
  return keys;
}

function refuseBeyond(argument: string, found: Limits, limits: Limits, code: "BAD_ARGUMENT" | "BAD_FILE"): void {
  const { depth, brackets } = limits;
  if (found.depth > depth) refuse(argument, `${found.depth} levels of nesting`, `at most ${depth}`, code);
  if (found.brackets > brackets) refuse(argument, `${found.brackets} lists and objects`, `at most ${brackets}`, code);
}

/** Builds what `scan` has found. */
function build(argument: string, text: string, keys: number): Json {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    refuse(argument, (error as Error).message, "JSON", "BAD_FILE");
  }
  if (countKeys(value) !== keys) refuse(argument, "a key twice in one object", "each key once", "BAD_FILE");
  return value;
}

/** JSON to be written, which `parseJson` with the same limits will take; what is beyond them is refused. */
export function writeJson(argument: string, value: Json, limits: Limits): string {
  const text = JSON.stringify(value);
  refuseBeyond(argument, scan(text), limits, "BAD_ARGUMENT");
  return text;
}

/**
 * JSON of someone else's: within limits, which are looked at before anything is built, and with no key twice in an
 * object, where JSON.parse would keep the last.
 */
export function parseJson(argument: string, text: string, limits: Limits): Json {
  const found = scan(text);
  refuseBeyond(argument, found, limits, "BAD_FILE");
  return build(argument, text, found.keys);
}

/** A key and its value, and where what comes after them begins. */
export interface Entry {
  readonly key: string;
  readonly value: Json;
  readonly end: number;
}

/**
 * The entries of one object in JSON of someone else's, in their order, each value within limits. One is built at a time:
 * an object of a hundred thousand keys is slow in itself. A key that is there twice comes twice. `known` may read an entry
 * at a place in a faster way, and returns undefined where it cannot.
 */
export function* parseEntries(
  argument: string,
  text: string,
  limits: Limits,
  known: (at: number) => Entry | undefined,
): Generator<Entry> {
  /** What comes after a mark that must be here. */
  const past = (mark: string, at: number): number => {
    if (text[at] !== mark) refuse(argument, text.slice(at, at + 20), `JSON with ${mark} at ${at}`, "BAD_FILE");
    return skipSpace(text, at + 1);
  };
  let at = past("{", skipSpace(text, 0));
  for (let more = text[at] !== "}"; more; ) {
    let entry = known(at);
    if (!entry) {
      const endOfKey = endOfString(text, at) + 1;
      const start = past(":", skipSpace(text, endOfKey));
      const found = scan(text, start);
      refuseBeyond(argument, found, limits, "BAD_FILE");
      const pair = build(argument, `[${text.slice(at, endOfKey)},${text.slice(start, found.end)}]`, found.keys);
      const [key, value] = pair as [string, Json];
      entry = { key, value, end: found.end };
    }
    yield entry;
    at = entry.end;
    more = text[at] === ",";
    if (more) at = past(",", at);
  }
  at = past("}", at);
  if (at < text.length) refuse(argument, text.slice(at, at + 20), "nothing after its end", "BAD_FILE");
}

/** Where the white space ends that JSON may have. */
function skipSpace(text: string, start: number): number {
  let i = start;
  while (i < text.length && " \n\r\t".includes(text[i]!)) i++;
  return i;
}

/** Whether a value is an object of keys and values, and neither a list nor null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
