/** What stands where a secret stood. */
const mark = "[redacted]";

/** Environment variables that hold a secret, by the end of their name. */
const secretName =
  /(^|_)(API_?KEY|ACCESS_?KEY|SECRET_?KEY|PRIVATE_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$/i;

/** Members of objects that hold a secret whatever it looks like. */
const secretMember =
  /^(authorization|proxy-authorization|cookie|set-cookie|(x-)?api[-_]?key|password|passwd|(client|access)[-_]?secret|(access|refresh|auth|bearer)[-_]?token)$/i;

/** Shorter values are placeholders ("none", "local"), and would blot out ordinary words. */
const shortestSecret = 8;

/**
 * The shapes that issuers give to keys: OpenAI and kin, Databricks, Hugging Face, GitHub, GitLab, AWS, Google,
 * Slack, JSON web tokens, private keys in PEM.
 */
const shapes = new RegExp(
  [
    /\bsk-[\w-]{16,}/,
    /\bdapi[0-9a-f]{32}(?:-\d+)?/,
    /\bhf_[A-Za-z0-9]{20,}/,
    /\bgh[pousr]_[A-Za-z0-9]{20,}/,
    /\bgithub_pat_\w{20,}/,
    /\bglpat-[\w-]{20,}/,
    /\bA(?:KIA|SIA)[0-9A-Z]{16}\b/,
    /\bAIza[\w-]{35}/,
    /\bxox[abeprs]-[\w-]{10,}/,
    /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*/,
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/,
  ]
    .map((shape) => shape.source)
    .join("|"),
  "g",
);

const registered = new Set<string>();

/** Has `secret` taken out of everything that leaves the process. Values under 8 characters are ignored. */
export function keepSecret(secret: string): void {
  if (secret.length >= shortestSecret) registered.add(secret);
}

/** The secrets in force: those of {@link keepSecret} and of the environment, longest first. */
function secrets(): string[] {
  const found = new Set(registered);
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && value.length >= shortestSecret && secretName.test(name)) found.add(value);
  }
  return [...found].sort((a, b) => b.length - a.length);
}

/** Takes secrets out of texts, of plain values, of bytes. Sees the environment as it was when it was made. */
export interface Redactor {
  text(text: string): string;
  /** The value with every string in it redacted, at any depth; members named like a secret go whole. */
  value<T>(value: T): T;
  /** Known secrets are overwritten in place by asterisks, so that a binary file keeps its layout. */
  bytes(bytes: Uint8Array): Uint8Array;
}

/** Makes a {@link Redactor}; make one for each batch of work, for it reads the environment once. */
export function redactor(): Redactor {
  // JSON text holds a secret in its escaped spelling, an address in its percent-encoded one.
  const known = [
    ...new Set(
      secrets().flatMap((secret) => [
        secret,
        JSON.stringify(secret).slice(1, -1),
        encodeURIComponent(Buffer.from(secret).toString()),
      ]),
    ),
  ];
  const exact =
    known.length > 0
      ? new RegExp(known.map((secret) => secret.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g")
      : undefined;

  const text = (original: string): string => {
    let result = exact ? original.replace(exact, mark) : original;
    result = result.replace(shapes, mark);
    // The cheap test first: most texts hold none of these.
    if (/bearer|basic/i.test(result)) {
      result = result.replace(/\b(bearer|basic)\s+(?=[\w.~+/-]*\d)[\w.~+/-]{16,}=*/gi, `$1 ${mark}`);
    }
    if (result.includes("://")) result = result.replace(/(:\/\/)[^\s/?#"'<>]+@/g, `$1${mark}@`);
    if (result.includes("=")) {
      result = result.replace(
        /([?&](?:api[-_]?key|(?:access_)?token|key|secret|password|sig|signature)=)[^&\s#"'<>]+/gi,
        `$1${mark}`,
      );
    }
    return result;
  };

  const value = (original: unknown): unknown => {
    if (typeof original === "string") return text(original);
    if (Array.isArray(original)) return original.map(value);
    if (typeof original !== "object" || original === null) return original;
    const prototype: unknown = Object.getPrototypeOf(original);
    if (prototype !== Object.prototype && prototype !== null) return original;
    return Object.fromEntries(
      Object.entries(original).map(([name, member]) => [
        text(name),
        secretMember.test(name) && typeof member === "string" && member !== "" ? mark : value(member),
      ]),
    );
  };

  const bytes = (original: Uint8Array): Uint8Array => {
    let result = Buffer.from(original.buffer, original.byteOffset, original.byteLength);
    for (const secret of known) {
      for (let at = result.indexOf(secret); at >= 0; at = result.indexOf(secret, at + 1)) {
        if (result.buffer === original.buffer) result = Buffer.from(original);
        result.fill("*", at, at + Buffer.byteLength(secret));
      }
    }
    return result;
  };

  return { text, value: value as Redactor["value"], bytes };
}

/** `text` without keys, tokens, passwords and credentials in addresses. */
export function redact(text: string): string {
  return redactor().text(text);
}
