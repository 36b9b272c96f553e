/** What the integers among parameters stand for. */

/** An address in memory. */
export type Pointer = usize;

/** How many: elements, rows, or bytes between rows. */
export type Size = usize;
