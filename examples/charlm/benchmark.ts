/**
 * How long a step of AdamW takes on each backend, in nanoseconds per parameter.
 *
 * What is timed is `optimizer.step()` as a user calls it, over one parameter of so many elements with a gradient of
 * random numbers. The backends take turns, so that a slow moment of the computer does not hit one of them only, and
 * the fastest turn counts: whatever else the computer does can only add time.
 */
import { setImmediate } from "node:timers/promises";
import { AdamW, type Backend, load, type Runtime, SimdOptimError, uniform } from "simd-optim";

export const BACKENDS: readonly Backend[] = ["simd", "scalar", "reference"];

/** One size: nanoseconds per parameter, by backend; a backend that could not be measured is missing. */
export interface Row {
  readonly parameters: number;
  readonly nanoseconds: Partial<Record<Backend, number>>;
}

const TURNS = 5;
/** How long a turn lasts, in milliseconds; it is never shorter than one step. */
const TURN = 30;
/** How long a backend runs before it is timed: JavaScript and Wasm are recompiled while they run. */
const WARM_UP = 120;

/**
 * Measures every size on every backend there is, and returns the smallest first. Between turns the process may hear
 * signals.
 */
export async function benchmark(
  sizes: readonly number[],
  advance: (done: number) => void,
  signal: AbortSignal,
): Promise<Row[]> {
  const runtimes = await availableRuntimes();
  const rows: Row[] = [];
  // Largest first: V8 compiles the JavaScript kernels anew when memory grows, and two sizes would not compare. (With
  // the smallest first the reference took 14 ns before memory grew, and 9.7 ns after, in the same process.)
  for (const parameters of [...sizes].sort((a, b) => b - a)) {
    const nanoseconds: Row["nanoseconds"] = {};
    const subjects = runtimes.map((runtime) => prepare(runtime, parameters)).filter((subject) => subject !== undefined);
    for (let turn = 0; turn < TURNS; turn++) {
      for (const { backend, optimizer, stepsPerTurn } of subjects) {
        const time = (run(optimizer, stepsPerTurn) * 1e6) / stepsPerTurn / parameters;
        nanoseconds[backend] = Math.min(time, nanoseconds[backend] ?? Number.POSITIVE_INFINITY);
        await setImmediate();
        signal.throwIfAborted();
      }
    }
    for (const { dispose } of subjects) dispose();
    rows.unshift({ parameters, nanoseconds });
    advance(rows.length);
  }
  return rows;
}

async function availableRuntimes(): Promise<Runtime[]> {
  const runtimes: Runtime[] = [];
  for (const backend of BACKENDS) {
    try {
      runtimes.push(await load({ backend }));
    } catch (error) {
      if (!isError(error, "BACKEND_UNAVAILABLE")) throw error;
    }
  }
  return runtimes;
}

/** An optimizer that is warm, and how many steps of it fill a turn; undefined where memory does not suffice. */
function prepare(runtime: Runtime, parameters: number) {
  const { backend } = runtime;
  try {
    const params = runtime.parameters({ weight: [parameters] });
    uniform(params.get("weight").gradient, { seed: 1, name: "gradient", low: -1, high: 1 });
    const optimizer = new AdamW(params);
    const stepsPerTurn = Math.max(1, Math.ceil(TURN / warmUp(optimizer)));
    const dispose = () => {
      optimizer.dispose();
      params.dispose();
    };
    return { backend, optimizer, stepsPerTurn, dispose };
  } catch (error) {
    if (isError(error, "OUT_OF_MEMORY")) return undefined;
    throw error;
  }
}

/** Runs for a while, at least twice; returns how many milliseconds a step took last. */
function warmUp(optimizer: AdamW): number {
  const end = performance.now() + WARM_UP;
  let time = run(optimizer, 1);
  do time = run(optimizer, 1);
  while (performance.now() < end);
  return time;
}

/** The milliseconds that so many steps take. */
function run(optimizer: AdamW, steps: number): number {
  const start = performance.now();
  for (let i = 0; i < steps; i++) optimizer.step();
  return performance.now() - start;
}

function isError(error: unknown, code: SimdOptimError["code"]): boolean {
  return error instanceof SimdOptimError && error.code === code;
}
