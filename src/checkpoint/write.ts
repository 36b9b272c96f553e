import { sizeOf } from "../core/shape.ts";
import { ELEMENTS, type TypedArray } from "../memory/elementType.ts";
import { isStateful, notedType, stateOf } from "../state/stateful.ts";
import { Parameters } from "../tensor/parameters.ts";
import { checkParts, kindOf, MANIFEST, type Parts, type SavedPart, writeManifest } from "./format.ts";
import { Safetensors, type WriteTensor } from "./safetensors.ts";
import { METADATA } from "./safetensorsHeader.ts";
import { encode } from "./stateTree.ts";

/**
 * A checkpoint as a safetensors file: one for parameters, optimizer, schedules, random numbers and whatever else a run
 * needs to go on bit for bit. Parameters have their own names and shapes in it, so that any reader of safetensors can
 * use them; arrays of state are named by where they are, as "optimizer/fc.weight/exp_avg", with the shape of the
 * parameter where they are as large; everything else is text in the metadata. Nothing is copied that can be had in
 * place: write the file before the next step.
 */
export function writeCheckpoint(parts: Parts): Safetensors {
  checkParts(parts);
  const tensors = new Map<string, WriteTensor>();
  const keep = (name: string, data: TypedArray, shape: readonly number[] | undefined): string => {
    // Names are for people; which array is which, the manifest says. So any that is free will do.
    let free = name;
    for (let i = 1; tensors.has(free) || free === METADATA; i++) free = `${name}~${i}`;
    const type = notedType(data);
    tensors.set(free, { data, ...(shape && { shape }), ...(type && { dtype: ELEMENTS[type].file }) });
    return free;
  };
  const saved: Record<string, SavedPart> = Object.create(null);
  const shapes = new Map<string, readonly number[]>();
  // Parameters first, so that the plain names are theirs.
  for (const [part, parameters] of Object.entries(parts)) {
    if (!(parameters instanceof Parameters)) continue;
    const names: [string, string][] = [];
    for (const { name, shape, data } of parameters) {
      shapes.set(name, shape);
      names.push([name, keep(tensors.has(name) ? `${part}/${name}` : name, data, shape)]);
    }
    saved[part] = { kind: "parameters", tensors: Object.fromEntries(names) };
  }
  for (const [name, part] of Object.entries(parts)) {
    const kind = kindOf(part);
    if (kind === "parameters") continue;
    const tree = encode(isStateful(part) ? stateOf(part) : part, [name], (path, data) =>
      keep(tensorName(path), data, shapeAt(path, data.length, shapes)),
    );
    saved[name] = { kind, tree };
  }
  // The first is what transformers asks for in files of parameters.
  return new Safetensors(tensors, [
    ["format", "pt"],
    [MANIFEST, writeManifest(saved)],
  ]);
}

/** The keys that lead to an array, without the "state" under which optimizers keep theirs. */
function tensorName(path: readonly string[]): string {
  return path.filter((key, i) => i === 0 || key !== "state").join("/");
}

/** The shape of the parameter that an array belongs to, if it is as large. */
function shapeAt(path: readonly string[], size: number, shapes: ReadonlyMap<string, readonly number[]>) {
  const named = path.slice(1).flatMap((key) => (shapes.has(key) ? [shapes.get(key)!] : []));
  return named.find((shape) => sizeOf(shape) === size);
}
