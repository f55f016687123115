import { join } from "node:path";
import { defineConfig } from "vitest/config";

const source = (path: string) => join(import.meta.dirname, "src", path);

export default defineConfig({
  resolve: {
    // As package.json exports them, from source.
    alias: [
      { find: /^lmframe$/, replacement: source("index.ts") },
      { find: /^lmframe\/(.*)$/, replacement: source("$1/index.ts") },
    ],
  },
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["./tests/support/service-home.ts"],
    testTimeout: 180_000,
    hookTimeout: 240_000,
    reporters: ["default", "./tests/closing-line.ts"],
    maxWorkers: 2,
    coverage: { include: ["src/**"] },
  },
});
