/** Cloudflare's runtime, as a server that is asked once. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { BUILDS, type Bundles } from "./bundles.ts";
import type { Outcome } from "./program.ts";
import { find, type Target } from "./target.ts";

const modules = new URL("node_modules/", import.meta.url).pathname;
const STARTS_WITHIN = 20_000;

const configuration = (port: number) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    ${BUILDS.map((name) => `(name = "${name}.wasm", wasm = embed "${name}.wasm")`).join(",\n    ")}
  ],
  compatibilityDate = "2026-11-01"
);
`;

/** A port that nothing listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function ask(url: string): Promise<Response> {
  for (const start = Date.now(); ; await setTimeout(100)) {
    try {
      return await fetch(url);
    } catch (error) {
      if (Date.now() - start > STARTS_WITHIN) throw error;
    }
  }
}

/** The answer of workerd to one request, as JSON, running the worker.mjs and the builds of a folder. */
export async function askWorker(folder: string): Promise<{ version: string; answer: unknown }> {
  const command = find(`${modules}.bin/workerd`);
  const { version } = JSON.parse(readFileSync(`${modules}workerd/package.json`, "utf8"));
  const port = await freePort();
  const path = join(folder, "workerd.capnp");
  writeFileSync(path, configuration(port));
  // In a group of its own, since the command is a script that starts the server.
  const server = spawn(command, ["serve", path], { detached: true, stdio: ["ignore", "ignore", "inherit"] });
  try {
    const response = await ask(`http://127.0.0.1:${port}/`);
    if (!response.ok) throw new Error(`workerd answered ${response.status}: ${await response.text()}`);
    return { version, answer: await response.json() };
  } finally {
    process.kill(-server.pid!);
  }
}

export function workerd({ folder }: Bundles): Target {
  return {
    name: "workerd",
    run: async () => {
      const { version, answer } = await askWorker(folder);
      return { version, outcomes: answer as Outcome[] };
    },
  };
}
