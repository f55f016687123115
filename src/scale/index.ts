export {
  embedderPool,
  type EmbedderPool,
  type EmbedderPoolMember,
  type EmbedderPoolOptions,
  type LMPool,
  type LMPoolMember,
  type LMPoolOptions,
  type MemberOptions,
  type MemberState,
  pool,
} from "./pool/index.ts";
