import { type AnySignature, chooseAdapter, jsonAdapter } from "../adapters/index.ts";
import { viewed } from "../adapters/viewed.ts";
import { ConfigurationError, onUse } from "../core/index.ts";
import { literalOf, Signature, signature } from "../signature/index.ts";
import { callSettings } from "./call-settings.ts";
import { Module } from "./module.ts";
import { Predict, type PredictOptions } from "./predict.ts";
import type { Tool } from "./tools/tool.ts";

/** The tools to choose from: tools, their names, or what each is good for by name. */
export type AvailableTools = readonly (string | Tool)[] | Readonly<Record<string, string>>;

const choice = onUse(() =>
  signature(
    "task, available_tools: dict[str, str] -> reasoning, selected_tool",
    "Choose the one of the available tools that serves the task best. Say why first, then name it.",
  ),
);
const whole = onUse(() =>
  signature("task, available_tools: list[str] | dict[str, str] -> selected_tool, reasoning"),
);

/**
 * Chooses a tool for a task, and says why. The choice is limited in each call to the tools of that call, in the
 * decoding itself where the endpoint can: what comes back is always one of their names. The tool is not called.
 */
export class ToolSelector extends Module {
  static override get signature() {
    return whole();
  }

  readonly select: Predict<ReturnType<typeof choice>>;

  constructor(options: string | Omit<PredictOptions, "adapter"> = {}) {
    super();
    this.select = new Predict(choice(), options);
  }

  /** Throws ConfigurationError where there is no tool to choose from, or two have one name. */
  async forward({
    task,
    available_tools,
  }: {
    task: string;
    available_tools: AvailableTools;
  }): Promise<{ selected_tool: string; reasoning: string }> {
    const tools = described(available_tools);
    const type = literalOf(Object.keys(tools));
    const limited = (signature: AnySignature): AnySignature =>
      new Signature(
        signature.fields.map((field) => (field.name === "selected_tool" ? { ...field, type } : field)),
        signature.instructions,
      );
    const model = this.select.modelFor();
    const adapter = callSettings().adapter ?? (model ? chooseAdapter(model) : jsonAdapter);
    return this.select.call({ task, available_tools: tools }, { adapter: viewed(adapter, limited) });
  }
}

/** What each tool is good for, by name. */
function described(tools: AvailableTools): Record<string, string> {
  const entries = Array.isArray(tools)
    ? (tools as readonly (string | Tool)[]).map((tool) =>
        typeof tool === "string" ? ([tool, ""] as const) : ([tool.name, tool.description] as const),
      )
    : Object.entries(tools as Readonly<Record<string, string>>);
  const names = new Set(entries.map(([name]) => name));
  if (entries.length === 0) throw new ConfigurationError("no tool to choose from: available_tools is empty");
  if (names.size < entries.length) {
    const twice = entries.find(([name], index) => entries.findIndex(([other]) => other === name) < index)![0];
    throw new ConfigurationError(
      `two of the available tools are named "${twice}"; each needs a name of its own`,
    );
  }
  return Object.fromEntries(entries);
}
