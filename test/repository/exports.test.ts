/** What the package can be imported by. Uses the build. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../..", import.meta.url).pathname;
const json = (name: string) => JSON.parse(readFileSync(`${root}${name}`, "utf8"));
const { version, license, sideEffects, exports } = json("package.json");

type Target = Readonly<Record<string, string>>;
const modules = Object.entries<Target | string>(exports)
  .filter((entry): entry is [string, Target] => typeof entry[1] !== "string")
  .map(([path, target]) => [path, target] as const);

/** The names that each subpath exports, and those that are not the very objects of the main entry. */
function imported(): Record<string, { names: string[]; own: string[] }> {
  const script = `
    const main = await import("simd-optim");
    const known = new Set([...Object.values(main), ...Object.values(main.init), ...Object.values(main.schedules)]);
    const answer = {};
    for (const path of ${JSON.stringify(modules.map(([path]) => path))}) {
      const entries = Object.entries(await import("simd-optim" + path.slice(1)));
      answer[path] = {
        names: entries.map(([name]) => name),
        own: entries.filter(([, value]) => !known.has(value)).map(([name]) => name),
      };
    }
    console.log(JSON.stringify(answer));
  `;
  return JSON.parse(execFileSync("node", ["--input-type=module", "-e", script], { cwd: root, encoding: "utf8" }));
}

test("every subpath has types, which come first, and exports something", () => {
  const found = imported();
  for (const [path, target] of modules) {
    expect(Object.keys(target)[0], path).toBe("types");
    for (const file of Object.values(target)) expect(existsSync(root + file), file).toBe(true);
    expect(found[path]!.names.length, path).toBeGreaterThan(0);
  }
});

test("subpaths give the objects of the main entry, so that both may be used together", () => {
  // A bundle is another copy; files are for Node alone, and adapters for who has the other library.
  const apart = ["./bundle", "./node", "./jax", "./tfjs"];
  const found = Object.entries(imported()).filter(([path]) => !apart.includes(path));
  expect(found.map(([path]) => path)).toEqual(expect.arrayContaining(["./optim", "./schedules", "./losses"]));
  for (const [path, { own }] of found) expect(own, path).toEqual([]);
});

test("the bundle exports what the main entry does", () => {
  const found = imported();
  expect(found["./bundle"]!.names.sort()).toEqual(found["."]!.names.sort());
});

test("nothing has side effects", () => {
  expect(sideEffects).toBe(false);
});

test("jsr.json says the same, of sources", () => {
  const sources = modules
    .filter(([path]) => path !== "./bundle")
    .map(([path, { types }]) => [path, types!.replace("./dist/", "./src/").replace(".d.ts", ".ts")]);
  expect(json("jsr.json")).toMatchObject({ version, license, exports: Object.fromEntries(sources) });
});
