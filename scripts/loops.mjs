// @ts-check
/**
 * What asc runs over assembly/ before it compiles: it writes the loops of maps. A map is a function whose first type
 * parameter is called Lane, and whose body says what becomes of the lanes at its pointers:
 *
 *     export function scale<Lane>(x: Pointer, y: Pointer, n: Size, alpha: f32): void {
 *       store<Lane>(y, mul<Lane>(splat<Lane>(alpha), load<Lane>(x)));
 *     }
 *
 * It is compiled as `scaleAt<Lane>(x, y, alpha)`, that body, and `scale(x, y, n, alpha)`, a loop of it over n elements,
 * four lanes at a time and then one. More type parameters ask for more: Unroll2 or Unroll4 for as many vectors a turn.
 */
import * as compiler from "assemblyscript";
import { FunctionDeclaration, Source, Tokenizer } from "assemblyscript";
import { Transform } from "assemblyscript/transform";

/** @import { Node, ParameterNode, Parser, Statement } from "assemblyscript" */

/** @type {any} Enums, which the declarations of the compiler have as constants of no object. */
const { CommonFlags, DiagnosticCode } = compiler;

/** Types of scalars. */
const SCALARS = ["Size", "f32", "f64", "i32", "u32"];

/** @param {FunctionDeclaration} fn */
function typeParametersOf(fn) {
  return fn.typeParameters?.map(({ name }) => name.text) ?? [];
}

/** @param {ParameterNode} parameter */
function typeOf({ type }) {
  return type.range.toString();
}

/** @param {readonly ParameterNode[]} parameters */
function declared(parameters) {
  return parameters.map((parameter) => `${parameter.name.text}: ${typeOf(parameter)}`);
}

/** What is wrong with a map, and where. */
class Fault extends Error {
  /**
   * @param {Node} node
   * @param {string} message
   */
  constructor({ range }, message) {
    super(message);
    this.range = range;
  }
}

/**
 * The parameters of a map by what they are; throws a Fault for one that is none.
 *
 * @param {FunctionDeclaration} fn
 */
function partsOf(fn) {
  const { parameters, returnType } = fn.signature;
  if (returnType.range.toString() !== "void")
    throw new Fault(returnType, "a map stores what it makes, and returns void");
  const at = parameters.findIndex(({ name }) => name.text === "n");
  const n = parameters[at];
  if (n === undefined || typeOf(n) !== "Size") throw new Fault(n ?? fn.name, "a map has a parameter n: Size");
  const pointers = parameters.slice(0, at);
  const scalars = parameters.slice(at + 1);
  if (pointers.length === 0) throw new Fault(n, "a map has a pointer before n");
  for (const pointer of pointers) {
    if (typeOf(pointer) !== "Pointer") throw new Fault(pointer, "what stands before n in a map is of type Pointer");
  }
  for (const scalar of scalars) {
    if (!SCALARS.includes(typeOf(scalar))) {
      throw new Fault(scalar, `what stands after n in a map is a scalar: one of ${SCALARS.join(", ")}`);
    }
  }
  return { at, pointers, scalars };
}

/**
 * Turns of `unroll` vectors, and what is left in single ones. The loop is a do-while because V8 hoists loop invariants
 * (the splats of the scalars) only out of blocks that dominate the loop's exit: an AdamW step took 0.60 ns/parameter this
 * way and 0.67 with the test at the top.
 *
 * @param {number} unroll
 * @param {(lane: string, offset: number) => string} call
 */
function vectorLoop(unroll, call) {
  const bytes = 16 * unroll;
  const turn = Array.from({ length: unroll }, (_, k) => call("v128", 16 * k)).join(" ");
  const loop = `if ($end >= ${bytes}) { do { ${turn} $i += ${bytes}; } while ($i + ${bytes} <= $end); }`;
  const one = `{ ${call("v128", 0)} $i += 16; }`;
  if (unroll === 1) return loop;
  return `${loop} ${unroll === 2 ? "if" : "while"} ($i + 16 <= $end) ${one}`;
}

/**
 * The loop of a map, whose body is called `${name}At`. Its own names start with $, which no parameter's does.
 *
 * @param {FunctionDeclaration} fn
 * @param {number} unroll
 */
function loopOf(fn, unroll) {
  const { pointers, scalars } = partsOf(fn);
  const name = fn.name.text;
  /**
   * @param {string} lane
   * @param {number} offset
   */
  const call = (lane, offset) => {
    const moved = pointers.map((pointer) => `${pointer.name.text} + $i${offset > 0 ? ` + ${offset}` : ""}`);
    return `${name}At<${lane}>(${[...moved, ...scalars.map((scalar) => scalar.name.text)].join(", ")});`;
  };
  return `function ${name}(${declared(fn.signature.parameters).join(", ")}): void {
    const $end = n << 2;
    let $i: usize = 0;
    if (ASC_FEATURE_SIMD) { ${vectorLoop(unroll, call)} }
    for (; $i < $end; $i += 4) ${call("f32", 0)}
  }`;
}

export default class Loops extends Transform {
  /** @param {Parser} parser */
  afterParse(parser) {
    for (const source of parser.sources) {
      if (source.isLibrary) continue;
      source.statements = source.statements.flatMap((statement) => {
        try {
          return this.expanded(parser, source, statement);
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          const name = /** @type {FunctionDeclaration} */ (statement).name.text;
          parser.error(DiagnosticCode.User_defined_0, error.range, `${name}: ${error.message}`);
          return [statement];
        }
      });
    }
  }

  /**
   * A statement, or the body and the loops of a map.
   *
   * @param {Parser} parser
   * @param {Source} source
   * @param {Statement} statement
   */
  expanded(parser, source, statement) {
    if (!(statement instanceof FunctionDeclaration)) return [statement];
    const fn = statement;
    const marks = typeParametersOf(fn);
    const [lane, ...options] = marks;
    if (lane !== "Lane") {
      if (marks.includes("Lane")) throw new Fault(fn.name, "Lane is the first type parameter of a map");
      return [statement];
    }
    const odd = options.find((mark) => !/^Unroll[24]$/.test(mark));
    if (odd !== undefined) throw new Fault(fn.name, `a map has no type parameter ${odd}: Lane, and Unroll2 or Unroll4`);
    const name = fn.name.text;
    const exported = fn.is(CommonFlags.Export);
    if (!exported && !source.text.includes(`${name}(`))
      throw new Fault(fn.name, "a map is exported, or called where it is");
    const { at } = partsOf(fn);
    const unroll = Number(options.find((mark) => mark.startsWith("Unroll"))?.at(-1) ?? 1);
    const loop = this.parsed(parser, source, `${exported ? "export " : ""}${loopOf(fn, unroll)}`);
    fn.name.text = `${name}At`;
    fn.flags &= ~CommonFlags.Export & ~CommonFlags.ModuleExport;
    fn.typeParameters?.splice(1);
    fn.signature.parameters.splice(at, 1);
    return [fn, loop];
  }

  /**
   * @param {Parser} parser
   * @param {Source} source
   * @param {string} text
   * @returns {Statement}
   */
  parsed(parser, source, text) {
    const made = new Source(source.sourceKind, source.normalizedPath, text);
    const before = parser.currentSource;
    parser.currentSource = made;
    const statement = parser.parseTopLevelStatement(new Tokenizer(made, parser.diagnostics));
    parser.currentSource = before;
    if (statement === null) throw new Error(`cannot parse ${text}`);
    statement.range.source = source;
    return statement;
  }
}
