/** What npm and JSR would publish. */
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { check } from "./checks.ts";
import { folder, root, run } from "./tools.ts";

const EXPECTED = [
  ...["package.json", "README.md", "LICENSE", "CHANGELOG.md"],
  ...[
    "build/simd.wasm",
    ...["base", "linalg", "nn", "scalar"].flatMap((name) => [`build/${name}.wasm`, `build/${name}.js`]),
  ],
  ...["dist/index.js", "dist/index.d.ts", "dist/index.js.map", "dist/bundle.js"],
];
/** Nothing else is shipped: no sources, no tests, no examples. */
const ALLOWED = /^(dist\/[\w/]+\.(js|js\.map|d\.ts)|build\/\w+(\.\w+)?\.(js|d\.ts|wasm)|[A-Z]+(\.md)?|package\.json)$/;

/** Packs the package into a folder, and returns the path of the tarball. */
export async function pack(): Promise<string> {
  const target = folder("tarball");
  const [{ filename, files }] = JSON.parse(
    await run(root, "npm", "pack", "--ignore-scripts", "--json", "--pack-destination", target),
  );
  const paths: string[] = files.map(({ path }: { path: string }) => path);
  await check("contents: what must be there is, and nothing else", () => {
    const missing = EXPECTED.filter((path) => !paths.includes(path));
    const surplus = paths.filter((path) => !ALLOWED.test(path));
    if (missing.length + surplus.length > 0) throw new Error(`missing ${missing}; surplus ${surplus}`);
    return `${paths.length} files`;
  });
  await check("contents: every module has types, and a map that holds or finds its source", () => {
    const modules = paths.filter((path) => path.startsWith("dist/") && path.endsWith(".js") && !/bundle/.test(path));
    for (const path of modules) {
      if (!paths.includes(path.replace(/js$/, "d.ts"))) throw new Error(`${path} has no types`);
      const { sources, sourcesContent } = JSON.parse(readFileSync(`${root}${path}.map`, "utf8"));
      sources.forEach((source: string, i: number) => {
        const shipped = paths.includes(normalize(join(dirname(path), source)));
        if (!shipped && !sourcesContent?.[i]) throw new Error(`${path}.map points to ${source}, which is not there`);
      });
    }
    return `${modules.length} modules`;
  });
  const tarball = join(target, filename);
  await check("publint", () => run(root, "publint", tarball, "--strict").then(() => undefined));
  await check("attw", async () => {
    // Those two are files for hosts that take them, and have no types.
    const wasm = ["wasm/simd.wasm", "wasm/scalar.wasm"];
    await run(root, "attw", tarball, "--profile", "esm-only", "--exclude-entrypoints", ...wasm);
  });
  return tarball;
}

/** JSR takes the sources; its own tool checks them without publishing, offline. */
export async function checkJsr(): Promise<void> {
  await check("jsr.json: deno publish --dry-run", async () => {
    const target = folder("jsr");
    // Away from package.json, whose "imports" would otherwise be taken in place of those of jsr.json.
    await run(
      root,
      "cp",
      "-r",
      "src",
      "build",
      "jsr.json",
      "LICENSE",
      "README.md",
      "CHANGELOG.md",
      ".gitignore",
      target,
    );
    await run(target, "deno", "publish", "--dry-run", "--allow-dirty", "--allow-slow-types");
  });
}
