/** Examples stand side by side: what two of them need is in examples/support, which needs none of them. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const root = new URL("../../examples/", import.meta.url).pathname;
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));

/** What a file imports: packages by name, files by their path below examples/. */
function importsOf(file: string): string[] {
  const found = readFileSync(join(root, file), "utf8").matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g);
  return [...found].map(([, name]) =>
    name!.startsWith(".") ? relative(root, join(root, dirname(file), name!)) : name!,
  );
}

/** "charlm" for "charlm/main.ts". */
const folderOf = (path: string) => path.split("/")[0]!;

test.each(files.filter((file) => file.includes("/")))(
  "%s imports from its own folder, support and packages",
  (file) => {
    const folders = new Set(files.filter((path) => path.includes("/")).map(folderOf));
    const others = importsOf(file).filter(
      (path) =>
        path.startsWith("..") || (folders.has(folderOf(path)) && ![folderOf(file), "support"].includes(folderOf(path))),
    );
    expect(others).toEqual([]);
  },
);

test("whatever is in support, more than one example needs, or what more than one needs does", () => {
  const users = (file: string): Set<string> => {
    const direct = files.filter((other) => importsOf(other).includes(file));
    return new Set(direct.flatMap((other) => (folderOf(other) === "support" ? [...users(other)] : [folderOf(other)])));
  };
  for (const file of files.filter((path) => folderOf(path) === "support")) {
    expect(users(file).size, file).toBeGreaterThan(1);
  }
});
