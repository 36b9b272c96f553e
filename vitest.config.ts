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
    testTimeout: 60_000,
    execArgv: ["--expose-gc"],
  },
});
