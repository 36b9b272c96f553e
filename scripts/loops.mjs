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
 * four lanes at a time and then one. More type parameters ask for more:
 *
 * - Unroll2 or Unroll4: as many vectors a turn;
 * - Norms: besides `adamw(..., n, ...)` also `adamwNorms(..., work, sums, n, ...)`, which adds the sums of norms.ts, for
 *   the values at p and the gradients at g.
 */
import { posix } from "node:path";
import * as compiler from "assemblyscript";
import {
  BlockStatement,
  CallExpression,
  ExportStatement,
  ExpressionStatement,
  FunctionDeclaration,
  Source,
  Tokenizer,
} from "assemblyscript";
import { Transform } from "assemblyscript/transform";

/** @import { Node, ParameterNode, Parser, Statement } from "assemblyscript" */

/** @type {any} Enums, which the declarations of the compiler have as constants of no object. */
const { CommonFlags, DiagnosticCode, SourceKind } = compiler;

/** What signatures.json calls the types of parameters. */
const KINDS = {
  Pointer: "pointer",
  Workspace: "workspace",
  Size: "size",
  f32: "real",
  f64: "f64",
  i32: "i32",
  u32: "bits",
};
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
  const written = type.range.toString().replace("$", "");
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
 * What a map asks for beside its loop, or undefined of what is no map.
 *
 * @param {FunctionDeclaration} fn
 */
function marksOf(fn) {
  const [lane, ...options] = fn.typeParameters?.map(({ name }) => name.text) ?? [];
  if (lane !== "Lane") {
    if (options.includes("Lane")) throw new Fault(fn.name, "Lane is the first type parameter of a map");
    return undefined;
  }
  const known = ["Unroll2", "Unroll4", "Norms"];
  const odd = options.find((option) => !known.includes(option));
  if (odd !== undefined) throw new Fault(fn.name, `a map has no type parameter ${odd}, but ${known.join(", ")}`);
  const unroll = options.includes("Unroll4") ? 4 : options.includes("Unroll2") ? 2 : 1;
  return { unroll, norms: options.includes("Norms") };
}

/**
 * A call of the body of a map. What is written for a map has names that start with $, which no parameter's does.
 *
 * @param {FunctionDeclaration} fn
 * @param {string} body
 * @param {"v128" | "f32"} lane
 * @param {number} [offset]
 */
function callOf(fn, body, lane, offset = 0) {
  const { pointers, scalars } = partsOf(fn);
  const moved = named(pointers).map((pointer) => `${pointer} + $i${offset > 0 ? ` + ${offset}` : ""}`);
  return `${body}<${lane}>(${[...moved, ...named(scalars)].join(", ")})`;
}

/**
 * The loop of a map. It is a do-while because V8 hoists loop invariants (the splats of the scalars) only out of blocks
 * that dominate the loop's exit: an AdamW step took 0.60 ns/parameter this way and 0.67 with the test at the top.
 *
 * @param {FunctionDeclaration} fn
 * @param {number} unroll vectors a turn
 */
function loopOf(fn, unroll) {
  const name = fn.name.text;
  const bytes = 16 * unroll;
  const turn = Array.from({ length: unroll }, (_, k) => callOf(fn, `${name}At`, "v128", 16 * k)).join("; ");
  const one = `($i + 16 <= $end) { ${callOf(fn, `${name}At`, "v128")}; $i += 16; }`;
  return `function ${name}(${declared(fn.signature.parameters).join(", ")}): void {
    const $end = n << 2;
    let $i: usize = 0;
    if (ASC_FEATURE_SIMD) {
      if ($end >= ${bytes}) {
        do {
          ${turn};
          $i += ${bytes};
        } while ($i + ${bytes} <= $end);
      }
      ${unroll === 1 ? "" : `${unroll === 2 ? "if" : "while"} ${one}`}
    }
    for (; $i < $end; $i += 4) ${callOf(fn, `${name}At`, "f32")};
  }`;
}

/**
 * The body of a map that also returns the value it stores at p: to load that again took 13 % of an AdamW step.
 *
 * @param {FunctionDeclaration} fn
 */
function returningBodyOf(fn) {
  const { pointers, scalars } = partsOf(fn);
  const statements = fn.body instanceof BlockStatement ? [...fn.body.statements] : [];
  const last = statements.at(-1);
  let end = "return load<Lane>(p);";
  if (last instanceof ExpressionStatement && last.expression instanceof CallExpression) {
    const { expression, args } = last.expression;
    const [at, value] = args;
    if (`${expression.range}` === "store" && `${at?.range}` === "p" && value !== undefined && args.length === 2) {
      statements.pop();
      end = `const $after = ${value.range}; store<Lane>(p, $after); return $after;`;
    }
  }
  const parameters = declared([...pointers, ...scalars]).join(", ");
  const begin = statements.map((statement) => `${statement.range};`).join("\n");
  return `function ${fn.name.text}NormsAt<Lane>(${parameters}): Lane { ${begin}\n${end} }`;
}

/**
 * The loop of a map that adds up norms, of one chunk after the other. The sums of a chunk stay in registers: they hide
 * behind square roots and divisions, for the most part.
 *
 * @param {FunctionDeclaration} fn
 */
function normsLoopOf(fn) {
  const { pointers, scalars } = partsOf(fn);
  const name = fn.name.text;
  for (const needed of ["p", "g"]) {
    if (!named(pointers).includes(needed)) throw new Fault(fn.name, `a map with Norms has a pointer ${needed}`);
  }
  const parameters = [...declared(pointers), "work: $Workspace", "sums: Pointer", "n: Size", ...declared(scalars)];
  return `function ${name}Norms(${parameters.join(", ")}): void {
    memory.fill(work, 0, 3 * $PARTIALS);
    while (n > 0) {
      const $length = n < $CHUNK ? n : $CHUNK;
      const $end = $length << 2;
      let $i: usize = 0;
      if (ASC_FEATURE_SIMD && $end >= 16) {
        let $ofG = f32x4.splat(0);
        let $ofChange = $ofG;
        let $ofP = $ofG;
        do {
          const $grad = load<v128>(g + $i);
          const $before = load<v128>(p + $i);
          const $after = ${callOf(fn, `${name}NormsAt`, "v128")};
          const $change = $sub<v128>($after, $before);
          $ofG = $mulAdd<v128>($grad, $grad, $ofG);
          $ofChange = $mulAdd<v128>($change, $change, $ofChange);
          $ofP = $mulAdd<v128>($after, $after, $ofP);
          $i += 16;
        } while ($i + 16 <= $end);
        store<v128>(work, $ofG);
        store<v128>(work + $PARTIALS, $ofChange);
        store<v128>(work + 2 * $PARTIALS, $ofP);
      }
      for (; $i < $end; $i += 4) {
        const $grad = load<f32>(g + $i);
        const $before = load<f32>(p + $i);
        $gather(work, $i, $grad, $before, ${callOf(fn, `${name}NormsAt`, "f32")});
      }
      $flush(work, sums);
      ${named(pointers)
        .map((pointer) => `${pointer} += $end;`)
        .join(" ")}
      n -= $length;
    }
  }`;
}

/** What the loop of norms uses, by the file that has it. */
const OF_NORMS = {
  "assembly/chunk": ["CHUNK"],
  "assembly/lanes": ["mulAdd", "sub"],
  "assembly/norms": ["PARTIALS", "flush", "gather"],
  "assembly/words": ["Workspace"],
};

/** @param {Source} source */
function importsOfNorms(source) {
  return Object.entries(OF_NORMS).map(([path, names]) => {
    const from = posix.relative(posix.dirname(source.internalPath), path);
    const list = names.map((name) => `${name} as $${name}`).join(", ");
    return `import { ${list} } from "${from.startsWith(".") ? from : `./${from}`}";`;
  });
}

/** @param {FunctionDeclaration} fn */
function signatureOf(fn) {
  const [odd] = fn.typeParameters ?? [];
  if (odd) throw new Fault(odd, "a kernel has no type parameters but those of a map, of which Lane is first");
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
   * The statements of a source, with what a map is compiled as in its place.
   *
   * @param {Parser} parser
   * @param {Source} source
   */
  expanded(parser, source) {
    let norms = false;
    /** @param {FunctionDeclaration} fn */
    const expand = (fn) => {
      const marks = marksOf(fn);
      if (marks === undefined) return [fn];
      const name = fn.name.text;
      const exported = fn.is(CommonFlags.Export);
      const called = new RegExp(`\\b${name}\\(`).test(source.text);
      if (!exported && !called) throw new Fault(fn.name, "a map is exported, or called where it is");
      const { at } = partsOf(fn);
      const prefix = exported ? "export " : "";
      const texts = [`${prefix}${loopOf(fn, marks.unroll)}`];
      if (marks.norms) texts.push(returningBodyOf(fn), `${prefix}${normsLoopOf(fn)}`);
      norms ||= marks.norms;
      fn.name.text = `${name}At`;
      fn.flags &= ~CommonFlags.Export & ~CommonFlags.ModuleExport;
      fn.typeParameters?.splice(1);
      fn.signature.parameters.splice(at, 1);
      return [fn, ...texts.map((text) => this.parsed(parser, source, text))];
    };
    const statements = source.statements.flatMap((statement) =>
      statement instanceof FunctionDeclaration ? (this.tried(parser, statement, expand) ?? statement) : statement,
    );
    if (norms) statements.push(...importsOfNorms(source).map((text) => this.parsed(parser, source, text)));
    return statements;
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
   * The functions that the entry exports, in order, through whatever files.
   *
   * @param {Parser} parser
   */
  kernelsOf({ sources }) {
    /** @type {(source: Source | undefined) => FunctionDeclaration[]} */
    const exportsOf = (source) =>
      (source?.statements ?? []).flatMap((statement) => {
        if (statement instanceof FunctionDeclaration) return statement.is(CommonFlags.Export) ? [statement] : [];
        if (!(statement instanceof ExportStatement)) return [];
        const { internalPath, members } = statement;
        const all = exportsOf(sources.find((other) => other.internalPath === internalPath));
        return members === null
          ? all
          : all.filter((fn) => members.some(({ localName }) => localName.text === fn.name.text));
      });
    return sources.filter(({ sourceKind }) => sourceKind === SourceKind.UserEntry).flatMap(exportsOf);
  }
}
