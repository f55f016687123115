import { setVersionTag, version } from "./registry.ts";

/** A run that used a prompt, as the tag of its own holds it. */
interface RunLink {
  experiment: string;
  /** When it was linked, in milliseconds since the epoch. */
  at: number;
}

type Tags = Readonly<Record<string, string>>;

/** Before a run's id: the tag of a prompt's version that holds the run's link, which nobody else writes. */
const ownTag = "lmframe.run.";
/** What MLflow's own tools look into: lists of ids, each in one tag that all write. */
const listTags = { runs: "mlflow.prompt.associatedRunIds", experiments: "_mlflow_experiment_ids" };
/** As many ids as are in a list: 99,000 characters of the 100,000 that MLflow takes. */
const longestList = 3000;

/**
 * Links a run to a version of a prompt. Where several do so at once, none is lost: each link has a tag of its own, and
 * MLflow's lists are made anew of all of them until they hold what there is, or the newest of it that they have room for.
 */
export async function linkRun(
  prompt: { readonly name: string; readonly version: string; readonly tags: Tags },
  { runId, experimentId }: { runId: string; experimentId: string },
): Promise<void> {
  const { name, version: number } = prompt;
  if (prompt.tags[ownTag + runId] === undefined) {
    const link: RunLink = { experiment: experimentId, at: Date.now() };
    await setVersionTag(name, number, ownTag + runId, JSON.stringify(link));
  }
  for (;;) {
    const { tags } = await version(name, number);
    const linked = links(tags);
    const stale = [
      [listTags.runs, linked.map(([id]) => id)] as const,
      [listTags.experiments, linked.map(([, { experiment }]) => experiment)] as const,
    ].flatMap(([key, ids]) => {
      const text = list(tags[key], ids);
      return text === tags[key] ? [] : [[key, text] as const];
    });
    if (stale.length === 0) return;
    for (const [key, text] of stale) await setVersionTag(name, number, key, text);
  }
}

/** Ids of the runs linked to a version, oldest first, from its tags. */
export function linkedRuns(tags: Tags): string[] {
  const own = links(tags).map(([id]) => id);
  return [...onlyListed(tags[listTags.runs], own), ...own];
}

function list(before: string | undefined, ids: readonly string[]): string {
  const older = onlyListed(before, ids);
  const own = [...new Set(ids)];
  return [...older, ...own.slice(Math.max(0, own.length - Math.max(0, longestList - older.length)))].join(
    ",",
  );
}

/** What a list alone has, from before each link had a tag: it stands nowhere else, and so is never cut. */
function onlyListed(text: string | undefined, ids: readonly string[]): string[] {
  const own = new Set(ids);
  return (text ?? "").split(",").filter((id) => id !== "" && !own.has(id));
}

function links(tags: Tags): [string, RunLink][] {
  return Object.entries(tags)
    .filter(([key]) => key.startsWith(ownTag))
    .map(([key, text]): [string, RunLink] => [key.slice(ownTag.length), JSON.parse(text) as RunLink])
    .sort(([a, first], [b, second]) => first.at - second.at || (a < b ? -1 : 1));
}
