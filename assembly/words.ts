/** What the integers of a signature stand for. scripts/loops.mjs tells them apart by these names. */

/** An address in memory. */
export type Pointer = usize;

/** A whole number: how many elements, rows or bytes, or which of several forms. */
export type Size = usize;
