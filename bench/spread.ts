/** Of several samples of one quantity: the smallest, which other work on the machine disturbed least, and the middle one. */
export interface Spread {
  readonly min: number;
  readonly median: number;
}

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return { min: sorted[0]!, median: (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2 };
}

/** Takes samples in turns, one of each source a round, so that what disturbs the machine falls on all of them. */
export function interleave(rounds: number, ...sources: (() => number | readonly number[])[]): Spread[] {
  const samples = sources.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, source] of sources.entries()) samples[i]!.push(...[source()].flat());
  }
  return samples.map(spreadOf);
}

/** Seconds of one of `count` runs. */
export function secondsEach(count: number, run: () => unknown): number {
  const start = performance.now();
  for (let i = 0; i < count; i++) run();
  return (performance.now() - start) / count / 1e3;
}

/** Seconds of processor time of one of `count` runs, for runs so long that other work on the machine disturbs each. */
export function processorSecondsEach(count: number, run: () => unknown): number {
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / count / 1e6;
}
