import { redact } from "../core/index.ts";
import type { LocalService, StartOptions } from "./local-service.ts";
import { ensureMlflow, mlflowService } from "./mlflow.ts";
import { ensureModel, modelOfEnvironment } from "./model.ts";

/** What {@link up} starts. */
export interface UpOptions extends StartOptions {
  /** Default true. */
  readonly mlflow?: boolean;
  /** Default true. */
  readonly model?: boolean;
}

/** One service, as {@link status} finds it. */
export interface ServiceStatus {
  readonly name: "mlflow" | "model";
  /**
   * `environment`: an environment variable names it, and it was not asked; `local`: lmframe started it, and it
   * answers; `none`: it does not run.
   */
  readonly source: "environment" | "local" | "none";
  /** Without credentials; undefined where there is none. */
  readonly address?: string;
  readonly pid?: number;
  readonly startedAt?: Date;
  /** The file of what it wrote. */
  readonly log?: string;
}

/** Starts what is not there yet, both at a time, and gives the {@link status} after. */
export async function up(options: UpOptions = {}): Promise<ServiceStatus[]> {
  const { mlflow = true, model = true, ...start } = options;
  await Promise.all([mlflow ? ensureMlflow(start) : undefined, model ? ensureModel(start) : undefined]);
  return status();
}

/** Stops the local services of this project, and gives the names of those that ran. */
export async function down(): Promise<("mlflow" | "model")[]> {
  const { embeddedModelService, stopService } = await machinery();
  const services = [mlflowService, embeddedModelService];
  const ran = await Promise.all(services.map((service) => stopService(service)));
  return services.filter((_, index) => ran[index]).map(({ name }) => name);
}

/** The services this project would use, and where they are. Starts nothing. */
export async function status(): Promise<ServiceStatus[]> {
  const { embeddedModelService } = await machinery();
  return Promise.all([
    statusOf(mlflowService, process.env.MLFLOW_TRACKING_URI, ""),
    statusOf(embeddedModelService, modelOfEnvironment()?.baseURL, "/v1"),
  ]);
}

async function statusOf(
  service: LocalService,
  named: string | undefined,
  path: string,
): Promise<ServiceStatus> {
  const { name } = service;
  if (named) return { name, source: "environment", address: redact(named) };
  const { filesOf, findService } = await machinery();
  const record = await findService(service);
  if (!record) return { name, source: "none" };
  return {
    name,
    source: "local",
    address: `http://127.0.0.1:${record.port}${path}`,
    pid: record.pid,
    startedAt: new Date(record.startedAt),
    log: filesOf(name).log,
  };
}

/** Loaded on use, as in {@link ensureModel}. */
async function machinery() {
  return { ...(await import("./local-service.ts")), ...(await import("./embedded-model.ts")) };
}
