/** What a benchmark times, whatever it is: a kernel of the table or an optimizer of the package. */
import type { Runtime } from "../src/tensor/runtime.ts";

/** An array in linear memory. */
export type Elements = Float32Array | Float64Array | Uint32Array;

export interface Subject {
  readonly kind: "kernel" | "optimizer";
  readonly name: string;
  /** Whether sizes are to be chosen as sides of square matrices: the work grows faster than the arrays. */
  readonly product: boolean;
  /** What a run costs, in a unit that its time is proportional to. */
  cost(elements: number): number;
  /** Lays the subject out in a runtime, over about `elements` elements. */
  open(runtime: Runtime, elements: number): Trial;
}

/** A subject of one size in one runtime, ready to run. */
export interface Trial {
  /** Elements of its longest array. */
  readonly elements: number;
  /** Bytes that one run must at least move: what is read once, what is written once, what is updated twice. */
  readonly bytes: number;
  /** Floating-point operations of one run, where they and not the bytes are what costs. */
  readonly flops?: number;
  /** Gives every input ordinary values, the same in every runtime. */
  fill(): void;
  /** What is timed. Its result, where it is a number, is compared between backends. */
  run(): unknown;
  /** What a run writes. */
  outputs(): readonly Elements[];
  dispose(): void;
}
