/** Bad arguments in the place of good ones, chosen by what the good one is. */
import { load, type Runtime, SimdOptimError } from "../../src/index.ts";
import { Parameter, Parameters } from "../../src/tensor/parameters.ts";
import { View } from "../../src/tensor/tensor.ts";

/** Something bad in the place of something good. */
export interface Spoiling {
  /** Where, such as "2.losses". */
  readonly path: string;
  readonly what: string;
  readonly args: readonly unknown[];
  /** Whether it must be refused; what may be left out need only not end in an error of the engine. */
  readonly must: boolean;
}

/** A value of each kind that no argument is. */
class Foreign {
  readonly lr = 1;
}
const foreign = new Foreign();
const ABSENT: readonly unknown[] = [undefined, null];
const NO_OBJECT: readonly unknown[] = [0.5, "x", true, Symbol("x"), 10n];
const NO_OPTIONS: readonly unknown[] = [...NO_OBJECT, [], [1], () => 1, new Map(), foreign, new Float32Array(2)];

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** What never stands for the value, and what perhaps does. */
function badFor(
  value: unknown,
  rt: Runtime,
  other: Runtime,
  alone: boolean,
): { never: readonly unknown[]; perhaps: readonly unknown[] } {
  if (value instanceof View) {
    const disposed = rt.tensor(value.shape, { type: value.type as "f32" });
    disposed.dispose();
    const wrongType = rt.tensor(value.shape, { type: value.type === "f32" ? "u32" : "f32" });
    const abroad = other.tensor(value.shape, { type: value.type as "f32" });
    const collection = rt.parameters({ "fc.weight": value.shape as number[] });
    const views = [disposed, wrongType, ...(alone ? [] : [abroad]), collection, collection.get("fc.weight")];
    return { never: [...NO_OPTIONS.filter((bad) => typeof bad !== "number"), {}, ...views], perhaps: [...ABSENT, 0.5] };
  }
  if (value instanceof Parameters) {
    const gone = rt.parameters({ a: [1] });
    gone.dispose();
    const never = [...NO_OBJECT, [1], [null], {}, () => 1, foreign, rt.tensor([1]), gone];
    return { never, perhaps: [...ABSENT, []] };
  }
  if (value instanceof Parameter) return { never: [...NO_OPTIONS, {}], perhaps: ABSENT };
  if (isPlain(value)) return { never: [...NO_OPTIONS, null, rt.tensor([1])], perhaps: [undefined] };
  if (typeof value === "number")
    return { never: ["x", {}, true, Symbol("x"), 10n, "1"], perhaps: [...ABSENT, [], () => "x", Number.NaN] };
  if (typeof value === "string")
    return { never: [5, {}, [], true, Symbol("x"), 10n, () => 1], perhaps: [...ABSENT, ""] };
  if (typeof value === "boolean") return { never: [1, "x", {}, [], Symbol("x")], perhaps: ABSENT };
  if (typeof value === "function") return { never: [5, "x", {}, [], true, Symbol("x")], perhaps: ABSENT };
  if (Array.isArray(value)) {
    const holes = new Array(value.length);
    const spoilt = value.map((item, i) => (i === 0 ? (typeof item === "number" ? "1" : 0.5) : item));
    const lists = value.length > 0 ? [holes, spoilt, [null], [{}], ["x"]] : [];
    return { never: ["x", {}, true, Symbol("x"), () => 1, foreign, ...lists], perhaps: [...ABSENT, 0.5, []] };
  }
  if (value === undefined) return { never: [], perhaps: [] };
  const others = NO_OPTIONS.filter((bad) => typeof bad !== "function" && !ArrayBuffer.isView(bad));
  return { never: [...others, {}], perhaps: [...ABSENT, () => 1] };
}

export interface Allowed {
  /** Records whose keys are names: one more is no fault. */
  readonly names: ReadonlySet<string>;
  /** What is of no particular kind. */
  readonly anything: ReadonlySet<string>;
}

/** All spoilings of a call. `make` gives good arguments anew each time. */
export function* spoilings(
  title: string,
  make: () => readonly unknown[],
  rt: Runtime,
  other: Runtime,
  allowed: Allowed,
): Generator<Spoiling> {
  const visit = function* (value: unknown, path: readonly string[], optional: boolean): Generator<Spoiling> {
    const place = path.join(".");
    if (allowed.anything.has(`${title} ${place}`)) return;
    const put = (bad: unknown): readonly unknown[] => {
      const args = [...make()];
      let holder: Record<string, unknown> = args as never;
      for (const key of path.slice(0, -1)) {
        holder[key] = Array.isArray(holder[key]) ? [...(holder[key] as unknown[])] : { ...(holder[key] as object) };
        holder = holder[key] as Record<string, unknown>;
      }
      holder[path.at(-1)!] = bad;
      return args;
    };
    const { never, perhaps } = badFor(value, rt, other, contentsOf(make()).length < 2);
    for (const bad of never) yield { path: place, what: named(bad), args: put(bad), must: true };
    for (const bad of perhaps) yield { path: place, what: named(bad), args: put(bad), must: false };
    if (!isPlain(value)) return;
    const more = allowed.names.has(`${title} ${place}`);
    if (!more) yield { path: `${place}.wrong`, what: "an unknown key", args: put({ ...value, wrong: 1 }), must: true };
    for (const [key, item] of Object.entries(value)) yield* visit(item, [...path, key], optional);
  };
  for (const [i, value] of make().entries()) yield* visit(value, [String(i)], false);
}

function named(bad: unknown): string {
  if (bad instanceof View) return `a ${bad.type} tensor`;
  if (bad instanceof Parameters) return "parameters";
  if (typeof bad === "symbol" || typeof bad === "bigint") return typeof bad;
  if (typeof bad === "object" && bad !== null)
    return `${bad.constructor?.name ?? "object"} ${Array.isArray(bad) ? JSON.stringify(bad) : ""}`;
  return String(bad);
}

/** The contents of all memory among arguments. */
export function contentsOf(args: unknown, depth = 0): unknown[] {
  if (args instanceof View) {
    try {
      return [args.data.slice()];
    } catch {
      return ["disposed"];
    }
  }
  if (args instanceof Parameters) {
    try {
      return [...args].flatMap(({ data, grad }) => [data.slice(), grad.slice()]);
    } catch {
      return ["disposed"];
    }
  }
  if (depth > 3 || args === null || typeof args !== "object" || ArrayBuffer.isView(args)) return [];
  if (Array.isArray(args) || isPlain(args)) return Object.values(args).flatMap((item) => contentsOf(item, depth + 1));
  return [];
}

/** What becomes of a call: nothing, if it is refused as it should be. */
export async function faultOf(
  run: (args: readonly unknown[]) => unknown,
  spoiling: Spoiling,
): Promise<string | undefined> {
  const { path, what, args, must } = spoiling;
  const before = contentsOf(args);
  try {
    await settled(run(args));
  } catch (error) {
    // What the file system says is for it to say.
    if (error instanceof Error && "syscall" in error) return undefined;
    if (!(error instanceof SimdOptimError))
      return `${path}: ${what} ends in ${(error as Error).name}: ${(error as Error).message}`;
    const after = contentsOf(args);
    return JSON.stringify(after) === JSON.stringify(before)
      ? undefined
      : `${path}: ${what} is refused after something was written`;
  }
  return must ? `${path}: ${what} is taken` : undefined;
}

/** The end of what a call began: of a promise, or of steps to go through. */
async function settled(result: unknown): Promise<unknown> {
  if (typeof result === "object" && result !== null && Symbol.asyncIterator in result) {
    for await (const _ of result as AsyncIterable<unknown>);
    return undefined;
  }
  return await result;
}

export async function twoRuntimes(): Promise<[Runtime, Runtime]> {
  return [await load({ backend: "simd" }), await load({ backend: "simd" })];
}
