import { checkBoolean, checkFunction, checkKeys } from "../core/check.ts";
import { type Selection, selected } from "../tensor/parameters.ts";
import { type Readable, type Reading, read } from "./byteSource.ts";
import { readHeader } from "./safetensorsHeader.ts";
import { carryOut, nameInFile, planParameter, refuseMisfits, refuseNames, type Transfer } from "./transfer.ts";

/** Options of `loadParameters`. */
export interface LoadParametersOptions {
  /** What the file calls a parameter; its own name, unless it is given. Several may be given the values of one tensor. */
  names?: (name: string) => string;
  /** False to load what fits and report the rest; true, to throw for what is missing or misshapen, unless it is given. */
  strict?: boolean;
}

/** What a file and parameters did not have in common. */
export interface ParametersReport {
  /** Parameters that the file lacks. */
  readonly missing: readonly string[];
  /** Tensors of the file that no parameter asked for. */
  readonly unexpected: readonly string[];
  /** Parameters whose tensor has another shape, or is not of floating-point numbers. */
  readonly misshapen: readonly string[];
}

/**
 * Loads the values of parameters by name from any safetensors file, a checkpoint or a model of someone else's. F32, F16
 * and BF16 are taken exactly, F64 is rounded. Tensors that no parameter asks for are reported and never an error. A file
 * that does not fit throws before anything is written.
 */
export async function loadParameters(
  source: Readable,
  params: Selection,
  options: LoadParametersOptions = {},
): Promise<ParametersReport> {
  return read(source, (size) => readingParameters(size, params, options));
}

/** @internal `loadParameters`, saying what it wants to read. */
export function* readingParameters(
  size: number,
  params: Selection,
  options: LoadParametersOptions,
): Reading<ParametersReport> {
  checkKeys("loadParameters", options, ["names", "strict"]);
  const { names = (name: string) => name, strict = true } = options;
  checkFunction("names", names);
  checkBoolean("strict", strict);
  const parameters = selected("params", params);
  const { tensors } = yield* readHeader(size);
  const report = { missing: [] as string[], unexpected: [] as string[], misshapen: [] as string[] };
  const transfers: Transfer[] = [];
  const asked = new Set<string>();
  for (const parameter of parameters) {
    const name = nameInFile(names, parameter.name);
    asked.add(name);
    planParameter(parameter.name, parameter, tensors.get(name), transfers, report);
  }
  for (const name of tensors.keys()) if (!asked.has(name)) report.unexpected.push(name);
  const none = parameters.length > 0 && report.missing.length === parameters.length;
  if (strict && none && tensors.size > 0) refuseNames("parameters", tensors, names(parameters[0]!.name));
  if (strict) refuseMisfits("parameters", report, ["missing", "misshapen"]);
  yield* carryOut(transfers);
  return report;
}
