import { redact } from "../../../core/index.ts";
import type { Finding, SecurityCheck } from "./check.ts";

/** `password: Tr0ub4dor` and the like: a name, and a value with a digit in it. */
const named =
  /\b(?:password|passwd|passphrase|pwd|pin|secret|api[ _-]?key|access[ _-]?(?:key|token)|passwort|kennwort|mot de passe|contraseña|senha)\b\s*(?:is|ist|est|es|=|:)\s*["'`]?(?=\S{0,40}\d)[^\s"'`,;]{4,}/iu;

/** Finds keys and tokens in the shapes that issuers give them, those of this process, and passwords by their name. */
export class SecretCheck implements SecurityCheck {
  readonly name = "secrets";

  /** {@inheritDoc SecurityCheck.find} */
  find(text: string): readonly Finding[] {
    return redact(text) !== text || named.test(text)
      ? [{ kind: "secret", rule: "holds a key or a password" }]
      : [];
  }
}
