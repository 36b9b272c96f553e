/**
 * Sets formulas as doc comments write them, for reading in an editor: `p = p - lr m / (sqrt(v) + eps)`. Neighbours are
 * multiplied; a slash takes the factors on either side of it; a parenthesis right after a name holds its arguments; two
 * spaces or more begin another formula, or a remark; words are prose unless `symbols.ts` knows better.
 */
import { ascii, functions, HAT, symbols, variables } from "./symbols.ts";

interface Token {
  readonly text: string;
  /** Whether there is space before it, and after it. */
  readonly before: boolean;
  readonly after: boolean;
}

const TOKEN =
  /[,;] {2,}|\s+|\d+(?:\.\d+)?(?:e-?\d+)?|[α-ωΑ-Ω]ˆ?|\p{L}+'s(?!\w)|\p{Lu}\p{L}+-\p{Lu}\p{L}+|\p{L}+(?:[\p{L}\d]|_(?=[\p{L}\d]))*|_\{[^}]*\}|\|\||\.\.\.|[-+]=|<=|>=|\S/gu;
/** Variables that are prose inside a sentence. */
const AMBIGUOUS = new Set(["step", "clipping", "in", "momentum"]);
const NAME = /^\p{L}/u;
const OPERATORS: Readonly<Record<string, string>> = {
  "<=": "\\le",
  ">=": "\\ge",
  "-=": "\\mathrel{-}=",
  "+=": "\\mathrel{+}=",
  "...": "\\dots",
  ",": ",",
  ";": ";",
  ":": ":~",
  "=": "=",
  "+": "{}+",
  "<": "<",
  ">": ">",
  ".": "\\cdot",
};
const SIGNS = new Set([...Object.values(OPERATORS), "-", "{}-"]);
const CLOSING: Readonly<Record<string, readonly [close: string, tex: string, texClose: string]>> = {
  "(": [")", "\\left( ", "\\right)"],
  "|": ["|", "\\left\\lvert ", "\\right\\rvert "],
  "||": ["||", "\\left\\lVert ", "\\right\\rVert "],
  "<": [">", "\\left\\langle ", "\\right\\rangle "],
};

function tokens(text: string): Token[] {
  const parts = [...ascii(text).matchAll(TOKEN)].map(([part]) => part);
  const space = (i: number) => parts[i] === undefined || /^\s/.test(parts[i]);
  return parts.flatMap((part, i) => (space(i) ? [] : [{ text: part, before: space(i - 1), after: space(i + 1) }]));
}

/** A word as a variable, with space around it. */
function wordTex(word: string): string {
  return `\\mathop{\\mathit{${word.replace("_", "\\_")}}}\\nolimits`;
}

/** A name with what its digits and underscores say is below: beta1, w_k, g_before, beta3_t. */
function nameTex(word: string): string {
  if (variables.has(word)) return wordTex(word);
  const [, stem, below] = /^(\p{L}+?)(\d*(?:_.+)?)$/u.exec(word) ?? ["", word, ""];
  const plain = stem!.replaceAll(HAT, "");
  const tex = symbols[plain] ?? functions[plain] ?? (plain.length > 1 ? wordTex(plain) : plain);
  const parts = below!.split("_").filter((part) => part !== "");
  const indices = parts.map((part) => (part.length > 1 && !/^\d/.test(part) ? `\\text{${part}}` : part));
  return (stem!.endsWith(HAT) ? `\\hat{${tex}}` : tex) + (indices.length > 0 ? `_{${indices.join(",")}}` : "");
}

/** Whether a word is part of the sentence around a formula. */
function isProse(word: string): boolean {
  if (!NAME.test(word)) return false;
  if (/'s$|-/.test(word)) return true;
  const stem = word.replace(/[\d_].*$/, "").replaceAll(HAT, "");
  if (stem.length < 2) return false;
  const camelCase = /^[a-z]+[A-Z]/.test(stem);
  return !(
    camelCase ||
    stem === "sqrt" ||
    symbols[stem] ||
    functions[stem] ||
    variables.has(stem) ||
    variables.has(word)
  );
}

class Parser {
  #at = 0;

  constructor(readonly tokens: readonly Token[]) {}

  get #next(): Token | undefined {
    return this.tokens[this.#at];
  }

  #take(text: string): boolean {
    if (this.#next?.text !== text) return false;
    this.#at++;
    return true;
  }

  /** Everything up to `close`, or up to the end. */
  sequence(close?: string): string {
    const factors: string[] = [];
    while (this.#next && !(this.#next.text === close && this.#closes(close))) {
      if (this.#take("/")) {
        const above = factors.pop();
        if (above === undefined || SIGNS.has(above)) throw new Error("nothing above a fraction");
        factors.push(`\\frac{${bare(above)}}{${bare(this.#factor())}}`);
      } else factors.push(this.#factor());
    }
    if (close !== undefined && !this.#take(close)) throw new Error(`no ${close}`);
    return factors.join(" ");
  }

  /** An angle bracket closes where a comparison would have space before it. */
  #closes(close: string): boolean {
    return close !== ">" || !this.#next!.before;
  }

  #factor(): string {
    const token = this.tokens[this.#at++];
    if (!token) throw new Error("something is missing");
    const { text } = token;
    if (text.startsWith("sum_")) return `\\textstyle\\sum_{${text.slice(4)}}`;
    const bracket = text === "<" && token.after ? undefined : CLOSING[text];
    if (bracket) return this.#postfix(`${bracket[1]}${this.sequence(bracket[0])}${bracket[2]}`);
    if (text === "sqrt") return this.#postfix(`\\sqrt{${bare(this.#factor())}}`);
    if (/^\d/.test(text)) return this.#postfix(text.replace(/^1e(-?\d+)$/, "10^{$1}"));
    if (NAME.test(text)) return this.#saysProse(text) ? this.#prose(text) : this.#postfix(nameTex(text));
    // The empty group keeps a sum spaced as one after a word; a sign has no space after it.
    if (text === "-") return token.after ? "{}-" : "-";
    const operator = /^[,;] /.test(text) ? `${text[0]}\\quad` : OPERATORS[text];
    if (operator === undefined) throw new Error(`what is ${text}?`);
    return operator;
  }

  #saysProse(word: string): boolean {
    return isProse(word) || (AMBIGUOUS.has(word) && this.#next !== undefined && isProse(this.#next.text));
  }

  #prose(first: string): string {
    let words = first;
    while (this.#next && (isProse(this.#next.text) || AMBIGUOUS.has(this.#next.text))) {
      words += ` ${this.tokens[this.#at++]!.text}`;
    }
    return `~\\text{${words}}~`;
  }

  /** Arguments, indices, primes and powers. */
  #postfix(base: string): string {
    let tex = base;
    for (let next = this.#next; next && !next.before; next = this.#next) {
      if (this.#take("'")) tex = `${tex}'`;
      else if (next.text.startsWith("_")) tex += this.#below();
      else if (this.#take("[")) tex += `_{${this.sequence("]")}}`;
      else if (this.#take("^")) tex = `${tex.includes("'") ? `{${tex}}` : tex}^{${bare(this.#factor())}}`;
      else if (next.text === "(" && /[\p{L}}]$/u.test(base)) {
        this.#at++;
        tex += `\\left(${this.sequence(")")}\\right)`;
      } else break;
    }
    return tex;
  }

  #below(): string {
    const { text } = this.tokens[this.#at++]!;
    return text === "_" ? `_{${bare(this.#factor())}}` : text;
  }
}

/** Without the parentheses around all of it, which the bar of a fraction and the hook of a root replace. */
function bare(tex: string): string {
  if (!tex.startsWith("\\left(") || !tex.endsWith("\\right)")) return tex;
  let depth = 0;
  for (const { 0: part, index } of tex.matchAll(/\\(?:left|right)\b/g)) {
    depth += part === "\\left" ? 1 : -1;
    if (depth === 0 && index + "\\right)".length < tex.length) return tex;
  }
  return tex.slice("\\left(".length, -"\\right)".length).trim();
}

/** TeX for one line; throws for what is no formula. */
export function toTex(line: string): string {
  const tex = new Parser(tokens(line)).sequence();
  return tex.replace(/^~|~$|~(?= ?[,;:])/g, "");
}

/** TeX for a block of a doc comment, its lines aligned at their first equals sign; undefined for what is no formula. */
export function blockToTex(block: string): string | undefined {
  if (!/ [-+]?= /.test(block)) return undefined;
  // A line that begins with an operator goes on from the one before.
  const lines = block
    .trimEnd()
    .replace(/\n\s*(?=[-+/] )/g, " ")
    .split("\n");
  try {
    const rows = lines.map((line) => {
      const [formula, ...remarks] = line
        .trim()
        .replace(/ +(?==)|(?<=: ) +/, " ")
        .split(/(?<![,;]) {3,}/);
      const tex = toTex(formula!).replace(/ ((?:\\mathrel\{.\})?=) /, " &$1 ");
      return `${tex.includes("&") ? tex : `&${tex}`}${remarks.map((remark) => ` &&${toTex(remark)}`).join("")}`;
    });
    return `\\begin{aligned}${rows.join(" \\\\\n")}\\end{aligned}`;
  } catch {
    return undefined;
  }
}
