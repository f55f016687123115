import { capture } from "./run.mjs";

/** The oldest Java that Spark 4 runs on. */
const oldest = 17;

/** Why Spark cannot run on the Java of this machine; undefined where it can. */
export async function noJava() {
  const { code, output } = await capture("java", ["-version"]);
  return code === 0 ? wrongJava(output) : `no Java on the PATH; Spark needs Java ${oldest} or later`;
}

/** Why Spark cannot run on a Java, by what that says to `-version`; undefined where it can. */
export function wrongJava(said) {
  // Before 9 a version was `1.8.0_412`; early builds are `25-ea`.
  const version = /version "([^"]+)"/.exec(said)?.[1];
  const major = Number(/^(?:1\.)?(\d+)/.exec(version ?? "")?.[1]);
  if (major >= oldest) return undefined;
  const found = version === undefined ? "a Java of unknown version" : `Java ${version}`;
  return `${found} on the PATH; Spark needs Java ${oldest} or later`;
}
