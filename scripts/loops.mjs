// @ts-check
/**
 * What asc runs over assembly/ before it compiles: it writes the loops of maps, and the signatures of all kernels. A map
 * is a function whose first type parameter is called Lane, and whose body says what becomes of the lanes at its pointers:
 *
 *     export function scale<Lane>(x: Pointer, y: Pointer, n: Size, alpha: f32): void {
 *       store<Lane>(y, mul<Lane>(splat<Lane>(alpha), load<Lane>(x)));
 *     }
 *
 * It is compiled as `scaleAt<Lane>(x, y, alpha)`, that body, and `scale(x, y, n, alpha)`, a loop of it over n elements,
 * four lanes at a time and then one. A second type parameter Unroll2 or Unroll4 asks for as many vectors a turn.
 */
import * as compiler from "assemblyscript";
import { ExportStatement, FunctionDeclaration, Source, Tokenizer } from "assemblyscript";
import { Transform } from "assemblyscript/transform";

/** @import { Node, ParameterNode, Parser, Statement } from "assemblyscript" */

/** @type {any} Enums, which the declarations of the compiler have as constants of no object. */
const { CommonFlags, DiagnosticCode, SourceKind } = compiler;

/** What signatures.json calls the types of parameters. */
const KINDS = { Pointer: "pointer", Size: "size", f32: "real", f64: "f64", i32: "i32", u32: "bits" };
const RESULTS = { void: null, f32: "f32", f64: "f64", i32: "i32", u32: "u32" };

/** What is wrong with a function, and where. */
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
 * What a table has for a type.
 *
 * @template V
 * @param {Record<string, V>} table
 * @param {Node} type
 * @param {string} what
 */
function lookUp(table, type, what) {
  const written = type.range.toString();
  const found = Object.entries(table).find(([name]) => name === written);
  if (found === undefined) throw new Fault(type, `${what} is one of ${Object.keys(table).join(", ")}; got ${written}`);
  return found[1];
}

/** @param {readonly ParameterNode[]} parameters */
function declared(parameters) {
  return parameters.map((parameter) => `${parameter.name.text}: ${parameter.type.range}`);
}

/** @param {readonly ParameterNode[]} parameters */
function named(parameters) {
  return parameters.map((parameter) => parameter.name.text);
}

/**
 * The parameters of a map by what they are.
 *
 * @param {FunctionDeclaration} fn
 */
function partsOf(fn) {
  const { parameters, returnType } = fn.signature;
  if (`${returnType.range}` !== "void") throw new Fault(returnType, "a map stores what it makes, and returns void");
  const at = named(parameters).indexOf("n");
  const n = parameters[at];
  if (n === undefined || `${n.type.range}` !== "Size") throw new Fault(n ?? fn.name, "a map has a parameter n: Size");
  const pointers = parameters.slice(0, at);
  const scalars = parameters.slice(at + 1);
  if (pointers.length === 0) throw new Fault(n, "a map has a pointer before n");
  const { Pointer: _, ...scalarKinds } = KINDS;
  for (const { type } of pointers) lookUp({ Pointer: null }, type, "what stands before n in a map");
  for (const { type } of scalars) lookUp(scalarKinds, type, "what stands after n in a map");
  return { at, pointers, scalars };
}

/**
 * What a map asks of its loop, or undefined of what is no map.
 *
 * @param {FunctionDeclaration} fn
 */
function marksOf(fn) {
  const [lane, ...options] = fn.typeParameters?.map(({ name }) => name.text) ?? [];
  if (lane !== "Lane") {
    if (options.includes("Lane")) throw new Fault(fn.name, "Lane is the first type parameter of a map");
    return undefined;
  }
  const known = ["Unroll2", "Unroll4"];
  const odd = options.find((option) => !known.includes(option));
  if (odd !== undefined) throw new Fault(fn.name, `a map has no type parameter ${odd}, but ${known.join(", ")}`);
  return { unroll: options.includes("Unroll4") ? 4 : options.includes("Unroll2") ? 2 : 1 };
}

/**
 * A call of the body of a map. What is written for a map has names that start with $, which no parameter's does.
 *
 * @param {FunctionDeclaration} fn
 * @param {"v128" | "f32"} lane
 * @param {number} [offset]
 */
function bodyCall(fn, lane, offset = 0) {
  const { pointers, scalars } = partsOf(fn);
  const moved = named(pointers).map((pointer) => `${pointer} + $i${offset > 0 ? ` + ${offset}` : ""}`);
  return `${fn.name.text}At<${lane}>(${[...moved, ...named(scalars)].join(", ")});`;
}

/**
 * The loop of a map. It is a do-while because V8 hoists loop invariants (the splats of the scalars) only out of blocks
 * that dominate the loop's exit: an AdamW step took 0.60 ns/parameter this way and 0.67 with the test at the top.
 *
 * @param {FunctionDeclaration} fn
 * @param {number} unroll vectors a turn
 */
function loopOf(fn, unroll) {
  const bytes = 16 * unroll;
  const turn = Array.from({ length: unroll }, (_, k) => bodyCall(fn, "v128", 16 * k)).join(" ");
  const rest =
    unroll === 1 ? "" : `${unroll === 2 ? "if" : "while"} ($i + 16 <= $end) { ${bodyCall(fn, "v128")} $i += 16; }`;
  return `function ${fn.name.text}(${declared(fn.signature.parameters).join(", ")}): void {
    const $end = n << 2;
    let $i: usize = 0;
    if (ASC_FEATURE_SIMD) {
      if ($end >= ${bytes}) {
        do {
          ${turn}
          $i += ${bytes};
        } while ($i + ${bytes} <= $end);
      }
      ${rest}
    }
    for (; $i < $end; $i += 4) ${bodyCall(fn, "f32")}
  }`;
}

/** @param {readonly Statement[]} statements */
function functionsOf(statements) {
  return statements.filter((statement) => statement instanceof FunctionDeclaration);
}

/** @param {FunctionDeclaration} fn */
function signatureOf(fn) {
  const [parameter] = fn.typeParameters ?? [];
  if (parameter)
    throw new Fault(parameter, "a kernel has no type parameters but those of a map, of which Lane is first");
  const { parameters, returnType } = fn.signature;
  return {
    parameters: parameters.map(({ name, type }) => ({
      name: name.text,
      kind: lookUp(KINDS, type, "the type of a parameter"),
    })),
    result: lookUp(RESULTS, returnType, "the type of a result"),
  };
}

/** The declaration that asc's package has for it leads nowhere. */
const Typed = /** @type {typeof import("assemblyscript/asc").Transform} */ (Transform);

export default class Loops extends Typed {
  /**
   * @override
   * @param {Parser} parser
   */
  async afterParse(parser) {
    const { diagnostics, sources } = parser;
    const before = diagnostics.length;
    for (const source of sources) {
      if (!source.isLibrary) source.statements = this.expanded(parser, source);
    }
    if (diagnostics.length > before) return;
    const signatures = this.kernelsOf(parser).map((fn) => [fn.name.text, this.tried(parser, fn, signatureOf)]);
    if (diagnostics.length > before) return;
    const lines = signatures.map(([name, signature]) => `  ${JSON.stringify(name)}: ${JSON.stringify(signature)}`);
    await this.writeFile("build/signatures.json", `{\n${lines.join(",\n")}\n}\n`, this.baseDir);
  }

  /**
   * The statements of a source, with two functions for a map.
   *
   * @param {Parser} parser
   * @param {Source} source
   */
  expanded(parser, source) {
    /** @param {FunctionDeclaration} fn */
    const expand = (fn) => {
      const marks = marksOf(fn);
      if (marks === undefined) return [fn];
      const name = fn.name.text;
      const exported = fn.is(CommonFlags.Export);
      if (!exported && !source.text.includes(`${name}(`))
        throw new Fault(fn.name, "a map is exported, or called where it is");
      const { at } = partsOf(fn);
      const loop = loopOf(fn, marks.unroll);
      fn.name.text = `${name}At`;
      fn.flags &= ~CommonFlags.Export & ~CommonFlags.ModuleExport;
      fn.typeParameters?.splice(1);
      fn.signature.parameters.splice(at, 1);
      return [fn, this.parsed(parser, source, `${exported ? "export " : ""}${loop}`)];
    };
    return source.statements.flatMap((statement) =>
      statement instanceof FunctionDeclaration ? (this.tried(parser, statement, expand) ?? statement) : statement,
    );
  }

  /**
   * What `make` makes of a function, or undefined if there is a fault, which the compiler reports then.
   *
   * @template V
   * @param {Parser} parser
   * @param {FunctionDeclaration} fn
   * @param {(fn: FunctionDeclaration) => V} make
   */
  tried(parser, fn, make) {
    try {
      return make(fn);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      parser.error(DiagnosticCode.User_defined_0, error.range, `${fn.name.text}: ${error.message}`);
      return undefined;
    }
  }

  /**
   * @param {Parser} parser
   * @param {Source} source
   * @param {string} text
   * @returns {Statement}
   */
  parsed(parser, source, text) {
    const made = new Source(SourceKind.User, source.normalizedPath, text);
    const before = parser.currentSource;
    parser.currentSource = made;
    const statement = parser.parseTopLevelStatement(new Tokenizer(made, parser.diagnostics));
    parser.currentSource = before;
    if (statement === null) throw new Error(`${source.normalizedPath}: cannot parse ${text}`);
    statement.range.source = source;
    return statement;
  }

  /**
   * The functions that the entry exports, in order.
   *
   * @param {Parser} parser
   */
  kernelsOf({ sources }) {
    /** @param {Source | undefined} source */
    const exported = (source) => functionsOf(source?.statements ?? []).filter((fn) => fn.is(CommonFlags.Export));
    return sources
      .filter(({ sourceKind }) => sourceKind === SourceKind.UserEntry)
      .flatMap((entry) => [
        ...entry.statements
          .filter((statement) => statement instanceof ExportStatement)
          .flatMap(({ internalPath, members }) => {
            const all = exported(sources.find((source) => source.internalPath === internalPath));
            return members === null
              ? all
              : all.filter((fn) => members.some(({ localName }) => localName.text === fn.name.text));
          }),
        ...exported(entry),
      ]);
  }
}
