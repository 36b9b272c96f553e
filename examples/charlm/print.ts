/** What is printed line by line. */
import { printable } from "./corpus.ts";
import { rounded } from "./count.ts";

/** A name and its value. */
export function line(name: string, value: string): void {
  console.log(`${name.padEnd(15)}${printable(value)}`);
}

/** The losses of a run that is going on. */
export function losses(loss: number, heldOut: number): string {
  return `loss ${rounded(loss)}, held out ${rounded(heldOut)}`;
}
