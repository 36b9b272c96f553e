import { defineConfig } from "vitest/config";
import root from "../../../vitest.config.ts";

/** As the tests of the package, but for what is installed in this folder. */
export default defineConfig({
  root: new URL(".", import.meta.url).pathname,
  resolve: root.resolve!,
  test: { ...root.test, include: ["*.test.ts"], exclude: [] },
});
