import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { ConfigurationError, keepSecret } from "../core/index.ts";
import type { Principal } from "../modules/index.ts";
import { withLock } from "../services/lock.ts";
import { makeFolderOf, ownFile } from "./own-file.ts";

/** What is known of a token. The token itself is nowhere: only its digest is kept. */
export interface TokenRecord {
  /** Names the token, and is its first part; no secret. */
  readonly id: string;
  /** On whose behalf its holder is answered. */
  readonly principal: Principal;
  /** True: its holder may see figures of all callers at `/monitor` and `/metrics`. */
  readonly operator: boolean;
  /** ISO 8601. */
  readonly createdAt: string;
  /** From then on the token is worth nothing. */
  readonly expiresAt?: string | undefined;
  readonly revokedAt?: string | undefined;
}

/** Whom a new token is for. */
export interface TokenGrant {
  readonly principal: Principal;
  /** Default false. */
  readonly operator?: boolean | undefined;
  /** Default: never. */
  readonly expiresAt?: Date | undefined;
}

interface StoredToken extends TokenRecord {
  /** SHA-256 of the whole token, hexadecimal. A token has 256 random bits, which no dictionary holds. */
  readonly digest: string;
}

interface Kept {
  readonly stamp: string;
  readonly tokens: ReadonlyMap<string, StoredToken>;
}

const tokenForm = /^lmf_([0-9a-f]{12})_[\w-]{43}$/;
const nothing: Kept = { stamp: "", tokens: new Map() };

/**
 * The tokens of those who may call a served program, in a file for this user alone. A token maps to a
 * {@link Principal}; what is added or revoked holds from the next request on, also in a server that runs.
 *
 * ```ts
 * const tokens = new TokenStore();
 * const token = await tokens.add({ principal: { id: "ana", groups: ["mechanics"] } }); // shown once
 * await serve(program, { tokens });
 * ```
 */
export class TokenStore {
  readonly #file: string;
  #kept = nothing;

  /** @param file - default: `serving/tokens.json` in the project's `.lmframe`. */
  constructor(file: string = ownFile("tokens.json")) {
    this.#file = file;
  }

  /** Makes a token. It is given here and never again. Throws ConfigurationError for a principal without a group. */
  async add({ principal, operator = false, expiresAt }: TokenGrant): Promise<string> {
    const { id: who, groups } = principal;
    if (who.trim() === "" || groups.length === 0 || groups.some((group) => group.trim() === "")) {
      throw new ConfigurationError("a token is for somebody of at least one group, each with a name");
    }
    if (expiresAt && Number.isNaN(expiresAt.getTime()))
      throw new ConfigurationError("invalid date at which a token expires; expected one such as 2026-12-31");
    const id = randomBytes(6).toString("hex");
    const token = `lmf_${id}_${randomBytes(32).toString("base64url")}`;
    const record: StoredToken = {
      id,
      principal: { id: who, groups: [...groups] },
      operator,
      createdAt: new Date().toISOString(),
      ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
      digest: digestOf(token).toString("hex"),
    };
    await this.#change((tokens) => [...tokens, record]);
    return token;
  }

  /** All tokens there were, oldest first. */
  async list(): Promise<TokenRecord[]> {
    const { tokens } = await this.#read();
    return [...tokens.values()].map(({ digest: _, ...record }) => record);
  }

  /** Has a token worth nothing from now on. Throws ConfigurationError where none has that id. */
  async revoke(id: string): Promise<void> {
    await this.#change((tokens) => {
      if (!tokens.some((token) => token.id === id))
        throw new ConfigurationError(
          `there is no token "${id}"; \`lmframe tokens list\` shows those there are`,
        );
      const revokedAt = new Date().toISOString();
      return tokens.map((token) => (token.id === id ? { revokedAt, ...token } : token));
    });
  }

  /** What a token that holds now is for; undefined for any other text. */
  async find(token: string): Promise<TokenRecord | undefined> {
    const id = tokenForm.exec(token)?.[1];
    if (id === undefined) return undefined;
    const { tokens } = await this.#read();
    const stored = tokens.get(id);
    // An id nobody has costs the same comparison as a wrong secret.
    const expected = Buffer.from(stored?.digest ?? "0".repeat(64), "hex");
    if (!timingSafeEqual(digestOf(token), expected) || !stored || !holds(stored)) return undefined;
    keepSecret(token);
    const { digest: _, ...record } = stored;
    return record;
  }

  /** The tokens as the file holds them now; it is read again only where it was replaced. */
  async #read(): Promise<Kept> {
    const stamp = await stampOf(this.#file);
    if (stamp === undefined) return nothing;
    if (stamp !== this.#kept.stamp) {
      const tokens = JSON.parse(await readFile(this.#file, "utf8")) as StoredToken[];
      this.#kept = { stamp, tokens: new Map(tokens.map((token) => [token.id, token])) };
    }
    return this.#kept;
  }

  async #change(edit: (tokens: readonly StoredToken[]) => readonly StoredToken[]): Promise<void> {
    await makeFolderOf(this.#file);
    await withLock(`${this.#file}.lock`, async () => {
      const { tokens } = await this.#read();
      const aside = `${this.#file}.${process.pid}`;
      await writeFile(aside, JSON.stringify(edit([...tokens.values()]), null, 2), { mode: 0o600 });
      await rename(aside, this.#file);
    });
  }
}

/** Changes with each replacement of the file; undefined where there is none. */
async function stampOf(file: string): Promise<string | undefined> {
  try {
    const { ino, mtimeNs, size } = await stat(file, { bigint: true });
    return `${ino} ${mtimeNs} ${size}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function holds({ expiresAt, revokedAt }: TokenRecord): boolean {
  return revokedAt === undefined && (expiresAt === undefined || Date.parse(expiresAt) > Date.now());
}
