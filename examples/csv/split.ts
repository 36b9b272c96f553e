/** Which rows are learned from, and which are held out. */
import type { Random } from "simd-optim";
import { shuffle } from "../support/shuffle.ts";
import type { Classes, Numbers } from "./target.ts";

/** Places among the labelled rows. */
export interface Split {
  readonly train: readonly number[];
  readonly rest: readonly number[];
}

/**
 * Draws a share of the places at random: the same share of each class, and at least one row of it, but of a class with
 * one row none.
 */
export function splitRows(target: Classes | Numbers, places: readonly number[], share: number, random: Random): Split {
  const groups = target.task === "classification" ? byClass(target, places) : [places];
  const train: number[] = [];
  const rest: number[] = [];
  for (const group of groups) {
    const shuffled = shuffle(group, random);
    const drawn = Math.min(Math.max(Math.round(share * group.length), 1), group.length - 1);
    rest.push(...shuffled.slice(0, drawn));
    train.push(...shuffled.slice(drawn));
  }
  const ascending = (a: number, b: number) => a - b;
  return { train: train.sort(ascending), rest: rest.sort(ascending) };
}

function byClass({ classes, values }: Classes, places: readonly number[]): number[][] {
  const groups: number[][] = classes.map(() => []);
  for (const place of places) groups[values[place]!]!.push(place);
  return groups.filter(({ length }) => length > 0);
}
