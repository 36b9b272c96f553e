/** The median of the last numbers, at most `window` of them. */
export class RunningMedian {
  #values: readonly number[] = [];

  constructor(readonly window: number) {}

  /** How many numbers there are. */
  get count(): number {
    return this.#values.length;
  }

  /** The median; of an even count, the mean of the two in the middle. NaN of none. */
  get value(): number {
    const sorted = [...this.#values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  }

  push(value: number): void {
    this.values = [...this.#values, value];
  }

  /** The numbers, oldest first. Assigning more than fit keeps the last. */
  get values(): readonly number[] {
    return this.#values;
  }

  set values(values: readonly number[]) {
    this.#values = values.slice(-this.window);
  }
}
