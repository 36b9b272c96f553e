/** Numbers as people read them. */

/** A whole number as people read it: 1,115,394. */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** How many there are of something: "1 row", "2,000 rows". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A number with four digits that count, however small it is. */
export function rounded(value: number): string {
  return Number.isNaN(value) ? "\u2013" : String(Number(value.toPrecision(4)));
}
