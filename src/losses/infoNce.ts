import { checkBoolean, checkKeys, checkNumber, refuse } from "../core/check.ts";
import type { Engine } from "../kernels/engine.ts";
import { nn } from "../kernels/nn.ts";
import { gemm } from "../linalg/gemm.ts";
import type { ElementType } from "../memory/elementType.ts";
import { advanced } from "../memory/elementType.ts";
import { checkDistinct, checkView, Tensor, type View } from "../tensor/tensor.ts";
import { checkViews, evaluate, matrixOf, REDUCTION_OPTIONS, type ReductionOptions } from "./reduction.ts";

interface ContrastOptions extends ReductionOptions {
  /** What similarities are divided by; above 0. */
  temperature?: number;
  /** Compares directions: rows are divided by their length first; true unless it is given. */
  normalize?: boolean;
}

/** Options of `infoNce`. */
export interface InfoNceOptions extends ContrastOptions {
  /** Also asks which row of a belongs to each row of b, and takes the mean of both, as CLIP does. */
  symmetric?: boolean;
  /** Where to write the gradients; each may be what it is the gradient of. */
  gradientA?: View;
  /** See `gradientA`. */
  gradientB?: View;
}

/** Options of `ntXent`. */
export interface NtXentOptions extends ContrastOptions {
  /** Where to write the gradient; may be the features. */
  gradient?: View;
}

/** Rows shorter than this are divided by it: torch's `F.normalize`. */
const EPS = 1e-12;

const OPTIONS = [...REDUCTION_OPTIONS, "temperature", "normalize"];

/**
 * The cross-entropy of telling which row of b [rows, width] belongs to each row of a, with row i of b the right one for
 * row i of a and all others against it: logits a_i b_j / temperature (0.1 unless it is given).
 *
 * Keeps rows x rows logits, and copies of the embeddings and their gradients, while it runs.
 *
 * A. van den Oord, Y. Li and O. Vinyals, "Representation learning with contrastive predictive coding" (2018), equation
 * 4; `symmetric`: A. Radford et al., "Learning transferable visual models from natural language supervision" (ICML 2021),
 * figure 3.
 */
export function infoNce(a: View, b: View, options: InfoNceOptions = {}): number {
  checkKeys("options", options, [...OPTIONS, "symmetric", "gradientA", "gradientB"]);
  const { symmetric = false, gradientA, gradientB } = options;
  checkBoolean("symmetric", symmetric);
  const { engine, rows } = matrixOf("a", a);
  checkView("b", b, engine, "f32", a.shape);
  checkViews({ gradientA, gradientB }, engine, a.shape);
  checkDistinct({ gradientA, gradientB });
  const temperature = checkContrast(options, 0.1);
  return withTensors(engine, (tensor) => {
    const [left, right] = [directions(a, options, tensor), directions(b, options, tensor)] as const;
    const targets = tensor([rows], "u32");
    for (let i = 0; i < rows; i++) targets.data[i] = i;
    const logits = tensor([rows, rows]);
    const part = (symmetric ? 0.5 : 1) / temperature;
    /** Adds what one direction, from the rows of `from` to those of `to`, gives to the gradients of both. */
    const ask = (from: Directions, to: Directions, losses: View | undefined, beta: number) => {
      gemm(from.unit, to.unit, logits, { transposeB: true, alpha: 1 / temperature });
      const value = softmaxLoss({ ...options, ...(losses && { losses }) }, logits, targets);
      gemm(logits, to.unit, from.gradient, { alpha: part, beta });
      gemm(logits, from.unit, to.gradient, { transposeA: true, alpha: part, beta });
      return value;
    };
    let value = ask(left, right, options.losses, 0);
    if (symmetric) {
      const losses = options.losses && tensor([rows]);
      value = 0.5 * (value + ask(right, left, losses, 1));
      if (losses) engine.unchecked.lerp(losses.pointer, options.losses!.pointer, rows, 0.5);
    }
    left.deliver(gradientA);
    right.deliver(gradientB);
    return value;
  });
}

/**
 * The same among the rows of one tensor [2 n, width] in which rows i and i + n are two views of one thing: each has to
 * find the other among all rows but itself. The mean is over all 2 n rows; the temperature is 0.5 unless it is given.
 *
 * T. Chen et al., "A simple framework for contrastive learning of visual representations" (ICML 2020), equation 1.
 */
export function ntXent(features: View, options: NtXentOptions = {}): number {
  checkKeys("options", options, [...OPTIONS, "gradient"]);
  const { gradient } = options;
  const { engine, rows } = matrixOf("features", features);
  if (rows % 2 !== 0) refuse("features", features.shape, "an even number of rows", "SHAPE_MISMATCH");
  checkViews({ gradient }, engine, features.shape);
  const temperature = checkContrast(options, 0.5);
  return withTensors(engine, (tensor) => {
    const all = directions(features, options, tensor);
    const targets = tensor([rows], "u32");
    for (let i = 0; i < rows; i++) targets.data[i] = (i + rows / 2) % rows;
    const logits = tensor([rows, rows]);
    gemm(all.unit, all.unit, logits, { transposeB: true, alpha: 1 / temperature });
    // e^-infinity = 0: a row is no candidate for itself.
    for (let i = 0; i < rows; i++) logits.data[i * (rows + 1)] = -Infinity;
    const value = softmaxLoss(options, logits, targets);
    // A row moves the logits of its own row and those of its column.
    gemm(logits, all.unit, all.gradient, { alpha: 1 / temperature });
    gemm(logits, all.unit, all.gradient, { transposeA: true, alpha: 1 / temperature, beta: 1 });
    all.deliver(gradient);
    return value;
  });
}

/** The checked temperature. */
function checkContrast(options: ContrastOptions, fallback: number): number {
  const { temperature, normalize = true, accumulate = false } = options;
  const chosen = temperature ?? fallback;
  checkNumber("temperature", chosen, "(0, inf)");
  checkBoolean("normalize", normalize);
  checkBoolean("accumulate", accumulate);
  return chosen;
}

type NewTensor = <T extends ElementType = "f32">(shape: readonly number[], type?: T) => Tensor<T>;

/** Frees the tensors that `use` makes when it is done. */
function withTensors<R>(engine: Engine, use: (tensor: NewTensor) => R): R {
  const made: { dispose(): void }[] = [];
  try {
    return use(<T extends ElementType = "f32">(shape: readonly number[], type = "f32" as T) => {
      const tensor = new Tensor(engine, shape, type);
      made.push(tensor);
      return tensor;
    });
  } finally {
    for (const tensor of made) tensor.dispose();
  }
}

/** Softmax cross-entropy whose gradient takes the place of the logits. */
function softmaxLoss(options: ReductionOptions, logits: View, targets: View<"u32">): number {
  const { engine } = logits;
  const [rows, columns] = logits.shape as [number, number];
  return evaluate(
    { ...options, accumulate: false },
    {
      engine,
      shape: [rows],
      width: columns,
      inputs: {},
      gradients: { logits },
      run: ({ start, length, losses, gradients: [dz], scale }) => {
        const at = [dz!, advanced(targets.pointer, start), losses, dz!] as const;
        nn.of(engine).softmaxCrossEntropy(...at, length, columns, scale);
      },
    },
  );
}

/** Embeddings as they are compared, and the gradient by them. */
interface Directions {
  readonly unit: View;
  readonly gradient: View;
  /** Turns the gradient into that of the embeddings and writes it, or adds it. */
  deliver(target: View | undefined): void;
}

function directions(x: View, { normalize = true, accumulate = false }: ContrastOptions, tensor: NewTensor): Directions {
  const { engine } = x;
  const [rows, columns] = x.shape as [number, number];
  const gradient = tensor(x.shape);
  const unit = normalize ? tensor(x.shape) : x;
  const norms = tensor([rows]);
  if (normalize) nn.of(engine).unitRows(x.pointer, unit.pointer, norms.pointer, rows, columns, EPS);
  return {
    unit,
    gradient,
    deliver(target) {
      if (target === undefined) return;
      const { pointer } = gradient;
      if (normalize) {
        nn.of(engine).unitRowsBackward(unit.pointer, norms.pointer, pointer, pointer, rows, columns, EPS);
      }
      if (accumulate) engine.unchecked.axpy(pointer, target.pointer, x.size, 1);
      else engine.unchecked.copy(pointer, target.pointer, x.size);
    },
  };
}
