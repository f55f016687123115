import { describe, expect, test, vi } from "vitest";
import { mlflow } from "../../src/tracking/index.ts";
import { realMlflow } from "./real-mlflow.ts";

const server = realMlflow();
const { registry } = mlflow;

/** Makes a model without files and registers it. */
async function registered(name: string, options?: Parameters<typeof registry.register>[2]) {
  const { model } = await server.client.rest.json<{ model: { info: { model_id: string } } }>({
    doing: "create a model",
    method: "post",
    path: "api/2.0/mlflow/logged-models",
    json: { experiment_id: await server.client.experiment(server.experiment), name: "bare" },
  });
  return registry.register({ modelId: model.info.model_id }, name, options);
}

async function deleteVersion(name: string, version: string) {
  await server.client.rest.json({
    doing: "delete a version",
    method: "delete",
    path: "api/2.0/mlflow/model-versions/delete",
    json: { name, version },
  });
}

describe("the registry", () => {
  test("versions, aliases and tags come back as they were given", async () => {
    const name = `lmframe-support ${server.experiment}`;
    const first = await registered(name, { description: "as it was", tags: { stage: "draft" } });
    const second = await registered(name, { aliases: ["challenger"] });
    expect(first).toMatchObject({
      name,
      version: "1",
      aliases: [],
      tags: { stage: "draft" },
      description: "as it was",
      uri: `models:/${name}/1`,
    });
    expect(second).toMatchObject({ version: "2", aliases: ["challenger"] });
    expect((await registry.versions(name)).map(({ version, aliases }) => [version, aliases])).toEqual([
      ["2", ["challenger"]],
      ["1", []],
    ]);
    await registry.setVersionTag(name, "challenger", "score", "0.9");
    expect((await registry.version(name, 2)).tags).toEqual({ score: "0.9" });
    await registry.removeAlias(name, "challenger");
    await expect(registry.version(name, "challenger")).rejects.toThrow(/the alias challenger of/);
    await expect(registry.version(name, 9)).rejects.toThrow(/version 9 of/);
    expect(await registry.versions("there is none")).toEqual([]);
  });

  test("a tag is written though another wrote it first at the same time", async () => {
    const name = `lmframe-tags ${server.experiment}`;
    await registered(name);
    let clashes = 0;
    server.proxy.reset((line) => (line.includes("set-tag") && clashes++ === 0 ? "clash" : "pass"));
    await registry.setVersionTag(name, 1, "score", "0.9");
    expect(clashes).toBe(2);
    expect((await registry.version(name, 1)).tags).toEqual({ score: "0.9" });
  });

  test("a challenger becomes the champion, and rollback goes back step by step", async () => {
    const name = `lmframe-roll ${server.experiment}`;
    for (let count = 0; count < 3; count++) await registered(name);
    const champion = async () => (await registry.version(name, "champion")).version;
    await registry.promote(name, 1);
    await registry.setAlias(name, "challenger", 2);
    expect(await registry.promote(name)).toMatchObject({ version: "2", aliases: ["champion"] });
    await registry.promote(name, 3);
    await registry.promote(name, 3);
    expect(await champion()).toBe("3");
    expect((await registry.rollback(name)).version).toBe("2");
    expect((await registry.rollback(name)).aliases).toEqual(["champion"]);
    expect(await champion()).toBe("1");
    await expect(registry.rollback(name)).rejects.toThrow(/never named another version/);
    expect(await champion()).toBe("1");
  });

  test("rollback passes over versions that were deleted, and says which", async () => {
    const name = `lmframe-gone ${server.experiment}`;
    for (let count = 0; count < 4; count++) await registered(name);
    for (const version of [1, 2, 3, 4]) await registry.promote(name, version);
    for (const version of ["2", "3"]) await deleteVersion(name, version);
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    expect(await registry.rollback(name)).toMatchObject({ version: "1", aliases: ["champion"] });
    expect(warned.mock.lastCall![0]).toMatch(/back to version 1: it named versions 3, 2 since/);
    warned.mockRestore();
    await expect(registry.rollback(name)).rejects.toThrow(/never named another version/);

    await registry.promote(name, 4);
    await deleteVersion(name, "1");
    await expect(registry.rollback(name)).rejects.toThrow(/named version 1 before, now deleted/);
    expect((await registry.version(name, "champion")).version).toBe("4");
  });

  test("names of Unity Catalog, and with quotes, go as they stand", async () => {
    const unity = `catalog.schema.model_${Date.now()}`;
    expect((await registered(unity)).uri).toBe(`models:/${unity}/1`);
    const quoted = `it's ${server.experiment}`;
    await registered(quoted);
    expect((await registry.versions(quoted)).map(({ name }) => name)).toEqual([quoted]);
  });
});
