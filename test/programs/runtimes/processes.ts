/** Runtimes that are started from the command line and print what they have to say. */
import { readFileSync } from "node:fs";
import type { Bundles } from "./bundles.ts";
import { find, output, type Target } from "./target.ts";

const modules = new URL("node_modules/", import.meta.url).pathname;
const edgeHost = new URL("edge.mjs", import.meta.url).pathname;

function installedVersion(name: string): string {
  return JSON.parse(readFileSync(`${modules}${name}/package.json`, "utf8")).version;
}

function commandLine(name: string, command: string, args: readonly string[], version: () => Promise<string>): Target {
  return {
    name,
    run: async () => ({ outcomes: JSON.parse(await output(find(command), args)), version: await version() }),
  };
}

export function processes({ process: script, edge, modules: wasm }: Bundles): Target[] {
  const nodes = ["node20", "node22", "node24", "node26"].map((alias) => {
    const command = `${modules}${alias}/bin/node`;
    return commandLine("Node", command, [script], () =>
      output(command, ["-p", "process.versions.node + ' (V8 ' + process.versions.v8.replace(/-.*/, '') + ')'"]),
    );
  });
  const own = process.execPath;
  return [
    ...nodes,
    commandLine("Deno", `${modules}.bin/deno`, ["run", script], async () => installedVersion("deno")),
    commandLine("Bun", `${modules}.bin/bun`, [script], async () => installedVersion("bun")),
    commandLine("edge-runtime", own, [edgeHost, edge, ...wasm], async () => installedVersion("@edge-runtime/vm")),
  ];
}
