/** README and guides are true: snippets run, excerpts are from the files they name, commands and links exist. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { afterAll, expect, test } from "vitest";

const root = new URL("../..", import.meta.url).pathname;
const guides = readdirSync(join(root, "docs/guides")).map((name) => `docs/guides/${name}`);
const documents = ["README.md", "CONTRIBUTING.md", "docs/design.md", ...guides].map((name) => ({
  name,
  text: readFileSync(join(root, name), "utf8"),
}));
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };

/**
 * Code that begins with a comment of nothing but a path is an excerpt from that file, or, without a folder, a file that
 * the next snippet needs beside it. All other code is to be run.
 */
const snippets = documents.flatMap(({ name, text }) =>
  [...text.matchAll(/```ts\n(?:\/\/ (\S+\.ts)\n)?([\s\S]*?)```/g)].map(([, file, code], i) => ({
    document: name,
    title: `${name}, snippet ${i + 1}`,
    file,
    code: code!,
  })),
);
const excerpts = snippets.filter(({ file }) => file?.includes("/"));
const companions = snippets.filter(({ file }) => file !== undefined && !file.includes("/"));
const programs = snippets.filter(({ file }) => file === undefined);

// Beside the package, so that "simd-optim" means the package itself.
const folder = mkdtempSync(join(root, "out-readme-"));
const place = (document: string) => join(folder, document.replace(/\W+/g, "-"));
for (const { document, file, code } of companions) {
  mkdirSync(place(document), { recursive: true });
  writeFileSync(join(place(document), file!), code);
}
afterAll(() => rmSync(folder, { recursive: true }));

const placed = programs.map(({ document, title, code }) => {
  mkdirSync(place(document), { recursive: true });
  const file = join(place(document), `${title.replace(/\W+/g, "-")}.ts`);
  writeFileSync(file, code);
  // What has files beside it looks for them there.
  return { title, file, alone: companions.every((companion) => companion.document !== document) };
});

// To read the whole package through tsx takes a second for each.
await build({
  entryPoints: placed.filter(({ alone }) => alone).map(({ file }) => file),
  absWorkingDir: root,
  outdir: folder,
  outbase: folder,
  outExtension: { ".js": ".mjs" },
  ...{ bundle: true, splitting: true, platform: "node", format: "esm", target: "node20", logLevel: "error" },
});

test.each(placed)("$title runs as it stands and prints something", ({ file, alone }) => {
  const asItIs = ["--import", "tsx", "--import", "./test/support/webWorker.ts", file];
  const args = alone ? [file.replace(/ts$/, "mjs")] : asItIs;
  const output = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect(output.trim()).not.toBe("");
});

test.each(excerpts)("$title is in $file", ({ file, code }) => {
  expect(readFileSync(join(root, file!), "utf8")).toContain(code);
});

test("there are snippets", () => {
  expect(programs.length).toBeGreaterThanOrEqual(15);
  expect(excerpts.length).toBeGreaterThanOrEqual(5);
});

test.each(documents)("every npm script that $name names exists", ({ text }) => {
  const named = [...text.matchAll(/npm (?:run ([\w:]+)|(start|test))/g)].map(([, run, short]) => run ?? short!);
  for (const name of named) expect(Object.keys(scripts)).toContain(name);
});

test("CONTRIBUTING.md has at most 60 lines, and every command in it is run by CI", () => {
  const [, { text }] = documents as [unknown, (typeof documents)[0]];
  expect(text.split("\n").length).toBeLessThanOrEqual(61);
  const ci = readFileSync(join(root, ".ci/run"), "utf8");
  const commands = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block!.trim().split("\n"));
  for (const command of commands) expect(ci, command).toContain(command);
});

test("the table of optimizers is up to date", () => {
  execFileSync(process.execPath, ["--import", "tsx", "scripts/catalogue.ts", "--check"], { cwd: root });
});

test.each(documents)("files that $name links to exist", ({ name, text }) => {
  for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
    if (!target!.includes("://")) expect(existsSync(join(root, dirname(name), target!)), target).toBe(true);
  }
});
