import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const source = (path: string) => join(import.meta.dirname, "src", path);

/** The notebooks take as long as half of all others: begun last, they would run on alone. */
class NotebooksFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isNotebooks = ({ moduleId }: TestSpecification) => moduleId.endsWith("notebooks.test.ts");
    const sorted = await super.sort(files);
    return [...sorted.filter(isNotebooks), ...sorted.filter((file) => !isNotebooks(file))];
  }
}

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
    sequence: { sequencer: NotebooksFirst },
    coverage: { include: ["src/**"] },
  },
});
