/** Where the text comes from: a file, or the documentation of the package itself. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { BAD_INPUT, Failure } from "./failure.ts";

export interface Text {
  /** What it is, for people. */
  readonly title: string;
  readonly content: string;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
const MOST_BYTES = 64 * 2 ** 20;

/** The UTF-8 text in a file, which the user named with an option. */
export function readText(path: string, option = "--text"): Text {
  const bytes = readBytes(path, option);
  if (bytes.length === 0) throw new Failure(`${option} ${path}: the file is empty`, BAD_INPUT);
  if (bytes.includes(0)) throw new Failure(`${option} ${path}: not a text: it contains NUL bytes`, BAD_INPUT);
  try {
    return { title: basename(path), content: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    throw new Failure(`${option} ${path}: not a text: it is not valid UTF-8`, BAD_INPUT);
  }
}

function readBytes(path: string, option: string): Uint8Array {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new Failure(`${option} ${path}: not a regular file`, BAD_INPUT);
    if (stats.size > MOST_BYTES) {
      throw new Failure(`${option} ${path}: ${stats.size} bytes, but at most ${MOST_BYTES} are read`, BAD_INPUT);
    }
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "no such file" : code === "EACCES" ? "permission denied" : code;
    throw new Failure(`${option} ${path}: cannot be read: ${reason}`, BAD_INPUT);
  }
}

/** The text in the file that the user named, or else the package's own. */
export function textOf(path: string | undefined): Text {
  return path === undefined ? packageText() : readText(path);
}

/** The pages of the package's documentation that exist, then the doc comments of its source. */
export function packageText(): Text {
  const pages = [...PAGES, ...filesUnder("docs", ".md")].filter((path) => existsSync(join(ROOT, path)));
  const sources = filesUnder("src", ".ts");
  const parts = [
    ...pages.map((path) => readText(join(ROOT, path)).content),
    ...sources.flatMap((path) => docComments(readText(join(ROOT, path)).content)),
  ];
  const title = `the package's own documentation (${pages.length} pages, doc comments of ${sources.length} files)`;
  return { title, content: parts.join("\n\n") };
}

/** Files of the package below a folder, in an order that does not depend on the file system. */
function filesUnder(folder: string, extension: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(extension) && !path.split(sep).includes("node_modules"))
    .map((path) => join(folder, path))
    .sort();
}

/** The texts of the doc comments in TypeScript source, without the asterisks. */
export function docComments(source: string): string[] {
  return [...source.matchAll(/\/\*\*(.*?)\*\//gs)].map((match) => match[1]!.replace(/\n *\*/g, "\n").trim());
}
