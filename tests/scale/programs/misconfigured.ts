import { ConfigurationError, Module, signature } from "../../../src/index.ts";

/** A program that finds, on its first row, that it lacks something. */
export default class Misconfigured extends Module {
  static override signature = signature("text -> answer");

  async forward(): Promise<{ answer: string }> {
    throw new ConfigurationError("the vault's address is not set");
  }
}
