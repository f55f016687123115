import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Module, Predict, signature } from "../../../src/index.ts";

const folder = process.env.LMFRAME_TEST_FOLDER;
let begun = false;

/** A program that falls dead, once in all, where it meets a row that says so. Each process notes its first row. */
export default class Upper extends Module {
  static override signature = signature("text -> answer, length: int");
  step = new Predict("text -> answer, length: int");

  async forward({ text }: { text: string }) {
    if (folder && !begun) appendFileSync(join(folder, "workers"), `${process.pid}\n`);
    begun = true;
    if (folder && text.includes("kill")) {
      const mark = join(folder, "killed");
      if (!existsSync(mark)) {
        writeFileSync(mark, "");
        process.kill(process.pid, "SIGKILL");
      }
    }
    return this.step.call({ text });
  }
}
