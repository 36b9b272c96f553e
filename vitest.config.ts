import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: {
      "simd-optim/jax": new URL("./src/adapters/jax.ts", import.meta.url).pathname,
      "simd-optim/node": new URL("./src/node/index.ts", import.meta.url).pathname,
      "simd-optim/tfjs": new URL("./src/adapters/tfjs.ts", import.meta.url).pathname,
      "simd-optim": new URL("./src/index.ts", import.meta.url).pathname,
    },
  },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/adapters/tfjs", "**/node_modules"],
    // A process and all modules anew for each of 114 files took 75 s, as long as most of the tests.
    isolate: false,
    setupFiles: [new URL("./test/support/equality.ts", import.meta.url).pathname],
    // What is slow on a busy machine is not wrong: tests have no limit but that of whoever waits for them.
    testTimeout: 0,
    hookTimeout: 0,
    execArgv: ["--expose-gc"],
  },
});
