import type { RunRecord } from "../../core/index.ts";
import type { Module } from "../../modules/index.ts";
import { mlflow } from "../../tracking/index.ts";
import { runKeyTag } from "../../tracking/run-log.ts";
import type { ImprovementState } from "./improvement-state.ts";

/** Where versions go in MLflow's registry. */
export interface RegistryPlace {
  /** Name of the registered model; in Unity Catalog `catalog.schema.model`. */
  readonly name: string;
  /** File that exports the program or its class; a lone `Predict` or `ChainOfThought` needs none. */
  readonly module?: string | undefined;
  /** Experiment of its runs and models. Default: the one in force. */
  readonly experiment?: string | undefined;
}

type Registered = Pick<ImprovementState, "registered" | "registeredChampion">;

/**
 * What stands in MLflow of a program that improves itself: in the registry its versions, and by aliases what each is;
 * among the runs how each was found, and how it did.
 */
export class ChampionRegistry {
  readonly place: RegistryPlace;

  constructor(place: RegistryPlace) {
    this.place = place;
  }

  /**
   * The version that somebody else made champion in MLflow since {@link mirror}; undefined where nobody did, or where it
   * is none of ours.
   */
  async chosenElsewhere({ registered, registeredChampion }: ImprovementState): Promise<number | undefined> {
    if (registeredChampion === undefined) return undefined;
    const found = (await mlflow.registry.versions(this.place.name)).find(({ aliases }) =>
      aliases.includes("champion"),
    )?.version;
    if (found === undefined || found === registeredChampion) return undefined;
    const ours = Object.entries(registered).find(([, version]) => version === found);
    return ours && Number(ours[0]);
  }

  /**
   * Makes the registry say what `state` says: each version that answers, answered before or wants to is there, as
   * `champion`, `former` and `challenger`. What is there already is left alone, so it can be done again at any time.
   */
  async mirror(
    state: ImprovementState,
    programOf: (version: number) => Promise<Module>,
  ): Promise<Registered> {
    const { name } = this.place;
    const wanted = {
      champion: state.champion,
      former: state.former.at(-1),
      challenger: state.round?.found === true ? state.round.challenger : undefined,
    };
    const registered: Record<string, string> = { ...state.registered };
    for (const number of Object.values(wanted)) {
      if (number === undefined) continue;
      registered[number] ??= await this.#register(number, await programOf(number), state);
    }
    const versions = await mlflow.registry.versions(name);
    for (const [alias, number] of Object.entries(wanted)) {
      const now = versions.find(({ aliases }) => aliases.includes(alias))?.version;
      const version = number === undefined ? undefined : registered[number];
      if (version === now) continue;
      if (version === undefined) await mlflow.registry.removeAlias(name, alias);
      else await mlflow.registry.setAlias(name, alias, version);
    }
    return { registered, registeredChampion: registered[state.champion]! };
  }

  /** Notes on a version how it did against the champion. */
  async note(version: string, key: string, value: unknown): Promise<void> {
    await mlflow.registry.setVersionTag(this.place.name, version, key, JSON.stringify(value));
  }

  /**
   * Logs what was done as a run; where the server is away it waits on disk.
   *
   * @param parent - key of the run it is shown beneath.
   * @returns the run's key.
   */
  async log(record: RunRecord, parent?: string): Promise<string> {
    const { experiment } = this.place;
    const above = parent === undefined ? undefined : { key: parent, runId: undefined };
    return (await mlflow.log(record, { experiment, parent: above })).key;
  }

  /** The server's id of a run; undefined while the run waits on disk. */
  async #runId(key: string): Promise<string | undefined> {
    const { experiment } = this.place;
    const [run] = await mlflow.search({ experiment, filter: `tags.\`${runKeyTag}\` = '${key}'`, limit: 1 });
    return run?.runId;
  }

  async #register(number: number, program: Module, state: ImprovementState): Promise<string> {
    const run = state.runs?.[number];
    const audience = state.audiences?.[number];
    const tags = {
      "lmframe.version": String(number),
      // Whom it may answer: it may show what these groups see.
      ...(audience && { "lmframe.audience": JSON.stringify(audience) }),
    };
    const { name, module, experiment } = this.place;
    const { version } = await mlflow.logModel(program, {
      run: run === undefined ? undefined : await this.#runId(run),
      registeredName: name,
      name: program.constructor.name,
      module,
      experiment,
      tags,
    });
    for (const [key, value] of Object.entries(tags))
      await mlflow.registry.setVersionTag(name, version!.version, key, value);
    return version!.version;
  }
}
