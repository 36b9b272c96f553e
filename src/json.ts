import { refuse } from "./check.ts";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const [QUOTE, COLON, BACKSLASH] = [0x22, 0x3a, 0x5c] as const;
/** Brackets and braces differ in one bit. */
const [OPENING, CLOSING, CURLY] = [0x7b, 0x7d, 0x20] as const;

/** How deep brackets nest, and how many keys there are if this is JSON: a key is what comes before a colon. */
function scan(bytes: Uint8Array): { depth: number; keys: number } {
  let [depth, open, keys] = [0, 0, 0];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      for (i++; i < bytes.length && bytes[i] !== QUOTE; i++) if (bytes[i] === BACKSLASH) i++;
    } else if (byte === COLON) keys++;
    else if ((byte | CURLY) === OPENING) depth = Math.max(depth, ++open);
    else if ((byte | CURLY) === CLOSING) open--;
  }
  return { depth, keys };
}

function countKeys(value: Json): number {
  if (value === null || typeof value !== "object") return 0;
  const nested = Object.values(value).reduce((sum: number, item: Json) => sum + countKeys(item), 0);
  return nested + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

/**
 * JSON of someone else's in UTF-8: nested at most `deepest` deep, and with no key twice in an object, where JSON.parse
 * would keep the last. Depth is looked at before anything is built.
 */
export function parseJson(argument: string, bytes: Uint8Array, deepest: number): Json {
  const { depth, keys } = scan(bytes);
  if (depth > deepest) refuse(argument, `${depth} levels of nesting`, `at most ${deepest}`, "BAD_FILE");
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)) as Json;
  } catch (error) {
    refuse(argument, (error as Error).message, "JSON in UTF-8", "BAD_FILE");
  }
  if (countKeys(value) !== keys) refuse(argument, "a key twice in one object", "each key once", "BAD_FILE");
  return value;
}

/** Whether a value is an object of keys and values, and neither a list nor null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
