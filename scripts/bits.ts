/**
 * The bits of every kernel and optimizer, as digests in test/bits.json. With --write, renews the file. Without, fails if a
 * digest is not what the file says, and if any commit changed one without a line under "Numerics" in CHANGELOG.md.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { load } from "../src/tensor/runtime.ts";
import { computePins, PINS, type Pins, readPins } from "../test/support/pinned.ts";

const FILE = "test/bits.json";
const CHANGES = "CHANGELOG.md";

/** The digests that differ, by name; those that are new or gone are no change of bits. */
function changed(before: Pins, after: Pins): string[] {
  return (["kernels", "few", "optimizers"] as const).flatMap((kind) =>
    Object.entries(after[kind] ?? {})
      .filter(([name, digest]) => (before[kind]?.[name] ?? digest) !== digest)
      .map(([name]) => name),
  );
}

/** The lines under "Numerics", in every version of the changelog. */
function numerics(changelog: string): Set<string> {
  const sections = changelog.split(/^(?=##)/m).filter((section) => section.startsWith("### Numerics"));
  return new Set(sections.flatMap((section) => section.split("\n").slice(1)).filter((line) => line.trim() !== ""));
}

function git(...args: string[]): string | undefined {
  try {
    return execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined;
  }
}

/** What is wrong with the step from one state of the tree to another; undefined where one of them is not to be had. */
function unexplained(name: string, read: (side: "before" | "after", path: string) => string | undefined) {
  const [pinsBefore, pinsAfter] = [read("before", FILE), read("after", FILE)];
  if (pinsBefore === undefined || pinsAfter === undefined) return undefined;
  const names = changed(JSON.parse(pinsBefore), JSON.parse(pinsAfter));
  const known = numerics(read("before", CHANGES) ?? "");
  const said = [...numerics(read("after", CHANGES) ?? "")].some((line) => !known.has(line));
  return names.length === 0 || said
    ? undefined
    : `${name} changes the bits of ${names.join(", ")} without a line under "Numerics" in ${CHANGES}`;
}

/** Every commit that touched the file, and what is not committed yet. */
function unexplainedChanges(): string[] {
  const commits = git("log", "--format=%H", "--", FILE)?.split("\n").filter(Boolean) ?? [];
  const ofCommits = commits.map((commit) =>
    unexplained(`commit ${commit.slice(0, 10)}`, (side, path) =>
      git("show", `${commit}${side === "before" ? "~1" : ""}:${path}`),
    ),
  );
  const pending = unexplained("what is not committed", (side, path) =>
    side === "before" ? git("show", `HEAD:${path}`) : readFileSync(path, "utf8"),
  );
  return [pending, ...ofCommits].filter((text) => text !== undefined);
}

const pins = computePins(await load());
if (process.argv.includes("--write")) writeFileSync(PINS, `${JSON.stringify(pins, null, 2)}\n`);
const differing = changed(readPins(), pins);
const problems = [
  ...(differing.length > 0 ? [`${FILE} is not what ${differing.join(", ")} give; run "npm run bits -- --write"`] : []),
  ...unexplainedChanges(),
];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else
  console.log(
    `${Object.keys(pins.kernels).length} kernels and ${Object.keys(pins.optimizers).length} optimizers give the bits that are pinned`,
  );
