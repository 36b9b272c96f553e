import { isPlain, refuse } from "../core/check.ts";
import { isRecord, type Json, type Limits, parseJson, writeJson } from "../core/json.ts";
import { isStateful } from "../state/stateful.ts";
import { Parameters } from "../tensor/parameters.ts";
import { arrayNames, STATE_LIMITS } from "./stateTree.ts";

/**
 * What a checkpoint consists of, by names of your choice: parameters; whatever has `stateDict` and `loadStateDict`; and
 * data, which is plain values, typed arrays, and lists and objects of them.
 */
export type Parts = Readonly<Record<string, unknown>>;

export type PartKind = "parameters" | "state" | "data";

/** A part in a file. */
export type SavedPart =
  | { readonly kind: "parameters" /** By parameter. */; readonly tensors: Readonly<Record<string, string>> }
  | { readonly kind: "state" | "data"; readonly tree: Json };

/** The key of the metadata under which the manifest is; it names the package, as the manifest does its version. */
export const MANIFEST = "simd-optim";
const VERSION = 1;
/** Three levels are around the state of a part. */
const LIMITS: Limits = { ...STATE_LIMITS, depth: STATE_LIMITS.depth + 3 };

export function kindOf(part: unknown): PartKind {
  if (part instanceof Parameters) return "parameters";
  return isStateful(part) ? "state" : "data";
}

export function checkParts(parts: unknown): asserts parts is Parts {
  if (!isPlain(parts) || kindOf(parts) !== "data") {
    refuse("parts", parts, "an object such as { model: params, optimizer }");
  }
}

export function writeManifest(parts: Readonly<Record<string, SavedPart>>): string {
  return writeJson("parts", { version: VERSION, parts }, LIMITS);
}

/**
 * The parts of a checkpoint: at most 64 levels of lists and objects each and 2^20 of them in all, no bigint of more than
 * 1000 digits, and no tensor twice. Writing refuses what is beyond.
 */
export function parseManifest(text: string | undefined): Map<string, SavedPart> {
  if (text === undefined) {
    refuse("file", `no ${MANIFEST} metadata`, "a checkpoint; loadParameters takes any safetensors file", "BAD_FILE");
  }
  const manifest = parseJson(MANIFEST, text, LIMITS);
  if (!isRecord(manifest) || manifest["version"] !== VERSION) {
    refuse(MANIFEST, isRecord(manifest) ? manifest["version"] : manifest, `version ${VERSION}`, "BAD_FILE");
  }
  const { parts } = manifest;
  if (!isRecord(parts)) refuse(MANIFEST, parts, "parts", "BAD_FILE");
  for (const [name, part] of Object.entries(parts)) {
    if (!isSavedPart(part))
      refuse(`${MANIFEST}.${name}`, part, "tensors of parameters, or the tree of a state", "BAD_FILE");
  }
  const saved = new Map(Object.entries(parts) as [string, SavedPart][]);
  refuseTwice([...saved.values()]);
  return saved;
}

/** Refuses tensors that are named twice, which no checkpoint has: so each is read once, whatever a file says. */
function refuseTwice(parts: readonly SavedPart[]): void {
  const named = new Set<string>();
  for (const part of parts) {
    for (const name of part.kind === "parameters" ? Object.values(part.tensors) : arrayNames(part.tree)) {
      if (named.has(name)) refuse(MANIFEST, `tensor ${name} twice`, "each once", "BAD_FILE");
      named.add(name);
    }
  }
}

function isSavedPart(part: unknown): part is SavedPart {
  if (!isRecord(part)) return false;
  const { kind, tensors, tree } = part;
  if (kind !== "parameters") return (kind === "state" || kind === "data") && tree !== undefined;
  return isRecord(tensors) && Object.values(tensors).every((name) => typeof name === "string");
}
