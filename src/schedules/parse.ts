import { refuse } from "../core/check.ts";
import {
  chain,
  constant,
  constantFactor,
  cooldown,
  cosine,
  cosineAnnealing,
  cosineWarmRestarts,
  cyclic,
  cyclicMomentum,
  exponential,
  inversePower,
  inverseSqrt,
  lambda,
  linear,
  multiplicative,
  multiStep,
  noam,
  oneCycle,
  oneCycleMomentum,
  polynomial,
  reduceOnPlateau,
  sequence,
  stepDecay,
  warmup,
  warmupCosine,
  warmupLinear,
  wsd,
} from "./index.ts";
import type { NamedSchedule } from "./schedule.ts";

/** What an expression may call. Arguments are checked by the functions themselves, as for anybody. */
const MAKERS: Readonly<Record<string, (...args: never[]) => NamedSchedule>> = {
  chain,
  constant,
  constantFactor,
  cooldown,
  cosine,
  cosineAnnealing,
  cosineWarmRestarts,
  cyclic,
  cyclicMomentum,
  exponential,
  inversePower,
  inverseSqrt,
  lambda,
  linear,
  multiplicative,
  multiStep,
  noam,
  oneCycle,
  oneCycleMomentum,
  polynomial,
  reduceOnPlateau,
  sequence,
  stepDecay,
  warmup,
  warmupCosine,
  warmupLinear,
  wsd,
};

/** Deep enough for any schedule, and far from what a stack holds. */
const MOST_NESTED = 32;
const TOKEN = new RegExp(
  [
    /(?<name>[A-Za-z_]\w*)/,
    /(?<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?!\w)/,
    /(?<quote>["'])(?<string>[^"'\\]*)\k<quote>/,
    /(?<mark>[()[\]{},:])/,
  ]
    .map(({ source }) => `${source}\\s*`)
    .join("|"),
  "y",
);

/** One of these kinds, and where it begins. */
interface Token {
  readonly at: number;
  readonly name: string | undefined;
  readonly number: number | undefined;
  readonly string: string | undefined;
  readonly mark: string | undefined;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = text.length - text.trimStart().length;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) refuse("schedule", text, `no ${JSON.stringify(text[at])} at character ${at + 1}`);
    const { name, number, string, mark } = match.groups as Readonly<Record<string, string | undefined>>;
    tokens.push({ at, name, number: number === undefined ? undefined : Number(number), string, mark });
    at = TOKEN.lastIndex;
  }
  return tokens;
}

/** A recursive descent over the tokens of an expression. */
class Reader {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  /** A call of a maker that is all there is. */
  whole(): NamedSchedule {
    const schedule = this.#call(this.#take("a schedule", ({ name }) => name !== undefined));
    if (this.#peek) this.#fail("nothing after it");
    return schedule;
  }

  get #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  #fail(expected: string, { at } = this.#peek ?? { at: this.#text.length }): never {
    refuse("schedule", this.#text, `${expected} at character ${at + 1}`);
  }

  #take(expected: string, fits: (token: Token) => boolean): Token {
    const token = this.#peek;
    if (!token || !fits(token)) this.#fail(expected);
    this.#next++;
    return token;
  }

  #mark(mark: string): void {
    this.#take(JSON.stringify(mark), (token) => token.mark === mark);
  }

  #call(token: Token): NamedSchedule {
    const name = token.name!;
    if (!Object.hasOwn(MAKERS, name)) this.#fail(`one of ${Object.keys(MAKERS).join(", ")}`, token);
    const make = MAKERS[name]!;
    this.#mark("(");
    const args = this.#list(")", () => this.#value());
    if (args.length > make.length) this.#fail(`no argument of ${name} after number ${make.length}`, token);
    return make(...(args as never[]));
  }

  /** Items with commas between them, up to the closing mark. */
  #list<T>(close: string, item: () => T): T[] {
    if (++this.#depth > MOST_NESTED) this.#fail(`at most ${MOST_NESTED} brackets within each other`);
    const items: T[] = [];
    while (this.#peek?.mark !== close) {
      if (items.length > 0) this.#mark(",");
      items.push(item());
    }
    this.#mark(close);
    this.#depth--;
    return items;
  }

  #value(): unknown {
    const token = this.#take("a value", ({ mark }) => mark === undefined || mark === "[" || mark === "{");
    if (token.mark === "[") return this.#list("]", () => this.#value());
    if (token.mark === "{") return this.#object();
    if (token.name === "true" || token.name === "false") return token.name === "true";
    return token.name === undefined ? (token.number ?? token.string) : this.#call(token);
  }

  #object(): unknown {
    const entries = this.#list("}", () => {
      const { name } = this.#take("the name of an option", (token) => token.name !== undefined);
      this.#mark(":");
      return [name!, this.#value()] as const;
    });
    const object = Object.fromEntries(entries);
    if (Object.keys(object).length < entries.length) refuse("schedule", this.#text, "each option once");
    return object;
  }
}

/**
 * The schedule that an expression makes: `parseSchedule(String(schedule))` is the same schedule again. The expression
 * is a call as it would stand in a program, of numbers, strings, true, false, lists, options and other calls; nothing
 * is evaluated. Only schedules of plain functions, such as `lambda`, have no text to read.
 */
export function parseSchedule(text: string): NamedSchedule {
  if (typeof text !== "string") refuse("schedule", text, "text such as cosine({ peak: 0.1, total: 100 })");
  return new Reader(text).whole();
}
