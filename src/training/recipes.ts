/** What everybody writes by hand to train a transformer: groups, optimizer, schedule and clipping in one call. */
import { checkKeys, checkNumber } from "../core/check.ts";
import { clipGradNorm } from "../gradients/clip.ts";
import { AdamW } from "../optim/adam.ts";
import type { NonFinitePolicy } from "../optim/define/spec.ts";
import type { StepReport } from "../optim/define/stepReport.ts";
import { warmupCosine } from "../schedules/index.ts";
import { groupsBy, groupTable } from "../tensor/groups.ts";
import { type Parameter, type Selection, selected } from "../tensor/parameters.ts";

/** Options of `gpt2Recipe` and `llamaRecipe`. */
export interface RecipeOptions {
  /** The learning rate after the warm-up. */
  peak: number;
  /** Steps of linear warm-up. */
  warmup: number;
  /** Steps of the whole run; the cosine ends there. */
  total: number;
  /** The learning rate at the end; a tenth of `peak` unless it is given. */
  floor?: number;
  /** Of matrices alone; 0.1 unless it is given. */
  weightDecay?: number;
  /** (0.9, 0.95) unless they are given. */
  betas?: readonly [number, number];
  /** AdamW's; 1e-8 unless it is given. */
  eps?: number;
  /** The most that the norm of the gradients may be; 1 unless it is given, Infinity to measure it only. */
  clip?: number;
  /** "skip" leaves out steps whose gradients are not finite; "propagate" unless it is given. */
  nonFinite?: NonFinitePolicy;
}

const KEYS = ["peak", "warmup", "total", "floor", "weightDecay", "betas", "eps", "clip", "nonFinite"];

/** An optimizer and the clipping before each of its steps. What there is to save is the optimizer's own state. */
export class Recipe {
  /** In the order given, on which the last bit of a norm depends. */
  readonly #parameters: readonly Parameter[];

  /** @internal Made by the recipes of this package. */
  constructor(
    /** The name of the recipe. */
    readonly name: string,
    parameters: readonly Parameter[],
    /** The optimizer, with its groups. */
    readonly optimizer: InstanceType<typeof AdamW>,
    /** The schedule of the learning rate. */
    readonly schedule: { toString(): string },
    /** The most that the norm of the gradients may be. */
    readonly clip: number,
  ) {
    this.#parameters = parameters;
  }

  /** Clips the gradients of what is not frozen to a norm of `clip`, and takes a step. */
  step(): StepReport {
    clipGradNorm(
      this.#parameters.filter(({ frozen }) => !frozen),
      this.clip,
    );
    return this.optimizer.step();
  }

  /** What it consists of, and its groups as a table. */
  toString(): string {
    const { optimizer, schedule, clip, name } = this;
    return `${name}: ${optimizer.spec.name}, lr ${schedule}, clip ${clip}\n${groupTable(optimizer.groups)}`;
  }
}

/** Whether a parameter is decayed: matrices, and embeddings among them, but no gain or bias of whatever shape. */
function isDecayed({ ndim, role }: Parameter): boolean {
  return ndim >= 2 && role !== "norm" && role !== "bias";
}

function transformer(name: string, params: Selection, options: RecipeOptions, defaults: { eps: number }): Recipe {
  checkKeys(name, options, KEYS);
  const { peak, warmup, total, weightDecay = 0.1, betas = [0.9, 0.95], eps = defaults.eps, clip = 1 } = options;
  const { nonFinite = "propagate" } = options;
  checkNumber("peak", peak, "[0, inf)");
  checkNumber("clip", clip, "(0, inf]");
  const { floor = peak / 10 } = options;
  checkNumber("floor", floor, "[0, inf)");
  const schedule = warmupCosine({ peak, warmup, total, floor });
  const parameters = selected("params", params);
  const groups = groupsBy(parameters, [
    { where: isDecayed, weightDecay },
    { where: (parameter) => !isDecayed(parameter), weightDecay: 0 },
  ]);
  return new Recipe(name, parameters, new AdamW(groups, { lr: schedule, betas, eps, nonFinite }), schedule, clip);
}

/**
 * How GPT-2 is trained, as its reproductions agree: AdamW with betas (0.9, 0.95), eps 1e-8 and weight decay 0.1, linear
 * warm-up and a cosine down to a tenth of the peak, gradients clipped to a norm of 1. T. Brown et al., "Language models
 * are few-shot learners" (2020), appendix B, which says what the paper on GPT-2 does not.
 *
 * Decay is for matrices: parameters of two axes or more, embeddings and head included, as in nanoGPT, for the two often
 * are one array. Those whose role is norm or bias are not decayed, whatever their shape.
 *
 *     const recipe = gpt2Recipe(params, { peak: 6e-4, warmup: 2000, total: 600_000 });
 *     console.log(String(recipe));
 *     for (...) recipe.step();
 */
export function gpt2Recipe(params: Selection, options: RecipeOptions): Recipe {
  return transformer("gpt2Recipe", params, options, { eps: 1e-8 });
}

/**
 * As `gpt2Recipe`, with eps 1e-5. H. Touvron et al., "Llama 2" (2023), section 2.2; its warm-up is of 2000 steps. The
 * paper does not say what is decayed: here, the same as for GPT-2.
 */
export function llamaRecipe(params: Selection, options: RecipeOptions): Recipe {
  return transformer("llamaRecipe", params, options, { eps: 1e-5 });
}
