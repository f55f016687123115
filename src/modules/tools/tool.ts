import { coerce, Misfit } from "../../adapters/coerce.ts";
import { ConfigurationError, LmframeError, traced } from "../../core/index.ts";
import { Deadline } from "../../lm/deadline.ts";
import type { JsonSchema } from "../../lm/index.ts";
import { type FieldType, fromZod, jsonSchema, type ZodSchema } from "../../signature/index.ts";
import { callSettings, withCallSettings } from "../call-settings.ts";
import { untilAborted } from "./until-aborted.ts";

/** The type of a tool's arguments: an object, with a property for each. */
export type ArgumentsType = Extract<FieldType, { kind: "object" | "zod" }>;

/** What a tool's function takes beside its arguments. */
export interface ToolContext {
  /** Aborts when the caller does, and when the tool's time is up. */
  readonly signal: AbortSignal;
}

/** The arguments of a call of a tool are not what the tool takes. */
export class ToolArgumentsError extends LmframeError {
  override name = "ToolArgumentsError";
}

/** What makes a {@link Tool}. */
export interface ToolDeclaration<A extends object = object> {
  /** Letters, digits, `_` and `-`; at most 64. */
  readonly name: string;
  /** What the tool is good for, for the model that chooses. */
  readonly description: string;
  readonly type: ArgumentsType;
  /** Seconds a call may take. Default 60. */
  readonly maxSeconds?: number | undefined;
  /** Does the work; what it gives or throws is what the model sees. */
  run(args: A, context: ToolContext): unknown;
}

/**
 * Something a model may call: a name, what it is good for, and what it takes. Made by `tool`, `toolsFromFile`,
 * `mcpTools` and `searchTool`.
 */
export class Tool<A extends object = object> {
  readonly name: string;
  readonly description: string;
  /** What it takes, as data. */
  readonly type: ArgumentsType;
  /** What it takes, as JSON schema of one object. */
  readonly parameters: JsonSchema;
  /** Seconds a call may take. */
  readonly maxSeconds: number;
  private readonly declaration: ToolDeclaration<A>;

  /** Throws ConfigurationError for a name that endpoints do not take, or a limit that is no time. */
  constructor(declaration: ToolDeclaration<A>) {
    const { name, description, type, maxSeconds = 60 } = declaration;
    if (!/^[\w-]{1,64}$/.test(name)) {
      throw new ConfigurationError(
        `invalid name of a tool: ${JSON.stringify(name)}; expected 1 to 64 letters, digits, "_" or "-". ` +
          `Name it: tool(function, { name: "search" })`,
      );
    }
    this.name = name;
    this.description = description.trim();
    this.type = type;
    this.parameters = jsonSchema(type);
    this.maxSeconds = checkSeconds(maxSeconds, `maxSeconds of the tool "${name}"`);
    this.declaration = declaration;
  }

  /**
   * Calls the tool. The arguments are first read as the types that are declared, as a reply of a model is: text of
   * JSON may stand for the object, and `"3"` for a 3.
   *
   * Throws ToolArgumentsError, which says what was found and what was expected, before anything runs; what the
   * tool throws; LmframeError where its time is up; and the reason of `signal` (default: the signal of the
   * program's call) once that aborts, even where the tool does not heed it.
   */
  call(
    args: A,
    { signal = callSettings().signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<unknown> {
    return traced("tool", this.name, args, async () => {
      const given = this.read(args);
      signal?.throwIfAborted();
      const deadline = new Deadline(this.maxSeconds, signal);
      try {
        return await untilAborted(this.run(given, deadline.signal), deadline.signal);
      } catch (error) {
        if (!deadline.expired) throw error;
        throw new LmframeError(`the tool "${this.name}" did not end within ${this.maxSeconds} s`, {
          cause: error,
        });
      } finally {
        deadline.end();
      }
    });
  }

  private async run(args: A, signal: AbortSignal): Promise<unknown> {
    // A program or a search that the tool runs ends with it.
    return await withCallSettings({ signal }, () => this.declaration.run(args, { signal }));
  }

  private read(args: unknown): A {
    try {
      return coerce(this.type, args) as A;
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      throw new ToolArgumentsError(
        `the tool "${this.name}" cannot take these arguments: ${error.message}. It takes ${JSON.stringify(this.parameters)}`,
      );
    }
  }
}

/** What `tool` takes beside the function. */
export interface ToolOptions<S extends ZodSchema<object>> {
  /** Default: the name of the function. */
  name?: string | undefined;
  /** What the tool is good for, for the model that chooses. */
  description: string;
  /** A zod object with a property for each argument, best with `.describe()`. Default: none are taken. */
  parameters?: S | undefined;
  /** Seconds a call may take. Default 60. */
  maxSeconds?: number | undefined;
}

/**
 * Makes a tool of a function, which may be async. What it gives is shown to the model: text as it is, anything else
 * as JSON. A function that blocks cannot be stopped; one that takes long should heed `signal`.
 *
 * @example
 * const add = tool(({ a, b }) => a + b, {
 *   name: "add",
 *   description: "Adds two numbers.",
 *   parameters: z.object({ a: z.number(), b: z.number() }),
 * });
 */
export function tool<S extends ZodSchema<object> = ZodSchema<Record<string, never>>>(
  run: (args: S["_zod"]["output"], context: ToolContext) => unknown,
  { name = run.name, description, parameters, maxSeconds }: ToolOptions<S>,
): Tool<S["_zod"]["output"]> {
  const type = parameters ? fromZod(parameters) : ({ kind: "object", fields: [] } as const);
  const isObject = type.kind === "object" || (type.kind === "zod" && type.schema._zod.def.type === "object");
  if (!isObject) {
    throw new ConfigurationError(
      `the parameters of the tool "${name}" are no object: give z.object({ … }) with a property for each argument`,
    );
  }
  return new Tool({ name, description, type, maxSeconds, run });
}

/** `seconds`, where a timer can keep it. */
export function checkSeconds(seconds: number, what: string): number {
  // Beyond 2^31 milliseconds Node's timers fire at once.
  if (seconds > 0 && seconds <= 2_147_483) return seconds;
  throw new ConfigurationError(`invalid ${what}: ${seconds}; expected seconds, over 0 and at most 2147483`);
}
