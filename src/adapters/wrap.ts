import { checkKeys, checkShape, isPlain, refuse } from "../core/check.ts";
import { checkEngine, type Engine } from "../kernels/engine.ts";
import type { StepOptions } from "../optim/define/measure.ts";
import type { Stepping } from "../optim/define/steppable.ts";
import { declare, type ParameterOptions } from "../tensor/declare.ts";
import type { Parameter, Parameters } from "../tensor/parameters.ts";

/** A parameter whose values, and perhaps gradient, live outside linear memory. Its shape is [length] unless given. */
export interface OutsideArray extends Partial<ParameterOptions> {
  /** Its values, row-major. */
  data: Float32Array;
  /** Where its gradient is to be found at each step. Without it, steps are to be given one. */
  grad?: Float32Array;
}

/** Arrays by name: alone, or with a gradient and what `runtime.parameters` takes. */
export type OutsideArrays = Readonly<Record<string, Float32Array | OutsideArray>>;

/** What a step copied. */
export interface Copied {
  /** Bytes of gradients in and values out. */
  readonly bytesCopied: number;
}

/** What a step of wrapped arrays takes. */
export interface OutsideStepOptions extends StepOptions {
  /** Gradients by parameter name, in place of those that the arrays were wrapped with. */
  gradients?: Readonly<Record<string, Float32Array>>;
}

interface Outside {
  readonly parameter: Parameter;
  readonly data: Float32Array;
  readonly grad: Float32Array | undefined;
}

/** Refuses anything but an array of that length; one whose buffer was detached has length 0. */
function checkArray(argument: string, array: unknown, length: number): asserts array is Float32Array {
  const expected = `a Float32Array of ${length} elements`;
  if (!(array instanceof Float32Array)) refuse(argument, array, expected);
  if (array.length !== length) refuse(argument, `${array.length} elements`, expected, "SHAPE_MISMATCH");
}

/** Refuses arrays that share memory: what is copied out to one would change the other. */
function checkApart(arrays: readonly (readonly [name: string, array: Float32Array])[]): void {
  const starts = [...arrays].sort(([, a], [, b]) => a.byteOffset - b.byteOffset);
  /** The array of each buffer that reaches furthest so far. */
  const last = new Map<ArrayBufferLike, { name: string; end: number }>();
  for (const [name, { buffer, byteOffset, byteLength }] of starts) {
    const before = last.get(buffer);
    if (before && before.end > byteOffset) refuse(name, `memory shared with ${before.name}`, "memory of its own");
    last.set(buffer, { name, end: byteOffset + byteLength });
  }
}

function entryOf(name: string, entry: Float32Array | OutsideArray) {
  const options: OutsideArray = ArrayBuffer.isView(entry) ? { data: entry } : entry;
  checkKeys(name, options, ["data", "grad", "shape", "role", "frozen"]);
  const { data, grad, ...declaration } = options;
  if (!(data instanceof Float32Array)) refuse(`${name}.data`, data, "a Float32Array");
  const shape = declaration.shape ?? [data.length];
  checkArray(`${name}.data`, data, checkShape(`${name}.shape`, shape));
  if (grad !== undefined) checkArray(`${name}.grad`, grad, data.length);
  return { name, data, grad, declaration: { ...declaration, shape } };
}

/** Arrays that stay where they are, and the parameters that stand for them in linear memory. Made by `wrap`. */
export class Wrapped {
  /** What to make an optimizer of. Between steps its values are those of the arrays. */
  readonly parameters: Parameters;
  readonly #outside: readonly Outside[];

  /** @internal Use `wrap`. */
  constructor(engine: Engine, arrays: OutsideArrays) {
    checkEngine("runtime", engine);
    if (!isPlain(arrays)) {
      refuse("arrays", arrays, "an object such as { weight: new Float32Array(10) }");
    }
    const entries = Object.entries(arrays).map(([name, entry]) => entryOf(name, entry));
    checkApart(
      entries.flatMap(({ name, data, grad }) => [
        [`${name}.data`, data] as const,
        ...(grad ? [[`${name}.grad`, grad] as const] : []),
      ]),
    );
    this.parameters = declare(engine, Object.fromEntries(entries.map(({ name, declaration }) => [name, declaration])));
    this.#outside = entries.map(({ name, data, grad }) => ({ parameter: this.parameters.get(name), data, grad }));
    this.copyValuesIn();
  }

  /** Copies values in, as `wrap` did: for values that you have changed since. Returns the bytes copied. */
  copyValuesIn(): number {
    this.#checkData();
    return this.#copy(this.#outside.map(({ parameter, data }) => [data, parameter.data]));
  }

  /** Copies the gradients in of what is not frozen. Returns the bytes copied. */
  copyGradientsIn(gradients: OutsideStepOptions["gradients"] = {}): number {
    checkKeys(
      "gradients",
      gradients,
      this.#outside.map(({ parameter }) => parameter.name),
    );
    const active = this.#outside.filter(({ parameter }) => !parameter.frozen);
    const copies = active.map(({ parameter, grad }): [Float32Array, Float32Array] => {
      const { name, size } = parameter;
      const source = Object.hasOwn(gradients, name) ? gradients[name] : grad;
      checkArray(`${name}.grad`, source, size);
      return [source, parameter.grad];
    });
    return this.#copy(copies);
  }

  /** Copies values out, to where they came from. Returns the bytes copied. */
  copyValuesOut(): number {
    this.#checkData();
    return this.#copy(this.#outside.map(({ parameter, data }) => [parameter.data, data]));
  }

  /**
   * Copies the gradients in, steps, and copies the values out, frozen ones too, since a step may go back to values from
   * before they were frozen. The report is the optimizer's own, and how many bytes were copied. For anything between
   * these, such as clipping, call `copyGradientsIn`, the optimizer and `copyValuesOut`.
   */
  step<R extends object>(optimizer: Stepping<R>, options: OutsideStepOptions = {}): R & Copied {
    if (typeof optimizer?.step !== "function")
      refuse("optimizer", optimizer, "an optimizer over the wrapped parameters");
    const stepped = optimizer.groups?.flatMap(({ params }) => params);
    if (stepped?.some(({ collection }) => collection !== this.parameters)) {
      refuse("optimizer", "an optimizer of other parameters", "one over the wrapped parameters");
    }
    const { gradients, ...others } = options;
    this.#checkData();
    const bytesIn = this.copyGradientsIn(gradients);
    const report = optimizer.step(...(Object.keys(others).length > 0 ? [others] : []));
    return { ...report, bytesCopied: bytesIn + this.copyValuesOut() };
  }

  /** Frees the parameters. The arrays are left alone. */
  dispose(): void {
    this.parameters.dispose();
  }

  /** The same as `dispose`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkData(): void {
    for (const { parameter, data } of this.#outside) checkArray(`${parameter.name}.data`, data, parameter.size);
  }

  #copy(pairs: readonly (readonly [from: Float32Array, to: Float32Array])[]): number {
    for (const [from, to] of pairs) to.set(from);
    return pairs.reduce((bytes, [{ byteLength }]) => bytes + byteLength, 0);
  }
}

/**
 * Parameters for arrays that live outside linear memory, such as those of another library: the values are copied in now,
 * and each `step` copies gradients in and values out, 8 bytes for each element. Otherwise all is as if they had been
 * declared with `runtime.parameters`, to the bit.
 *
 *     const wrapped = wrap(rt, { weight: { data, grad, shape: [10, 784] }, bias: { data: bias, grad: biasGrad } });
 *     const optimizer = new AdamW(wrapped.parameters);
 *     const { bytesCopied } = wrapped.step(optimizer);
 */
export function wrap(runtime: Engine, arrays: OutsideArrays): Wrapped {
  return new Wrapped(runtime, arrays);
}
