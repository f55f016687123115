export {
  embedderPool,
  type EmbedderPool,
  type EmbedderPoolMember,
  type EmbedderPoolOptions,
} from "./embedder-pool.ts";
export { type LMPool, type LMPoolMember, type LMPoolOptions, pool } from "./lm-pool.ts";
export { type MemberOptions, type MemberState } from "./member.ts";
