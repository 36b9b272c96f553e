/** A whole number as people read it: 1,115,394. */
export function count(value: number): string {
  return value.toLocaleString("en");
}
