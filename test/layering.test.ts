/** Files import only from lower ranks, siblings never import each other, and only index.ts imports its own folder. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;

/** Ranks by path: the longest prefix that matches counts. */
const ranks: Record<string, Record<string, number>> = {
  assembly: {
    words: -1,
    lanes: 0,
    random: 0,
    chunk: 1,
    decay: 1,
    gradient: 1,
    math: 1,
    moments: 1,
    norms: 2,
    fold: 2,
    elementwise: 2,
    distribution: 2,
    gradients: 3,
    statistics: 2,
    product: 2,
    softmaxRow: 3,
    logistic: 2,
    optim: 3,
    loss: 4,
    layer: 4,
    matrix: 3,
    index: 5,
  },
  src: {
    shape: 0,
    check: 0.5,
    protobuf: 0,
    real: 0,
    tfRecord: 0,
    heap: 1,
    schedule: 1,
    schedules: 2,
    parseSchedule: 3,
    median: 1,
    spikeDetector: 2,
    byteSource: 1,
    dtype: 1,
    json: 1,
    savedState: 2,
    stateful: 1,
    safetensorsHeader: 2,
    safetensors: 3,
    stateTree: 2,
    steps: 1,
    reference: 2,
    kernel: 2.5,
    kernelTable: 3,
    kernels: 3.5,
    engine: 4,
    dry: 5,
    tensor: 5,
    init: 7,
    arena: 6,
    random: 6,
    parameters: 6,
    optimizerLike: 6.5,
    declare: 6.5,
    linalg: 6,
    losses: 7,
    normalization: 6,
    window: 6,
    layer: 7,
    reduction: 6,
    layers: 7,
    modules: 8,
    network: 8,
    runtime: 7,
    shadow: 6.5,
    statefulShadow: 7,
    clip: 9,
    groups: 7,
    mup: 7,
    transfer: 7,
    loadParameters: 8,
    checkpoint: 14,
    checkpointFormat: 7,
    writeCheckpoint: 13,
    readCheckpoint: 13,
    torchState: 13,
    adapters: 15,
    node: 15,
    option: 6,
    spec: 7,
    snapshots: 7,
    gradients: 8,
    layout: 8,
    measure: 8,
    state: 9,
    stepReport: 9,
    optimizer: 10,
    optim: 11,
    spikePolicy: 11,
    wrappers: 12,
    recipes: 12,
    wrap: 9,
    monitor: 12,
    growingOptimizer: 13,
    namedArrays: 13,
    optionsJson: 13,
    tfjsOptions: 14,
    tfjsWeights: 13.5,
    tfjsVariables: 14,
    index: 20,
  },
};
/** The twins have ranks of their own, those of the files they mirror. */
const twinRanks = { ...ranks["assembly"], index: 5 };

function rankOf(file: string): number {
  const [tree, ...path] = file.replace(/\.ts$/, "").split("/") as [string, ...string[]];
  const twin = tree === "src" && path[0] === "reference";
  const rank = twin ? twinRanks[path[1]! as keyof typeof twinRanks] : ranks[tree]![path[0]!];
  if (rank === undefined) throw new Error(`${file} has no rank: give its top-level name one in test/layering.test.ts`);
  return rank;
}

const files = ["assembly", "src"].flatMap((tree) =>
  readdirSync(join(root, tree), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => `${tree}/${path}`),
);

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, target]) => {
    const path = relative(root, join(root, dirname(file), target!));
    return path.endsWith(".ts") || path.startsWith("build/") ? path : `${path}.ts`;
  });
}

test("there are files to look at", () => {
  expect(files.length).toBeGreaterThan(40);
});

test.each(files)("%s imports only from lower ranks", (file) => {
  for (const target of importsOf(file)) {
    if (target.startsWith("build/")) continue;
    const barrel = file.endsWith("/index.ts") && dirname(target).startsWith(dirname(file));
    const intoTwins = target.startsWith("src/reference/") && !file.startsWith("src/reference/");
    const outOfTwins = file.startsWith("src/reference/") && !target.startsWith("src/reference/");
    const from = outOfTwins ? ranks["src"]!["reference"]! : rankOf(file);
    const to = intoTwins ? ranks["src"]!["reference"]! : rankOf(target);
    expect(barrel || to < from, `${file} (rank ${from}) imports ${target} (rank ${to})`).toBe(true);
  }
});
