import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** One document. */
export interface Page {
  /** Path from the root. */
  path: string;
  text: string;
  /**
   * Its `ts` blocks as one program, each line where it stands in the page, so that an error's line is the page's;
   * undefined where it has none.
   */
  program: string | undefined;
  /** The commands of its `sh` blocks, without comments. */
  commands: string[];
}

/** README, the other documents at the root, and all below docs/. */
export function pages(): Page[] {
  const paths = [...globSync("*.md", { cwd: root }), ...globSync("docs/**/*.md", { cwd: root })];
  return paths.filter((path) => !path.startsWith(join("docs", "api"))).map(readPage);
}

function readPage(path: string): Page {
  const text = readFileSync(join(root, path), "utf8");
  const program: string[] = [];
  const commands: string[] = [];
  let language: string | undefined;
  for (const line of text.split("\n")) {
    const fence = /^```(\w*)$/.exec(line);
    if (fence) language = language === undefined ? fence[1] : undefined;
    program.push(!fence && language === "ts" ? line : "");
    if (!fence && language === "sh") commands.push(line.replace(/\s+#.*$/, ""));
  }
  return {
    path,
    text,
    program: program.some((line) => line !== "") ? program.join("\n") : undefined,
    commands: commands.filter((line) => line !== ""),
  };
}
