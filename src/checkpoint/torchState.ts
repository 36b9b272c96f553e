import { checkBoolean, checkFunction, checkInteger, checkKeys, describe, refuse } from "../core/check.ts";
import { checkSteppable, type Steppable } from "../optim/define/steppable.ts";
import type { LoadReport, OptimizerState } from "../state/savedState.ts";
import { DeferredArray, type SavedArray } from "../state/stateful.ts";
import { type Readable, type Reading, read } from "./byteSource.ts";
import { readArray, Safetensors, type WriteTensor } from "./safetensors.ts";
import { readHeader, type TensorInfo } from "./safetensorsHeader.ts";
import { carryOut, deferState, nameInFile, refuseNames, type Transfer } from "./transfer.ts";

/** What the exchange needs of an optimizer. */
interface Exchangeable extends Pick<Steppable, "groups" | "stateDict"> {
  loadStateDict(saved: OptimizerState<SavedArray>, options?: { strict?: boolean }): LoadReport;
}

const METHODS = ["stateDict", "loadStateDict"] as const;

/**
 * The state of an optimizer as torch's `optimizer.state_dict()["state"]` has it, but flat and by name: a safetensors file
 * whose tensors are called by the parameter, a dot, and the slot, which has none, as "fc.weight.exp_avg". In Python:
 *
 *     names = [name for name, _ in model.named_parameters()]
 *     state = {}
 *     for key, value in safetensors.torch.load_file(path).items():
 *         name, slot = key.rsplit(".", 1)
 *         state.setdefault(names.index(name), {})[slot] = value
 *     optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
 *
 * Arrays are F32 of the parameter's shape. "step" is how often the parameter has been updated, a scalar of shape [] and
 * of type F32, as in torch, or F64 where F32 cannot count so far (2^24). Numbers of a group, such as NAdam's
 * "mu_product", torch has for each parameter: they are F64 scalars, which lose nothing. A parameter that has never been
 * updated has no tensors. The metadata has "optimizer", the name of the rule, and "param_groups", which is JSON as torch
 * has it but with names for parameters and without infinities.
 */
export function writeTorchState(optimizer: Exchangeable): Safetensors {
  checkSteppable("optimizer", optimizer, METHODS);
  const { optimizer: rule, state, steps, groups } = optimizer.stateDict({ copy: false });
  const tensors: [string, WriteTensor][] = [];
  for (const [i, { params }] of optimizer.groups.entries()) {
    for (const { name, shape, size } of params) {
      const step = steps[name]!;
      // torch makes state in the first step: before it, there is none.
      if (step === 0) continue;
      tensors.push([
        `${name}.step`,
        { data: step <= 2 ** 24 ? Float32Array.of(step) : Float64Array.of(step), shape: [] },
      ]);
      for (const [key, value] of Object.entries(groups[i]!.numbers)) {
        if (key !== "step") tensors.push([`${name}.${key}`, { data: Float64Array.of(value), shape: [] }]);
      }
      for (const [slot, data] of Object.entries(state[name] ?? {})) {
        tensors.push([`${name}.${slot}`, data.length === size ? { data, shape } : { data }]);
      }
    }
  }
  const paramGroups = groups.map(({ params, options }) => ({
    ...Object.fromEntries(Object.entries(options).map(([key, value]) => [snakeCase(key), value])),
    params,
  }));
  return new Safetensors(tensors, [
    ["format", "pt"],
    ["optimizer", rule],
    ["param_groups", JSON.stringify(paramGroups)],
  ]);
}

const snakeCase = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Options of `readTorchState`. */
export interface TorchStateOptions {
  /** What the file calls a parameter; its own name, unless it is given. No two may have one name. */
  names?: (name: string) => string;
  /** Updates made, for a file of an optimizer that does not count, such as torch's SGD; what the file says counts more. */
  step?: number;
  /** False to load what fits and report the rest; true, to throw, unless it is given. */
  strict?: boolean;
}

/**
 * Loads the state of torch's optimizer of the same rule from a safetensors file that maps "parameter.slot" to a tensor,
 * which is what `writeTorchState` writes and what this makes of `optimizer.state_dict()` in Python:
 *
 *     names = [name for name, _ in model.named_parameters()]
 *     state = optimizer.state_dict()["state"]
 *     flat = {f"{names[i]}.{key}": value for i, slots in state.items() for key, value in slots.items()}
 *     safetensors.torch.save_file(flat, path)
 *
 * F32, F16 and BF16 are taken exactly, F64 is rounded. The axes of a tensor are those of its parameter, in their order;
 * a mean over some of them may lack those, and any may be of one axis. Options are yours to give. What does not fit
 * throws, and then nothing has changed.
 */
export async function readTorchState(
  source: Readable,
  optimizer: Exchangeable,
  options: TorchStateOptions = {},
): Promise<LoadReport> {
  return read(source, (size) => readingTorchState(size, optimizer, options));
}

function* readingTorchState(size: number, optimizer: Exchangeable, options: TorchStateOptions): Reading<LoadReport> {
  checkKeys("readTorchState", options, ["names", "step", "strict"]);
  const { names = (name: string) => name, step: given, strict = true } = options;
  checkFunction("names", names);
  checkBoolean("strict", strict);
  if (given !== undefined) checkInteger("step", given, `[0, ${Number.MAX_SAFE_INTEGER}]`);
  checkSteppable("optimizer", optimizer, METHODS);
  const now = optimizer.stateDict({ copy: false });
  const nameOf = translate(Object.keys(now.steps), names);
  const { tensors, metadata } = yield* readHeader(size);
  const transfers: Transfer[] = [];
  const state: Record<string, Record<string, SavedArray>> = Object.create(null);
  const steps: Record<string, number> = Object.create(null);
  const numbers = now.groups.map((group) => ({ ...group.numbers }) as Record<string, number>);
  const groupOf = new Map(now.groups.flatMap(({ params }, i) => params.map((name) => [name, i] as const)));
  for (const tensor of tensors.values()) {
    const dot = tensor.name.lastIndexOf(".");
    const [name, slot] = [nameOf(tensor.name.slice(0, Math.max(dot, 0))), tensor.name.slice(dot + 1)];
    const kept = numbers[groupOf.get(name) ?? -1];
    if (kept && slot === "step") steps[name] = yield* readScalar(tensor);
    else if (kept && Object.hasOwn(kept, slot)) kept[slot] = yield* readScalar(tensor);
    else {
      state[name] ??= Object.create(null) as Record<string, SavedArray>;
      state[name][slot] = deferState(tensor, transfers);
    }
  }
  const found = [...Object.keys(steps), ...Object.keys(state)].some((name) => groupOf.has(name));
  if (strict && !found && tensors.size > 0) refuseNames("state", tensors, "fc.weight.exp_avg");
  for (const [name, slots] of Object.entries(now.state)) {
    if (steps[name] !== undefined || state[name] !== undefined) continue;
    // Never updated: torch has no state for it yet, and here it is as it was made.
    steps[name] = 0;
    state[name] = {};
    for (const [slot, { length }] of Object.entries(slots)) {
      state[name][slot] = new DeferredArray(length, (target) => void (target as Float32Array).fill(0));
    }
  }
  // A file of ours counts every parameter that has been updated, even one without state.
  const uncounted = metadata.has("optimizer") ? 0 : given;
  for (const name of Object.keys(now.steps)) {
    steps[name] ??=
      uncounted ?? refuse("step", given, `the number of updates, since the file has none for ${describe(name)}`);
  }
  const step = Object.values(steps).reduce((most, count) => Math.max(most, count), 0);
  const groups = now.groups.map((group, i) => ({ ...group, numbers: numbers[i]! }));
  const report = optimizer.loadStateDict({ ...now, step, steps, groups, state }, { strict });
  yield* carryOut(transfers);
  return report;
}

/** From names in the file to those of parameters; what is no parameter's gets none that is. */
function translate(own: readonly string[], names: (name: string) => string): (inFile: string) => string {
  const known = new Map<string, string>();
  for (const name of own) {
    const inFile = nameInFile(names, name);
    const other = known.get(inFile);
    if (other !== undefined) refuse("names", inFile, `a name for ${describe(name)} that ${describe(other)} has not`);
    known.set(inFile, name);
  }
  const taken = new Set(own);
  return (inFile) => {
    let name = known.get(inFile) ?? inFile;
    if (!known.has(inFile)) while (taken.has(name)) name += "~";
    return name;
  };
}

/** A number without axes, of whatever type. */
function* readScalar(tensor: TensorInfo): Reading<number> {
  const { name, dtype, shape } = tensor;
  if (!["F32", "F64", "I32", "I64"].includes(dtype) || shape.some((size) => size !== 1)) {
    refuse(describe(name), `${dtype} of shape ${describe(shape)}`, "one number", "STATE_MISMATCH");
  }
  return Number((yield* readArray(tensor))[0]);
}
