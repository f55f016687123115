import { keepSecret, redact, TrackingError } from "../core/index.ts";
import { ServerAwayError } from "./rest.ts";

/** Where OpenTelemetry traces go that are not for MLflow. */
export interface OtlpEndpoint {
  url: string;
  headers: Record<string, string>;
}

/**
 * The endpoint that OpenTelemetry's environment names, undefined where it names none: `…_TRACES_ENDPOINT` as it
 * stands, `OTEL_EXPORTER_OTLP_ENDPOINT` with `/v1/traces`
 * (https://opentelemetry.io/docs/specs/otel/protocol/exporter/).
 */
export function otlpEndpoint(): OtlpEndpoint | undefined {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole, OTEL_EXPORTER_OTLP_ENDPOINT: base } = process.env;
  const url = whole || (base ? `${base.replace(/\/+$/, "")}/v1/traces` : undefined);
  if (!url) return undefined;
  const { OTEL_EXPORTER_OTLP_HEADERS: all, OTEL_EXPORTER_OTLP_TRACES_HEADERS: own } = process.env;
  return { url, headers: { ...parseHeaders(all), ...parseHeaders(own) } };
}

/** `name=value,name=value`, percent-encoded. */
function parseHeaders(text = ""): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of text.split(",")) {
    const at = pair.indexOf("=");
    if (at <= 0) continue;
    const value = decodeURIComponent(pair.slice(at + 1).trim());
    keepSecret(value);
    headers[pair.slice(0, at).trim()] = value;
  }
  return headers;
}

/**
 * Sends spans in OTLP's protobuf form.
 *
 * @throws ServerAwayError where it should be tried later, TrackingError where they are refused.
 */
export async function sendOtlp({ url, headers }: OtlpEndpoint, spans: Uint8Array): Promise<void> {
  const { default: ky, isHTTPError } = await import("ky");
  const target = new URL(url);
  try {
    await ky.post(target, {
      headers: { ...headers, "content-type": "application/x-protobuf" },
      body: spans as NonNullable<RequestInit["body"]>,
      timeout: 10_000,
      retry: { limit: 2, methods: ["post"], maxRetryAfter: 5000, jitter: true },
    });
  } catch (error) {
    // The error itself holds the request with its headers.
    if (isHTTPError(error)) {
      const { status } = error.response;
      throw new TrackingError(`${redact(target.origin)} refused traces with status ${status}`, { status });
    }
    throw new ServerAwayError(`${redact(target.origin)} cannot be reached`);
  }
}
