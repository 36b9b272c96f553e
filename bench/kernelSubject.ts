import type { Operand, Sizes } from "../src/kernels/row.ts";
import { builtKernels, type KernelName, kernelTable, type ListedKernel } from "../src/kernels/table.ts";
import { arrayOn, bytesOf } from "../src/memory/elementType.ts";
import type { Runtime } from "../src/tensor/runtime.ts";
import { fillFloats, fillIndices, ORDINARY_BITS, ORDINARY_REAL } from "./inputs.ts";
import type { Elements, Subject, Trial } from "./subject.ts";

/** How often each byte of an operand crosses. */
const CROSSINGS = { in: 1, out: 1, inout: 2, work: 0 } as const;

/** A kernel of the table, called as the package calls it: unchecked. */
export function kernelSubject(name: KernelName): Subject {
  const kernel: ListedKernel = kernelTable[name];
  return {
    kind: "kernel",
    name,
    product: flopsOf(sizesFor(kernel, 1)) !== undefined,
    cost: (elements) => flopsOf(sizesFor(kernel, elements)) ?? elements,
    open: (runtime, elements) => open(name, kernel, runtime, sizesFor(kernel, elements)),
  };
}

function sizesFor(kernel: ListedKernel, elements: number): Sizes {
  return kernel.sizes?.typical(elements) ?? { n: elements };
}

/** A kernel over sizes m, n and k is a matrix product: one multiplication and one addition for each triple. */
function flopsOf({ m, n, k }: Sizes): number | undefined {
  return m === undefined || n === undefined || k === undefined ? undefined : 2 * m * n * k;
}

function operandsOf(kernel: ListedKernel): Operand[] {
  return kernel.args.filter((arg) => arg.kind === "operand");
}

function open(name: KernelName, kernel: ListedKernel, runtime: Runtime, sizes: Sizes): Trial {
  const operands = operandsOf(kernel).map((operand) => {
    const length = operand.length(sizes);
    const bytes = bytesOf(operand.type) * length;
    return { operand, length, bytes, block: runtime.heap.allocate(bytes) };
  });
  const blocks = operands.map(({ block }) => block);
  const flops = flopsOf(sizes);
  // A kernel that is given random bits writes random bits.
  const writesBits = kernel.args.some((arg) => arg.kind === "bits");
  const view = (at: number): Elements => {
    const { block, length, operand } = operands[at]!;
    const type = writesBits && operand.access === "out" ? "u32" : operand.type;
    return arrayOn(type, runtime.heap.views.u8.buffer, block.pointer, length) as Elements;
  };
  let taken = 0;
  const values = kernel.args.map((arg) => {
    if (arg.kind === "operand") return blocks[taken++]!.pointer;
    if (arg.kind === "size") return sizes[arg.name]!;
    return arg.kind === "bits" ? ORDINARY_BITS : ORDINARY_REAL;
  });
  return {
    elements: Math.max(...operands.map(({ operand, length }) => (operand.access === "work" ? 0 : length))),
    bytes: operands.reduce((sum, { operand, bytes }) => sum + bytes * CROSSINGS[operand.access], 0),
    ...(flops === undefined ? {} : { flops }),
    fill: () => {
      for (const [at, { operand }] of operands.entries()) {
        const array = view(at);
        if (array instanceof Uint32Array) fillIndices(array, operand.below?.(sizes) ?? 2 ** 32);
        else fillFloats(array, at);
      }
    },
    // A bound function costs less per call than spreading the arguments.
    run: builtKernels(runtime)[name]!.bind(undefined, ...values),
    outputs: () =>
      operands.flatMap(({ operand: { access } }, at) => (access === "in" || access === "work" ? [] : [view(at)])),
    dispose: () => {
      for (const block of blocks) block.release();
    },
  };
}
