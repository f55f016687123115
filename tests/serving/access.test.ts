import { setTimeout as pause } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { listen, type Span } from "../../src/core/index.ts";
import { FunctionModel, lm } from "../../src/lm/index.ts";
import { Module, Predict, Retrieve } from "../../src/modules/index.ts";
import { Index } from "../../src/retrieval/index.ts";
import type { ServedProgram, TokenStore } from "../../src/serving/index.ts";
import { signature } from "../../src/signature/index.ts";
import { hashingEmbedder } from "../retrieval/hashing-embedder.ts";
import { post, useServer } from "./served.ts";

const here = useServer();
let index: Index;
let tokens: TokenStore;
let server: ServedProgram;

/** Says all that it finds. */
class Finder extends Module {
  static override signature = signature("question -> answer, citations: list[str], passages: list[Any]");
  readonly retrieve: Retrieve;
  constructor(retriever: Index) {
    super();
    this.retrieve = new Retrieve(retriever);
  }
  async forward({ question }: { question: string }) {
    const { passages } = await this.retrieve.call({ query: question });
    return {
      answer: passages.map(({ text }) => text).join("; "),
      citations: passages.map(({ id }) => id),
      passages,
    };
  }
}

const documents = (name: string) => [
  { id: `${name}-1`, text: `the ${name} engine runs rough`, source: { file: `${name}.csv`, row: 1 } },
  { id: `${name}-2`, text: `the ${name} engine is new`, source: { file: `${name}.csv`, row: 2 } },
];

beforeEach(async () => {
  index = await Index.create("logbook", { directory: here.folder, embedder: hashingEmbedder() });
  await index.upsert(documents("red"), { groups: ["red"] });
  await index.upsert(documents("blue"), { groups: ["blue"] });
  tokens = here.tokens();
  server = await here.serve(new Finder(index), { index, tokens });
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const tokenFor = (group: string, more: object = {}) =>
  tokens.add({ principal: { id: `somebody of ${group}`, groups: [group] }, ...more });

/** What each route that works says to a caller. */
async function everything(
  headers: Record<string, string>,
  more: object = {},
): Promise<{ statuses: number[]; text: string }> {
  const question = "engine";
  const messages = [{ role: "user", content: question }];
  const answers = await Promise.all([
    post(`${server.url}/invocations`, { instances: [{ question, ...more }], ...more }, headers),
    post(`${server.url}/stream`, { question, ...more }, headers),
    post(`${server.url}/v1/chat/completions`, { messages, ...more }, headers),
    post(`${server.url}/v1/chat/completions`, { messages, stream: true, ...more }, headers),
    fetch(`${server.url}/v1/models`, { headers }),
    fetch(`${server.url}/metrics`, { headers }),
    fetch(`${server.url}/monitor/figures`, { headers }),
  ]);
  return {
    statuses: answers.map(({ status }) => status),
    text: (await Promise.all(answers.map((answer) => answer.text()))).join("\n"),
  };
}

describe("nothing of another group", () => {
  test("a token sees its own group alone, whatever its requests say", async () => {
    const red = await tokenFor("red");
    const claims = { principal: { id: "x", groups: ["blue"] }, groups: ["blue"], user: "blue", as: "blue" };
    const headers = { ...bearer(red), "x-principal": "blue", "x-forwarded-user": "blue" };
    const { statuses, text } = await everything(headers, claims);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 403, 403]);
    expect(text).toContain("red-1");
    expect(text.replace(/"?(principal|groups|user|as)"?:/g, "")).not.toMatch(/blue/);
  });

  test("both at once do not mix", async () => {
    const [red, blue] = await Promise.all([tokenFor("red"), tokenFor("blue")]);
    const seen = await Promise.all(
      Array.from({ length: 10 }, (_, call) => everything(bearer(call % 2 === 0 ? red : blue))),
    );
    for (const [call, { text }] of seen.entries())
      expect(text).not.toMatch(call % 2 === 0 ? /\bblue\b/ : /\bred\b/);
  });

  test("without a token, or with one that does not hold, nothing at all", async () => {
    const red = await tokenFor("red");
    const brief = await tokenFor("red", { expiresAt: new Date(Date.now() + 20) });
    const revoked = await tokenFor("red");
    await tokens.revoke(revoked.split("_")[1]!);
    await pause(30);
    const wrong = `${red.slice(0, -4)}AAAA`;
    const given: Record<string, string>[] = [
      {}, bearer(wrong), bearer(brief), bearer(revoked), bearer(""), bearer(`${red} ${red}`), { authorization: red },
      { authorization: `Basic ${red}` }, bearer("lmf_000000000000_".padEnd(60, "A")), { cookie: `token=${red}` },
    ]; // prettier-ignore
    const told = new Set<string>();
    for (const headers of given) {
      const { statuses, text } = await everything(headers);
      expect(statuses, JSON.stringify(headers)).toEqual([401, 401, 401, 401, 401, 401, 401]);
      told.add(text.replace(/[0-9a-f]{8}-[0-9a-f-]+/g, ""));
    }
    expect(told.size).toBe(1);
    expect([...told][0]).not.toMatch(/red|blue/);
    const { url } = server;
    expect((await post(`${url}/feedback`, { question: "?", answer: "a", rating: 5 })).status).toBe(401);
    expect((await fetch(`${url}/documents`, { method: "POST", body: new FormData() })).status).toBe(401);
    expect((await everything(bearer(red))).statuses[0]).toBe(200);
  });

  test("an answer that was kept for one group is asked for anew by another: no time tells what others asked", async () => {
    let asked = 0;
    const model = lm(
      new FunctionModel(() => (asked++, '{"answer": "yes"}'), { abilities: { jsonSchema: true } }),
    );
    const { url } = await here.serve(new Predict("question -> answer").withLM(model), { tokens });
    const ask = async (token: string) => {
      const response = await post(`${url}/invocations`, { instances: ["Is the rig closed?"] }, bearer(token));
      expect(response.status).toBe(200);
      return asked;
    };
    const [red, alsoRed, blue] = [await tokenFor("red"), await tokenFor("red"), await tokenFor("blue")];
    expect([await ask(red), await ask(alsoRed), await ask(blue), await ask(blue)]).toEqual([1, 1, 2, 2]);
  });

  test("nor in the spans that traces, progress and the monitor are made of", async () => {
    const heard: string[] = [];
    const hear = ({ name, inputs, result, error, attributes: { module: _, ...attributes } }: Span) =>
      void heard.push(JSON.stringify({ name, inputs, result, error: String(error), attributes }));
    const stop = listen({ start: hear, end: hear });
    try {
      await everything(bearer(await tokenFor("red")));
    } finally {
      stop();
    }
    expect(heard.join()).toContain("red-1");
    expect(heard.join()).not.toMatch(/blue/);
  });

  test("figures of all callers are for operators", async () => {
    const { statuses } = await everything(bearer(await tokenFor("red", { operator: true })));
    expect(statuses.slice(-2)).toEqual([200, 200]);
  });

  test("where nobody is named, nothing is found", async () => {
    const { url } = await here.serve(new Finder(index));
    const answer = await post(`${url}/stream`, { question: "engine" });
    expect(await answer.text()).not.toMatch(/red|blue/);
  });
});

test("how a program is instructed is for those who may call it", async () => {
  const told = new Predict("question -> answer", "Say the password xyzzy to nobody.");
  const { url } = await here.serve(told, { tokens });
  const open = ["/", "/docs", "/monitor", "/openapi.json"];
  const text = async (base: string, path: string, headers = {}) =>
    (await fetch(base + path, { headers })).text();
  for (const path of [...open, "/instructions"]) expect(await text(url, path), path).not.toContain("xyzzy");
  expect(await text(url, "/instructions", bearer(await tokenFor("red")))).toContain("xyzzy");
  const local = await here.serve(told);
  for (const path of ["/", "/openapi.json", "/instructions"])
    expect(await text(local.url, path), path).toContain("xyzzy");
});

describe("uploads", () => {
  const upload = (token: string, files: Record<string, string>, url = server.url) => {
    const form = new FormData();
    for (const [name, text] of Object.entries(files)) form.append("file", new File([text], name));
    return fetch(`${url}/documents`, { method: "POST", headers: bearer(token), body: form });
  };

  test("become documents of the caller's groups, by the names they were sent under", async () => {
    const [red, blue] = await Promise.all([tokenFor("red"), tokenFor("blue")]);
    const response = await upload(red, {
      "note.md": "# Propeller\n\nThe propeller is crimson.",
      "log.csv": "id,text\n7,a crimson strut",
    });
    expect(await response.json()).toMatchObject({ added: 2, failed: [] });
    const found = await index.search("crimson", { k: 9, principal: { id: "r", groups: ["red"] } });
    expect(
      found
        .filter(({ text }) => text.includes("crimson"))
        .map(({ id, source }) => [id, source.file])
        .sort(),
    ).toEqual([
      ["7", "log.csv"],
      ["note.md#1", "note.md"],
    ]);
    const { text } = await everything(bearer(blue));
    expect(text).not.toContain("crimson");
    expect((await everything(bearer(red))).text).not.toMatch(/lmframe-upload|tmp/);
  });

  test("a file that cannot be read is told by its name, and the others are taken", async () => {
    const red = await tokenFor("red");
    const mixed = await upload(red, { "a.pdf": "no pdf", "b.txt": "fine" });
    expect(mixed.status).toBe(200);
    const { added, failed } = (await mixed.json()) as {
      added: number;
      failed: { file: string; message: string }[];
    };
    expect([added, failed.map(({ file }) => file)]).toEqual([1, ["a.pdf"]]);
    expect(JSON.stringify(failed)).not.toMatch(/lmframe-upload/);
    expect((await upload(red, { "a.xyz": "?" })).status).toBe(400);
    const twice = await upload(red, { "a.csv": "id,text\n1,x\n", "b.csv": "id,text\n1,y\n" });
    expect([twice.status, await twice.text()]).toEqual([400, expect.stringMatching(/same id/)]);
  });

  test.each([
    "../../up.txt",
    "a/b.txt",
    "a\\b.txt",
    "a\u202etxt.exe.md",
    "none",
    ".txt",
    "x".repeat(300) + ".txt",
  ])("a name that is none: %s", async (name) => {
    const response = await upload(await tokenFor("red"), { [name]: "text" });
    expect([response.status, await index.count({ id: "r", groups: ["red"] })]).toEqual([400, 2]);
  });

  test("are limited, and go nowhere without an index", async () => {
    const small = await here.serve(new Finder(index), { index, tokens, limits: { uploadBytes: 1000 } });
    expect((await upload(await tokenFor("red"), { "a.txt": "x".repeat(2000) }, small.url)).status).toBe(413);
    const without = await here.serve(new Finder(index), { tokens });
    expect((await upload(await tokenFor("red"), { "a.txt": "x" }, without.url)).status).toBe(404);
  });
});

test("pages of other sites, and other names for this machine, may do nothing", async () => {
  const { url } = await here.serve(new Finder(index), { principal: { id: "me", groups: ["red"] } });
  const ask = (headers: Record<string, string>) =>
    post(`${url}/invocations`, { instances: ["engine"] }, headers);
  expect((await ask({ origin: url })).status).toBe(200);
  for (const origin of ["https://evil.example", "null", "http://127.0.0.1:1"])
    expect((await ask({ origin })).status, origin).toBe(403);
  const { request } = await import("node:http");
  const status = await new Promise((resolve) =>
    request(`${url}/v1/models`, { headers: { host: "rebound.example" } }, ({ statusCode }) =>
      resolve(statusCode),
    ).end(),
  );
  expect(status).toBe(403);
});
