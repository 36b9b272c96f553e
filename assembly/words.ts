/** What the integers of a signature stand for. scripts/loops.mjs tells them apart by these names. */

/** An address in memory. */
export type Pointer = usize;

/** A whole number: how many elements, rows or bytes, or which of several forms. */
export type Size = usize;

/** The address of memory that a kernel works in, whose contents mean nothing to anyone else. Callers do not pass it. */
export type Workspace = usize;
