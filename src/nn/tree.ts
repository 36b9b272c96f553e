/** A tree of layers: the full names of its parameters, and the parameters by those names. */
import { refuse } from "../core/check.ts";
import { sameShape } from "../core/shape.ts";
import type { Engine } from "../kernels/engine.ts";
import { declare } from "../tensor/declare.ts";
import type { Parameter, Parameters } from "../tensor/parameters.ts";
import { type AnyLayer, checkLayer, type LayerParameter } from "./layer.ts";

/** A layer in its place: its full name and its parameters. */
interface Place {
  readonly name: string;
  readonly declared: Readonly<Record<string, LayerParameter>>;
}

function join(prefix: string, name: string): string {
  return prefix && name ? `${prefix}.${name}` : prefix || name;
}

/** Every layer of a tree with its full name; one that occurs twice has the name of its first place. */
export function placesOf(root: AnyLayer): Map<AnyLayer, Place> {
  const places = new Map<AnyLayer, Place>();
  const visit = (layer: AnyLayer, name: string) => {
    if (places.has(layer)) return;
    places.set(layer, { name, declared: layer.parameters ?? {} });
    for (const [key, child] of Object.entries(layer.children ?? {})) {
      checkLayer(join(name, key), child);
      visit(child, join(name, key));
    }
  };
  checkLayer("layers", root);
  visit(root, "");
  return places;
}

/** The parameters of a tree of layers by full name, such as "blocks.0.attn.qkv.weight". */
export function declarationsOf(root: AnyLayer): Record<string, LayerParameter> {
  const declarations: Record<string, LayerParameter> = {};
  for (const { name, declared } of placesOf(root).values()) {
    for (const [local, declaration] of Object.entries(declared)) {
      const full = join(name, local);
      if (full in declarations) refuse("layers", full, "each parameter name once", "DUPLICATE_PARAMETER");
      declarations[full] = declaration;
    }
  }
  return declarations;
}

/** Values and gradients for declared parameters, all zero. */
export function parametersOf(engine: Engine, declarations: Readonly<Record<string, LayerParameter>>): Parameters {
  const plain = Object.entries(declarations).map(([name, { start, ...options }]) => [name, options]);
  return declare(engine, Object.fromEntries(plain));
}

/** A layer with its name and the parameters it works on. */
export interface Bound {
  readonly name: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
}

/** Binds a tree to parameters that have all its names; whatever else there is among them is left alone. */
export function bind(root: AnyLayer, parameters: Parameters | undefined): Map<AnyLayer, Bound> {
  const bound = new Map<AnyLayer, Bound>();
  for (const [layer, { name, declared }] of placesOf(root)) {
    const own = Object.entries(declared).map(([local, { shape }]) => {
      const full = join(name, local);
      const parameter = parameters?.get(full) ?? refuse("parameters", undefined, `a parameter ${full}`);
      if (!sameShape(parameter.shape, shape)) {
        refuse(full, parameter.shape, `shape [${shape.join(", ")}]`, "SHAPE_MISMATCH");
      }
      return [local, parameter] as const;
    });
    bound.set(layer, { name, parameters: Object.fromEntries(own) });
  }
  return bound;
}
