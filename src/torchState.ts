import { type Readable, type Reading, read } from "./byteSource.ts";
import { checkInteger, checkKeys, describe, refuse } from "./check.ts";
import type { Parameter } from "./parameters.ts";
import { readArray, Safetensors, type WriteTensor } from "./safetensors.ts";
import { type Header, readHeader } from "./safetensorsHeader.ts";
import type { LoadReport, OptimizerState } from "./savedState.ts";
import { DeferredArray, type SavedArray, type StateDictOptions } from "./stateful.ts";
import { carryOut, defer, type Transfer } from "./transfer.ts";

/** What the exchange needs of an optimizer. */
interface Exchangeable {
  readonly groups: readonly { readonly params: readonly Parameter[] }[];
  stateDict(options?: StateDictOptions): OptimizerState;
  loadStateDict(saved: OptimizerState<SavedArray>, options?: { strict?: boolean }): LoadReport;
}

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
 * Options are yours to give. What does not fit throws, and then nothing has changed.
 */
export async function readTorchState(
  source: Readable,
  optimizer: Exchangeable,
  options: TorchStateOptions = {},
): Promise<LoadReport> {
  return read(source, (size) => readingTorchState(size, optimizer, options));
}

function* readingTorchState(size: number, optimizer: Exchangeable, options: TorchStateOptions): Reading<LoadReport> {
  checkKeys("readTorchState", options, ["step", "strict"]);
  const { step: given, strict = true } = options;
  if (given !== undefined) checkInteger("step", given, `[0, ${Number.MAX_SAFE_INTEGER}]`);
  const now = optimizer.stateDict({ copy: false });
  const header = yield* readHeader(size);
  const transfers: Transfer[] = [];
  const state: Record<string, Record<string, SavedArray>> = Object.create(null);
  const steps: Record<string, number> = Object.create(null);
  const numbers = now.groups.map((group) => ({ ...group.numbers }));
  const groupOf = new Map(now.groups.flatMap(({ params }, i) => params.map((name) => [name, i] as const)));
  for (const tensor of header.tensors.values()) {
    const dot = tensor.name.lastIndexOf(".");
    const name = tensor.name.slice(0, Math.max(dot, 0));
    const slot = tensor.name.slice(dot + 1);
    const kept = numbers[groupOf.get(name) ?? -1];
    if (slot === "step") steps[name] = yield* readScalar(header, tensor.name);
    else if (kept && Object.hasOwn(kept, slot)) kept[slot as never] = (yield* readScalar(header, tensor.name)) as never;
    else {
      state[name] ??= {};
      state[name][slot] = defer(tensor, transfers);
    }
  }
  for (const [name, slots] of Object.entries(now.state)) {
    if (steps[name] !== undefined || state[name] !== undefined) continue;
    // Never updated: torch has no state for it yet, and here it is as it was made.
    steps[name] = 0;
    state[name] = {};
    for (const [slot, { length }] of Object.entries(slots)) {
      state[name][slot] = new DeferredArray(length, (target) => void target.fill(0));
    }
  }
  for (const name of Object.keys(now.steps)) {
    steps[name] ??=
      given ?? refuse("step", given, `the number of updates, since the file has none for ${describe(name)}`);
  }
  const step = Object.values(steps).reduce((most, count) => Math.max(most, count), 0);
  const groups = now.groups.map((group, i) => ({ ...group, numbers: numbers[i]! }));
  const report = optimizer.loadStateDict({ ...now, step, steps, groups, state }, { strict });
  yield* carryOut(transfers);
  return report;
}

/** A number without axes, of whatever type. */
function* readScalar({ tensors }: Header, name: string): Reading<number> {
  const tensor = tensors.get(name)!;
  if (!["F32", "F64", "I32", "I64"].includes(tensor.dtype) || tensor.shape.some((size) => size !== 1)) {
    refuse(describe(name), `${tensor.dtype} of shape ${describe(tensor.shape)}`, "one number", "STATE_MISMATCH");
  }
  return Number((yield* readArray(tensor))[0]);
}
