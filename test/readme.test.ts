/** The README is true: its snippets run, its commands exist, its table is that of the specs. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;
const documents = ["README.md", "CONTRIBUTING.md"].map((name) => ({
  name,
  text: readFileSync(join(root, name), "utf8"),
}));
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };

const snippets = documents.flatMap(({ name, text }) =>
  [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code], i) => ({
    title: `${name}, snippet ${i + 1}`,
    code: code!,
  })),
);

// Beside the package, so that "simd-optim" means the package itself.
const folder = mkdtempSync(join(root, "out-readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(snippets)("$title runs as it stands and prints something", ({ title, code }) => {
  const file = join(folder, `${title.replace(/\W+/g, "-")}.ts`);
  writeFileSync(file, code);
  const output = execFileSync(process.execPath, ["--import", "tsx", file], { cwd: root, encoding: "utf8" });
  expect(output.trim()).not.toBe("");
});

test("there are snippets", () => {
  expect(snippets.length).toBeGreaterThanOrEqual(2);
});

test.each(documents)("every npm script that $name names exists", ({ text }) => {
  const named = [...text.matchAll(/npm (?:run ([\w:]+)|(start|test))/g)].map(([, run, short]) => run ?? short!);
  expect(named.length).toBeGreaterThan(0);
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

test("files that the README links to exist", () => {
  for (const { text } of documents) {
    for (const [, target] of text.matchAll(/\]\(([^)#]+)\)/g)) {
      if (!target!.includes("://")) readFileSync(join(root, target!));
    }
  }
});
