/** Areas are ranked: a file imports from its own area and from those before it, and no imports go in a circle. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const root = new URL("../..", import.meta.url).pathname;

/** The areas of each tree, from low to high. Files that lie loose in a tree of kernels make the area "." together. */
const kernels = [".", "gradients", "matrix", "optim", "loss", "layer", "index"];
/** What a build is made from: they export kernels of every area. */
const entries = ["index.ts", "base.ts", "linalg.ts", "nn.ts"];
const areas: Readonly<Record<string, readonly string[]>> = {
  assembly: kernels,
  "src/kernels/reference": kernels,
  src: [
    "core",
    "memory",
    "kernels",
    "tensor",
    "linalg",
    "schedules",
    "state",
    "gradients",
    "optim",
    "training",
    "nn",
    "losses",
    "checkpoint",
    "monitor",
    "adapters",
    "node",
    "index",
  ],
};

interface Import {
  readonly target: string;
  /** Whether it is gone once types are. */
  readonly erased: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const statements = /^(?:import|export)( type)? (?:[^;"]* from )?"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm;
  return [...text.matchAll(statements)].map(([, type, stated, called]) => {
    const path = relative(root, join(root, dirname(file), stated ?? called!));
    return { target: path.endsWith(".ts") ? path : `${path}.ts`, erased: type !== undefined };
  });
}

const graph = new Map(
  ["assembly", "src"]
    .flatMap((tree) =>
      readdirSync(join(root, tree), { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".ts"))
        .map((path) => `${tree}/${path}`),
    )
    .map((file) => [file, importsOf(file)] as const),
);

/** The area of a file in a tree; undefined where it is not in the tree at all. */
function areaOf(tree: string, file: string): string | undefined {
  if (!file.startsWith(`${tree}/`)) return undefined;
  const [first, ...rest] = file.slice(tree.length + 1).split("/") as [string, ...string[]];
  if (rest.length > 0) return first;
  return entries.includes(first) ? "index" : ".";
}

test("imports are found", () => {
  expect(graph.get("src/optim/lion.ts")).toContainEqual({ target: "src/optim/define/optimizer.ts", erased: false });
  expect(graph.get("src/nn/layer.ts")).toContainEqual({ target: "src/nn/pass.ts", erased: true });
  expect(graph.get("assembly/optim/lion.ts")).toContainEqual({ target: "assembly/lanes.ts", erased: false });
});

test.each(Object.entries(areas))("every file of %s is in an area, and imports from no later one", (tree, ordered) => {
  const upward: string[] = [];
  for (const [file, imports] of graph) {
    const own = areaOf(tree, file);
    if (own === undefined) continue;
    expect(ordered, `${file}: give ${own} a place among the areas of ${tree}`).toContain(own);
    for (const { target } of imports) {
      const area = areaOf(tree, target);
      if (area !== undefined && ordered.indexOf(area) > ordered.indexOf(own)) upward.push(`${file} imports ${target}`);
    }
  }
  expect(upward).toEqual([]);
});

test("no imports go in a circle; those of types alone are none at run time", () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file) || path.includes(file)) return;
    for (const { target, erased } of graph.get(file) ?? []) if (!erased) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  expect(circles).toEqual([]);
});

test("src holds index.ts and areas alone", () => {
  const loose = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) => entry.isFile());
  expect(loose.map(({ name }) => name)).toEqual(["index.ts"]);
});
