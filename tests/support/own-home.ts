import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { down } from "../../src/services/index.ts";

const enter = () => {
  const before = process.env.LMFRAME_HOME;
  const folder = mkdtempSync(join(tmpdir(), "lmframe own "));
  process.env.LMFRAME_HOME = folder;
  return async () => {
    await down();
    process.env.LMFRAME_HOME = before;
    rmSync(folder, { recursive: true, force: true });
  };
};

/** Gives each test of a file a home of its own, for what disturbs services; nothing of it is left after. */
export function ownHomeEach(): void {
  let leave: () => Promise<void>;
  beforeEach(() => {
    leave = enter();
  });
  afterEach(() => leave());
}

/** {@link ownHomeEach}, one home for all tests of a file. */
export function ownHome(): void {
  let leave: () => Promise<void>;
  beforeAll(() => {
    leave = enter();
  });
  afterAll(() => leave());
}
