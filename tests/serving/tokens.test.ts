import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { redact } from "../../src/core/index.ts";
import { TokenStore } from "../../src/serving/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lmframe tokens "));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const ana = { id: "ana", groups: ["mechanics"] };

test("a token is known by its digest alone, in a file for this user", async () => {
  const file = join(folder, "tokens.json");
  const store = new TokenStore(file);
  const token = await store.add({ principal: ana });
  expect(await store.find(token)).toMatchObject({ principal: ana, operator: false });
  expect(readFileSync(file, "utf8")).not.toContain(token.slice("lmf_000000000000_".length));
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(JSON.stringify(await store.list())).not.toContain("digest");
  expect(redact(`it was ${token}`)).not.toContain(token);
});

test("what is added or revoked elsewhere holds here at once", async () => {
  const file = join(folder, "tokens.json");
  const running = new TokenStore(file);
  const other = new TokenStore(file);
  expect(await running.find("lmf_000000000000_".padEnd(60, "x"))).toBeUndefined();
  const tokens = await Promise.all([1, 2, 3, 4].map(() => other.add({ principal: ana })));
  expect((await running.list()).length).toBe(4);
  const { id } = (await running.find(tokens[2]!))!;
  await other.revoke(id);
  expect(await running.find(tokens[2]!)).toBeUndefined();
  expect(await running.find(tokens[1]!)).toBeDefined();
  const [revoked] = (await running.list()).filter(({ revokedAt }) => revokedAt !== undefined);
  await other.revoke(id);
  expect((await running.list()).find((token) => token.id === id)).toEqual(revoked);
});

test("an expired, altered or foreign token is worth nothing", async () => {
  const store = new TokenStore(join(folder, "tokens.json"));
  const brief = await store.add({ principal: ana, expiresAt: new Date(Date.now() + 1000) });
  const lasting = await store.add({ principal: ana });
  expect(await store.find(brief)).toBeDefined();
  vi.useFakeTimers({ now: Date.now() + 2000, toFake: ["Date"] });
  expect(await store.find(brief)).toBeUndefined();
  const altered = lasting.slice(0, -2) + (lasting.at(-2) === "A" ? "B" : "A") + lasting.at(-1)!;
  const mixed = [...brief.split("_").slice(0, 2), ...lasting.split("_").slice(2)].join("_");
  for (const text of [
    altered,
    mixed,
    "",
    "lmf_",
    `${lasting} `,
    `${lasting}x`,
    "__proto__",
    lasting.toUpperCase(),
  ])
    expect(await store.find(text), text).toBeUndefined();
});

test("a token is for somebody of a group", async () => {
  const store = new TokenStore(join(folder, "tokens.json"));
  await expect(store.add({ principal: { id: "ana", groups: [] } })).rejects.toThrow(/group/);
  await expect(store.add({ principal: { id: " ", groups: ["a"] } })).rejects.toThrow(/somebody/);
  await expect(store.revoke("000000000000")).rejects.toThrow(/tokens list/);
});
