/** The commands of the examples, bundled: as they are, two seconds of each start go into reading their modules. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "commands-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

await build({
  entryPoints: ["examples/main.ts", "examples/experiments/main.ts"],
  absWorkingDir: ROOT,
  outdir: folder,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "error",
  // From where modules of the examples are, which look for the files of the package two folders up.
  define: { "import.meta.url": JSON.stringify(new URL("../../examples/charlm/main.ts", import.meta.url)) },
  banner: {
    js: `import { createRequire } from "node:module"; const require = createRequire(${JSON.stringify(import.meta.url)});`,
  },
});

/** What follows `node` to run one: `npm start` is examples/main.ts. */
export function commandOf(path: "main" | "experiments/main"): string {
  return join(folder, `${path}.mjs`);
}
