import { Module, Predict, signature } from "lmframe";
import { urgent } from "./urgent.ts";

/** Two steps, a helper in another file, and outputs of several types. */
export class Triage extends Module {
  static override signature = signature(
    "inquiry, tags: Optional[list[str]], history: Optional[int] -> sentiment: Literal['bad', 'good'], category, escalate: bool, tokens: list[str], process: int",
  );
  sentiment = new Predict("inquiry -> sentiment: Literal['bad', 'good']");
  category = new Predict("inquiry, sentiment -> category");

  async forward({
    inquiry,
    tags,
    history,
  }: {
    inquiry: string;
    tags?: string[] | null;
    history?: number | null;
  }) {
    console.log("a program may print", inquiry);
    if (inquiry === "crash") process.kill(process.pid, "SIGKILL");
    if (inquiry === "throw") throw new RangeError("cannot triage this one");
    const { sentiment } = await this.sentiment.call({ inquiry });
    const { category } = await this.category.call({ inquiry, sentiment });
    return {
      sentiment,
      category,
      escalate: urgent(inquiry) || (history ?? 0) > 2,
      tokens: [...(tags ?? []), category],
      process: process.pid,
    };
  }
}
