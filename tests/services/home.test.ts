import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { home, privateFolder } from "../../src/services/index.ts";

describe("home", () => {
  let folder: string;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "lmframe-home-")));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  test("is LMFRAME_HOME where that is set", () => {
    vi.stubEnv("LMFRAME_HOME", folder);
    expect(home()).toBe(folder);
  });

  test("is in the project's root, also for a notebook that runs in a folder below", () => {
    vi.stubEnv("LMFRAME_HOME", undefined);
    mkdirSync(join(folder, "notebooks", "drafts"), { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}");
    vi.spyOn(process, "cwd").mockReturnValue(join(folder, "notebooks", "drafts"));
    expect(home()).toBe(join(folder, ".lmframe"));
  });

  test("private folders are closed to others and to git", async () => {
    vi.stubEnv("LMFRAME_HOME", join(folder, "kept"));
    const services = await privateFolder("services");
    expect(services).toBe(join(folder, "kept", "services"));
    expect(statSync(services).mode & 0o077).toBe(0);
    expect(readFileSync(join(folder, "kept", ".gitignore"), "utf8")).toBe("*\n");
  });
});
