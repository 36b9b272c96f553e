import { checkBoolean, checkChoice, checkKeys, checkShape, isPlain, refuse } from "../core/check.ts";
import type { Engine } from "../kernels/engine.ts";
import { bytesOf } from "../memory/elementType.ts";
import { type Declared, Parameters, ROLES, type Role } from "./parameters.ts";
import { checkRoom } from "./tensor.ts";

/** A parameter as it is declared. */
export interface ParameterOptions {
  /** Axes, outermost first; [] for a single number. */
  shape: readonly number[];
  /** "bias" for one axis and "hidden" for more, unless it is given. */
  role?: Role;
  /** A frozen parameter is not stepped; false unless it is given. */
  frozen?: boolean;
}

/** Parameters by name, as shapes or with options; `{ "fc.weight": [10, 784] }`. */
export type Declarations = Readonly<Record<string, readonly number[] | ParameterOptions>>;

/** Allocates the parameters that declarations name, in their order. */
export function declare(engine: Engine, declarations: Declarations): Parameters {
  if (!isPlain(declarations)) {
    refuse("parameters", declarations, 'an object such as { "fc.weight": [10, 784] }');
  }
  const all = Object.entries(declarations).map(([name, declaration]) => declared(name, declaration));
  if (all.length === 0) refuse("parameters", {}, "at least one parameter");
  const elements = all.reduce((sum, { size }) => sum + size, 0);
  checkRoom("parameters", bytesOf("f32", elements), elements);
  return new Parameters(engine, all);
}

function declared(name: string, declaration: readonly number[] | ParameterOptions): Declared {
  const options: ParameterOptions = Array.isArray(declaration)
    ? { shape: declaration }
    : (declaration as ParameterOptions);
  if (!isPlain(options)) refuse(name, options, "a shape such as [10, 784], or an object of options");
  checkKeys(name, options, ["shape", "role", "frozen"]);
  const size = checkShape(`${name}.shape`, options.shape);
  checkRoom(`${name}.shape`, bytesOf("f32", size), options.shape);
  const { shape, role = shape.length < 2 ? "bias" : "hidden", frozen = false } = options;
  checkChoice(`${name}.role`, role, ROLES);
  checkBoolean(`${name}.frozen`, frozen);
  return { name, shape, role, frozen, size };
}
