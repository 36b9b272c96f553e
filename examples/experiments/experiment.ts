/** What an experiment is: something to be seen in a picture, and asserted. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export function lowest(points: readonly Point[]): Point {
  return points.reduce((best, point) => (point.y < best.y ? point : best));
}

export interface Series {
  readonly name: string;
  /** The title of the panel that it is drawn in. */
  readonly panel: string;
  /** From left to right. */
  readonly points: readonly Point[];
  /** The point to mark. */
  readonly marked?: Point;
  /** Whether it is something to compare with, to be drawn with dashes; a series of the same name has the same colour. */
  readonly dashed?: boolean;
}

export interface Axis {
  readonly label: string;
  /** Linear unless the base of logarithms is given. */
  readonly base?: number;
  /** What to show; everything unless it is given. */
  readonly domain?: readonly [number, number];
}

export interface Figure {
  /** What there is to see, in a sentence. */
  readonly description: string;
  /** The corner of the panels where the names of the series have room; the left unless it is given. */
  readonly legend?: "left" | "right";
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

export interface Outcome {
  readonly figure: Figure;
  /** What came out, in words. */
  readonly lines: readonly string[];
  /** Whether it is what `description` of the experiment claims. */
  readonly passed: boolean;
}

export interface RunOptions {
  /** Where samples and first values come from; the experiment's own unless it is given. */
  readonly seed?: number;
  /** Whether to run it at a smaller size that still shows the claim, where it has one. */
  readonly reduced?: boolean;
}

export interface Experiment {
  readonly name: string;
  /** The claim, in a sentence. */
  readonly description: string;
  /** The same bits each time, for the same options. */
  run(options?: RunOptions): Promise<Outcome>;
}
