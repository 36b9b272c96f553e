/**
 * `npm run test:runtimes`: runs the fixed program in every runtime and compares the hashes. With --write it writes
 * docs/RUNTIMES.md; without, it holds the hash recorded there against what it found. With --install it first tries to
 * install browsers as system packages, which takes Debian and the rights to.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { browsers } from "./browsers.ts";
import { makeBundles } from "./bundles.ts";
import { processes } from "./processes.ts";
import type { Outcome } from "./program.ts";
import { type Answer, type Target, Unavailable } from "./target.ts";
import { workerd } from "./workerd.ts";

const RECORD = new URL("../../../docs/RUNTIMES.md", import.meta.url);

type Finding = { readonly name: string } & (Answer | { readonly missing: string } | { readonly error: string });

async function tryTarget({ name, run }: Target): Promise<Finding> {
  try {
    return { name, ...(await run()) };
  } catch (error) {
    const { message } = error as Error;
    return error instanceof Unavailable ? { name, missing: message } : { name, error: message };
  }
}

/** Where this fails, the browsers are named as missing later on. */
function installBrowsers(): void {
  const packages = ["chromium", "firefox-esr", "webkit2gtk-driver", "xvfb", "xauth"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Without a network it is to give up soon.
  const patience = ["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20", "-o", "DPkg::Lock::Timeout=60"];
  const apt = (...args: string[]) =>
    execFileSync("apt-get", [...patience, ...args], { env, stdio: "ignore", timeout: 600_000 });
  try {
    apt("update", "-qq");
    apt("install", "-y", "--no-install-recommends", ...packages);
  } catch (error) {
    console.log(`browsers could not be installed: ${(error as Error).message}`);
  }
}

/** The names of parts in which two outcomes differ. */
function differences(a: Outcome, b: Outcome): string[] {
  return Object.keys({ ...a.parts, ...b.parts }).filter((part) => a.parts[part] !== b.parts[part]);
}

function table(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function page(findings: readonly Finding[], hash: string): string {
  const rows = findings.map((finding) => {
    if ("missing" in finding) return [finding.name, "", `could not be had: ${finding.missing}`];
    if ("error" in finding) return [finding.name, "", `failed: ${finding.error}`];
    const same = finding.outcomes.filter((outcome) => outcome.hash === hash).map(({ backend }) => backend);
    return [finding.name, finding.version, same.join(", ")];
  });
  return `# Runtimes

\`npm run test:runtimes\` runs one fixed program in each runtime: every kernel over many sizes, every optimizer for 50
steps, schedules, initialisers, and a small transformer that is trained and saved. This page is its report (\`npm run test:runtimes -- --write\`). All bits of all results, with every NaN made the
same, have the SHA-256

    ${hash}

on the backends named:

${table([["runtime", "version", "backends"], ["---", "---", "---"], ...rows])}
`;
}

if (process.argv.includes("--install")) installBrowsers();
const bundles = await makeBundles();
const findings: Finding[] = [];
let first: Outcome | undefined;
let failures = 0;
for (const target of [...processes(bundles), workerd(bundles), ...browsers(bundles)]) {
  const finding = await tryTarget(target);
  findings.push(finding);
  if ("missing" in finding) console.log(`${finding.name}: could not be had: ${finding.missing}`);
  if ("error" in finding) {
    console.log(`${finding.name}: failed: ${finding.error}`);
    failures++;
  }
  if (!("outcomes" in finding)) continue;
  for (const outcome of finding.outcomes) {
    first ??= outcome;
    const differing = differences(first, outcome);
    if (outcome.hash !== first.hash) failures++;
    const remark = outcome.hash === first.hash ? "" : ` differs in ${differing.join(", ")}`;
    console.log(`${finding.name} ${finding.version} ${outcome.backend}: ${outcome.hash}${remark}`);
  }
}
rmSync(bundles.folder, { recursive: true });

const hash = first?.hash ?? "";
if (process.argv.includes("--write")) writeFileSync(RECORD, page(findings, hash));
else if (!readFileSync(RECORD, "utf8").includes(hash)) {
  console.log(`docs/RUNTIMES.md records another hash; if the change of bits is meant, run this with --write`);
  failures++;
}
console.log(failures === 0 ? `one hash: ${hash}` : `${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;
