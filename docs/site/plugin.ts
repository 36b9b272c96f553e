/** What the site needs beside TypeDoc's own: formulas that are set, and pages of optimizers that say what they take. */
import katex from "katex";
import {
  type Application,
  Comment,
  CommentTag,
  Converter,
  type DeclarationReflection,
  type ProjectReflection,
  ReferenceType,
  ReflectionKind,
  ReflectionType,
  type TypeDocOptions,
  UnknownType,
} from "typedoc";
import * as optim from "../../src/optim/index.ts";
import { optionTable, type Spec, stateLine } from "./catalogue.ts";
import { blockToTex } from "./formula.ts";

const display = (tex: string) => katex.renderToString(tex, { displayMode: true, strict: "error" });

/** Sets indented blocks that are formulas, and fences of TeX; all other code stays as it is. */
export const renderFormulas: NonNullable<TypeDocOptions["markdownItLoader"]> = ({ renderer }) => {
  const { code_block: code, fence } = renderer.rules;
  renderer.rules["code_block"] = (tokens: { content: string }[], i: number, ...rest: unknown[]) => {
    const tex = blockToTex(tokens[i]!.content);
    return tex === undefined ? code(tokens, i, ...rest) : display(tex);
  };
  renderer.rules["fence"] = (tokens: { content: string; info: string }[], i: number, ...rest: unknown[]) =>
    tokens[i]!.info === "math" ? display(tokens[i]!.content) : fence(tokens, i, ...rest);
};

/** Calls documents by their titles, not by their paths. */
export function nameDocuments(app: Application): void {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const [, title] = /^# (.*)$/m.exec(Comment.combineDisplayParts(document.content)) ?? [];
    if (title !== undefined) document.name = title;
  });
}

/**
 * Takes the options that the compiler infers out of the types of classes and instances, where they would fill pages.
 * Returns them: a declaration with a child for each option.
 */
function dropInferred(project: ProjectReflection, { type }: DeclarationReflection): DeclarationReflection | undefined {
  if (!(type instanceof ReferenceType) || !/^Optimizer(Class)?$/.test(type.name)) return undefined;
  const [options] = type.typeArguments ?? [];
  if (!(options instanceof ReflectionType)) return undefined;
  delete type.typeArguments;
  project.removeReflection(options.declaration);
  return options.declaration;
}

/** The kernel table is described where it is; its type would repeat it. */
function shorten(project: ProjectReflection, table: DeclarationReflection): void {
  if (table.type instanceof ReflectionType) project.removeReflection(table.type.declaration);
  table.type = new UnknownType("Readonly<Record<KernelName, Kernel>>");
}

/** Puts options and state below the comment of an optimizer; an option without a comment of its own is an error. */
function describe(app: Application, optimizer: DeclarationReflection, options: DeclarationReflection, spec: Spec) {
  const meanings = new Map(
    options.children!.map(({ name, comment }) => [name, Comment.combineDisplayParts(comment?.summary)]),
  );
  for (const [name, meaning] of meanings) {
    if (meaning === "") app.logger.error(`${spec.name}.${name} has no documentation`);
  }
  const text = `\n\n${optionTable(spec, meanings)}\n\n${stateLine(spec)}`;
  optimizer.comment!.summary.push({ kind: "text", text });
  optimizer.comment!.blockTags.push(new CommentTag("@group", [{ kind: "text", text: "Optimizers" }]));
}

/** Registers all of this; runs once the compiler has been asked about everything. */
export function tidyOptimizers(app: Application): void {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of project.getReflectionsByKind(ReflectionKind.All) as DeclarationReflection[]) {
      const { setSignature, getSignature } = reflection;
      if (setSignature && getSignature?.comment) setSignature.comment ??= getSignature.comment.clone();
      if (reflection.name === "kernelTable") shorten(project, reflection);
      const options = dropInferred(project, reflection);
      const made = (optim as Record<string, { spec: unknown }>)[reflection.name];
      if (!options || !made || reflection.kind !== ReflectionKind.Variable) continue;
      describe(app, reflection, options, made.spec as Spec);
      const instance = project
        .getReflectionsByKind(ReflectionKind.TypeAlias)
        .find(({ name }) => name === reflection.name);
      if (instance) project.removeReflection(instance);
    }
  });
}
