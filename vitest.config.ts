import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { lmframe: new URL("./src/index.ts", import.meta.url).pathname } },
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["./tests/support/service-home.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default", "./tests/closing-line.ts"],
    maxWorkers: 2,
    coverage: { include: ["src/**"] },
  },
});
