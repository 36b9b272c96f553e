import { readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import fast from "./vitest.config.ts";

const folder = new URL("./test/", import.meta.url);

/** The files of tests that go through a part of something in `npm test`. */
const sweeping = (readdirSync(folder, { recursive: true }) as string[])
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".test.ts") && !name.includes("node_modules/"))
  .filter((name) => readFileSync(new URL(name, folder), "utf8").includes('/support/sweep.ts"'))
  .map((name) => `test/${name}`);

export default defineConfig({ ...fast, test: { ...fast.test!, include: sweeping, env: { SWEEP: "whole" } } });
