import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1e9 });

const cloned = existsSync(`${root}/.git`);
if (!cloned)
  console.log("sample reports are not looked at: this is no clone, and reports may have been made anew");

describe.skipIf(!cloned)("sample reports", () => {
  const samples = cloned ? git("ls-files", "reports/*.html").trim().split("\n") : [];

  test.each(samples)("%s tells nothing of the machine it was made on: no port, time or folder", (path) => {
    // As it was committed: the demo writes one anew.
    const shown = git("show", `:${path}`).replace(/<script[^]*?<\/script>/g, "");
    expect(shown).toContain("<h1");
    expect(
      shown.match(/(?:127\.0\.0\.1|localhost):\d+|\d\d:\d\d UTC|\/(?:tmp|home|root|Users)\/\w+/g),
    ).toBeNull();
  });
});
