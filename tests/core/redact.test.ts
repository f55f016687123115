import { afterEach, describe, expect, test, vi } from "vitest";
import { keepSecret, redact, redactor } from "../../src/core/redact.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("redact", () => {
  test.each([
    ["an OpenAI key", "key sk-proj-Abc123_def456-GHI789jkl here", "Abc123"],
    ["a bearer token", "authorization: Bearer abcDEF1234567890xyz", "abcDEF"],
    ["basic credentials", "Basic dXNlcjpwYXNzd29yZDEyMw==", "dXNlcj"],
    ["a Databricks token", `dapi${"0a".repeat(16)}`, "0a0a"],
    ["a GitHub token", `ghp_${"Zz9".repeat(12)}`, "Zz9"],
    ["credentials in an address", "http://ann:p@ss:word@host:5000/x", "word@"],
    ["a key in a query", "GET https://host/v1?a=1&api_key=topsecretvalue&b=2", "topsecret"],
    ["a private key", "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----", "MIIE"],
  ])("takes out %s", (_, text, secret) => {
    const result = redact(text);
    expect(result).not.toContain(secret);
    expect(result).toContain("[redacted]");
  });

  test("takes out values of the environment that are named like secrets, in any spelling", () => {
    vi.stubEnv("ACME_API_KEY", 'odd"value\\with&signs');
    const redacted = redactor();
    expect(redacted.text('it is odd"value\\with&signs.')).toBe("it is [redacted].");
    expect(redacted.text(JSON.stringify({ a: 'odd"value\\with&signs' }))).toBe('{"a":"[redacted]"}');
    expect(redacted.text(`https://host/${encodeURIComponent('odd"value\\with&signs')}`)).toBe(
      "https://host/[redacted]",
    );
  });

  test("takes out a secret that was given in code, whatever it looks like", () => {
    keepSecret("plain-looking-words");
    expect(redact("say plain-looking-words now")).toBe("say [redacted] now");
  });

  test("leaves ordinary text alone", () => {
    vi.stubEnv("ACME_TOKEN", "none");
    const text =
      "None of the basic internationalisation tasks: the bearer of this sk-token wrote to a@b.example, ratio=1, https://host/path?page=2";
    expect(redact(text)).toBe(text);
  });

  test("reaches every depth of a plain value, and members named like secrets", () => {
    const redacted = redactor();
    expect(
      redacted.value({
        rows: [{ note: "Bearer abcDEF1234567890xyz", score: 1 }],
        headers: { Authorization: "short", accept: "x" },
        none: null,
      }),
    ).toEqual({
      rows: [{ note: "Bearer [redacted]", score: 1 }],
      headers: { Authorization: "[redacted]", accept: "x" },
      none: null,
    });
  });

  test("overwrites a known secret in bytes without moving them, and leaves the original as it was", () => {
    keepSecret("binary-secret-1");
    const original = Buffer.from("\u0000\u0001binary-secret-1\u0002end");
    const result = redactor().bytes(original);
    expect(Buffer.from(result).toString()).toBe("\u0000\u0001***************\u0002end");
    expect(original.toString()).toContain("binary-secret-1");
  });
});
