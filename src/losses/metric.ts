import { checkBoolean, checkChoice, checkKeys, checkNumber, refuse } from "../core/check.ts";
import { nn } from "../kernels/nn.ts";
import { advanced, bytesOf } from "../memory/elementType.ts";
import { checkElements } from "../nn/elements.ts";
import { checkView, type View } from "../tensor/tensor.ts";
import { checkViews, evaluate, matrixOf, REDUCTION_OPTIONS, type ReductionOptions } from "./reduction.ts";

/** Options of `contrastive`. */
export interface ContrastiveOptions extends ReductionOptions {
  /** The distance from which dissimilar pairs count for nothing; 1 unless it is given. */
  margin?: number;
  /** "half" (the default) halves the term of similar pairs only, "hadsell" both terms, as the paper does. */
  form?: "half" | "hadsell";
  /** Where to write the gradients of either side; each may be what it is the gradient of. */
  gradient1?: View;
  /** See `gradient1`. */
  gradient2?: View;
}

/**
 * (1 - y) d^2 / 2 + y max(0, margin - d)^2 for the rows of x1 and x2 [rows, width], d their Euclidean distance, and
 * labels y [rows], float32: 0 for a similar pair, 1 for one that is not, between them for one in doubt; others are refused.
 * Where d = 0 its slope is taken to be 0.
 *
 * R. Hadsell, S. Chopra and Y. LeCun, "Dimensionality reduction by learning an invariant mapping" (CVPR 2006),
 * equation 4, which halves the second term too: form "hadsell". Much code has y = 1 for similar pairs.
 */
export function contrastive(x1: View, x2: View, labels: View, options: ContrastiveOptions = {}): number {
  checkKeys("options", options, [...REDUCTION_OPTIONS, "margin", "form", "gradient1", "gradient2"]);
  const { margin = 1, form = "half", gradient1, gradient2 } = options;
  checkNumber("margin", margin, "[0, inf)");
  checkChoice("form", form, ["half", "hadsell"]);
  const { engine, rows, columns } = matrixOf("x1", x1);
  checkView("x2", x2, engine, "f32", x1.shape);
  checkViews({ gradient1, gradient2 }, engine, x1.shape);
  checkView("labels", labels, engine, "f32", [rows]);
  checkElements("labels", labels, "[0, 1]");
  const dissimilar = form === "hadsell" ? 0.5 : 1;
  return evaluate(options, {
    engine,
    shape: [rows],
    width: columns,
    inputs: { x1, x2, labels },
    gradients: { gradient1, gradient2 },
    run: ({ start, length, losses, gradients: [dx1, dx2], scale }) => {
      const at = bytesOf("f32", start * columns);
      const operands = [x1.pointer + at, x2.pointer + at, advanced(labels.pointer, start), losses, dx1!, dx2!] as const;
      nn.of(engine).contrastive(...operands, length, columns, margin, 0.5, dissimilar, scale);
    },
  });
}

/** Options of `tripletSquared`. */
export interface TripletOptions extends ReductionOptions {
  /** How much further than the positive the negative has to be to count for nothing; 1 unless it is given. */
  margin?: number;
  /** Takes the distance from positive to negative where it is below that from the anchor; false unless it is given. */
  swap?: boolean;
  /** Where to write the gradients; each may be what it is the gradient of. */
  gradientAnchor?: View;
  /** See `gradientAnchor`. */
  gradientPositive?: View;
  /** See `gradientAnchor`. */
  gradientNegative?: View;
}

/** Options of `tripletMargin`. */
export interface TripletMarginOptions extends TripletOptions {
  /** The norm that is the distance: 2 unless it is given. */
  p?: 1 | 2;
  /** What is added to every coordinate of a difference; 1e-6 unless it is given. */
  eps?: number;
}

const TRIPLET_OPTIONS = [
  ...[...REDUCTION_OPTIONS, "margin", "swap"],
  ...["gradientAnchor", "gradientPositive", "gradientNegative"],
];

/**
 * max(0, |a - p|^2 - |a - n|^2 + margin) for the rows of anchor, positive and negative [rows, width].
 *
 * F. Schroff, D. Kalenichenko and J. Philbin, "FaceNet" (CVPR 2015), equation 3.
 */
export function tripletSquared(anchor: View, positive: View, negative: View, options: TripletOptions = {}): number {
  checkKeys("options", options, TRIPLET_OPTIONS);
  return triplet({ anchor, positive, negative }, options, SQUARE, 0);
}

/**
 * max(0, d(a, p) - d(a, n) + margin) with d(x, y) = |x - y + eps|_p, torch's `triplet_margin_loss`, for p of 1 and 2.
 * With `swap`, d(p, n) takes the place of d(a, n) where it is smaller; where they are equal torch splits the gradient
 * between them, and this takes d(a, n).
 *
 * V. Balntas et al., "Learning local feature descriptors with triplets and shallow convolutional neural networks" (BMVC
 * 2016).
 */
export function tripletMargin(
  anchor: View,
  positive: View,
  negative: View,
  options: TripletMarginOptions = {},
): number {
  checkKeys("options", options, [...TRIPLET_OPTIONS, "p", "eps"]);
  const { p = 2, eps = 1e-6 } = options;
  if (p !== 1 && p !== 2) refuse("p", p, "1 or 2");
  checkNumber("eps", eps, "[0, inf)");
  return triplet({ anchor, positive, negative }, options, p, eps);
}

/** The kernel's number for squared distances; for norms it is that of the norm. */
const SQUARE = 0;

interface Triplets {
  readonly anchor: View;
  readonly positive: View;
  readonly negative: View;
}

function triplet(triplets: Triplets, options: TripletOptions, form: number, eps: number): number {
  const { margin = 1, swap = false, gradientAnchor, gradientPositive, gradientNegative } = options;
  checkNumber("margin", margin, "[0, inf)");
  checkBoolean("swap", swap);
  const { anchor } = triplets;
  const { engine, rows, columns } = matrixOf("anchor", anchor);
  for (const [name, view] of Object.entries(triplets)) checkView(name, view, engine, "f32", anchor.shape);
  checkViews({ gradientAnchor, gradientPositive, gradientNegative }, engine, anchor.shape);
  return evaluate(options, {
    engine,
    shape: [rows],
    width: columns,
    inputs: { ...triplets },
    gradients: { gradientAnchor, gradientPositive, gradientNegative },
    run: ({ start, length, losses, gradients: [da, dp, dn], scale }) => {
      const { positive, negative } = triplets;
      const [a, p, n] = [anchor, positive, negative].map(({ pointer }) => advanced(pointer, start * columns));
      const sizes = [length, columns, form, Number(swap)] as const;
      nn.of(engine).triplet(a!, p!, n!, losses, da!, dp!, dn!, ...sizes, margin, eps, scale);
    },
  });
}
