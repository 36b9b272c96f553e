import { checkBoolean, checkKeys, refuse } from "../core/check.ts";
import { isRecord, type Json } from "../core/json.ts";
import type { LoadReport } from "../state/savedState.ts";
import { isStateful, type Stateful, stateOf } from "../state/stateful.ts";
import { Parameters } from "../tensor/parameters.ts";
import { type Readable, type Reading, read } from "./byteSource.ts";
import { FLOATS } from "./fileTypes.ts";
import { checkParts, kindOf, MANIFEST, type Parts, parseManifest, type SavedPart } from "./format.ts";
import { type Header, readHeader } from "./safetensorsHeader.ts";
import { arrayNames, decode } from "./stateTree.ts";
import { carryOut, deferState, planParameter, readState, refuseMisfits, type Transfer } from "./transfer.ts";

/** Options of `readCheckpoint`. */
export interface ReadCheckpointOptions {
  /** False to load what fits and report the rest; true, to throw, unless it is given. */
  strict?: boolean;
}

/** What was found, and what did not fit. */
export interface CheckpointReport extends LoadReport {
  /** The parts of the file that are data. */
  readonly data: Readonly<Record<string, unknown>>;
}

type Findings = { [K in keyof LoadReport]: string[] };

/**
 * Loads a checkpoint into parts like those that it was made of. Everything is looked at before anything is written: a
 * file that is damaged, hostile or of other parts throws, and then nothing has changed. Only a source that fails once its
 * header has been accepted can leave arrays half read. Wait for the promise before the next step. Data has nothing to be
 * loaded into, and is returned.
 */
export async function readCheckpoint(
  source: Readable,
  parts: Parts,
  options: ReadCheckpointOptions = {},
): Promise<CheckpointReport> {
  return read(source, (size) => readingCheckpoint(size, parts, options));
}

/** @internal `readCheckpoint`, saying what it wants to read. */
export function* readingCheckpoint(
  size: number,
  parts: Parts,
  options: ReadCheckpointOptions,
): Reading<CheckpointReport> {
  checkKeys("readCheckpoint", options, ["strict"]);
  const { strict = true } = options;
  checkBoolean("strict", strict);
  checkParts(parts);
  const header = yield* readHeader(size);
  const saved = parseManifest(header.metadata.get(MANIFEST));
  const findings: Findings = { missing: [], unexpected: [], misshapen: [], changed: [] };
  const transfers: Transfer[] = [];
  compareParts(parts, saved, findings);
  for (const [name, part] of Object.entries(parts)) {
    const from = saved.get(name);
    if (part instanceof Parameters && from?.kind === "parameters") {
      planParameters(name, part, from.tensors, header, transfers, findings);
    }
  }
  if (strict) refuseMisfits("checkpoint", findings, ["missing", "unexpected", "misshapen"]);

  const data: [string, unknown][] = [];
  const states: [string, Stateful, unknown][] = [];
  for (const [name, from] of saved) {
    const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
    if (from.kind === "data") data.push([name, yield* restore(from.tree, header)]);
    if (from.kind === "state" && isStateful(part)) {
      states.push([name, part, yield* restore(from.tree, header, part.stateInPlace ? transfers : undefined)]);
    }
  }
  // What is in place goes last: the others may allocate, and that moves memory.
  states.sort(([, a], [, b]) => Number(a.stateInPlace ?? false) - Number(b.stateInPlace ?? false));
  loadAll(states, strict, findings);
  yield* carryOut(transfers);
  return { ...findings, data: Object.fromEntries(data) };
}

/** Compares names and kinds of the parts. */
function compareParts(parts: Parts, saved: ReadonlyMap<string, SavedPart>, findings: Findings): void {
  for (const [name, part] of Object.entries(parts)) {
    const kind = saved.get(name)?.kind;
    if (kind === undefined) findings.missing.push(name);
    else if (kind !== kindOf(part)) refuse(name, `${kind} in the file`, kindOf(part), "STATE_MISMATCH");
  }
  for (const [name, { kind }] of saved) {
    if (kind !== "data" && !Object.hasOwn(parts, name)) findings.unexpected.push(name);
  }
}

function planParameters(
  part: string,
  parameters: Parameters,
  names: Readonly<Record<string, string>>,
  { tensors }: Header,
  transfers: Transfer[],
  findings: Findings,
): void {
  const named = new Map(Object.entries(names));
  for (const parameter of parameters) {
    const name = named.get(parameter.name);
    const tensor = name === undefined ? undefined : tensors.get(name);
    planParameter(`${part}/${parameter.name}`, parameter, tensor, transfers, findings);
  }
  for (const name of named.keys()) if (!parameters.has(name)) findings.unexpected.push(`${part}/${name}`);
}

/** Decodes a tree. Its arrays are read, but those that float32 holds only planned to be if there is a list for plans. */
function* restore(tree: Json, { tensors }: Header, transfers?: Transfer[]): Reading<unknown> {
  const arrays = new Map<string, unknown>();
  for (const name of arrayNames(tree)) {
    const tensor = tensors.get(name) ?? refuse("state", name, "the name of a tensor in the file", "BAD_FILE");
    const inPlace = transfers && tensor.dtype !== "F64" && FLOATS.includes(tensor.dtype);
    arrays.set(name, inPlace ? deferState(tensor, transfers) : yield* readState(tensor));
  }
  return decode(tree, (name) => arrays.get(name));
}

/** Loads every state, or none: if one does not fit, those before it get back what they had. */
function loadAll(states: readonly [string, Stateful, unknown][], strict: boolean, findings: Findings): void {
  const undo: (() => void)[] = [];
  try {
    for (const [name, part, state] of states) {
      const before = stateOf(part);
      const outcome = part.loadStateDict(state as never, { strict });
      undo.push(() => void part.loadStateDict(before as never));
      gather(name, outcome, findings);
    }
  } catch (error) {
    for (const restoreOne of undo.reverse()) restoreOne();
    throw error;
  }
}

/** Adds what a part reported, if it did as optimizers do. */
function gather(name: string, outcome: unknown, findings: Findings): void {
  if (!isRecord(outcome)) return;
  for (const key of Object.keys(findings) as (keyof Findings)[]) {
    const found = outcome[key];
    if (Array.isArray(found)) for (const item of found) findings[key].push(`${name}/${item}`);
  }
}
