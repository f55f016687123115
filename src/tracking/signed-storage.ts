import { redact, TrackingError } from "../core/index.ts";
import { innermostMessage, retryRule, ServerAwayError } from "./rest.ts";

/** Leave to read or write one file of a cloud's storage, as Databricks gives it (`ArtifactCredentialInfo`). */
export interface SignedAddress {
  /** Holds the signature, and so is a secret while it is valid. */
  signed_uri: string;
  /** `AWS_PRESIGNED_URL`, `GCP_SIGNED_URL`, `AZURE_SAS_URI` or `AZURE_ADLS_GEN2_SAS_URI`. */
  type?: string;
  /** To be sent with the file, and no others: some signatures hold for these headers alone. */
  headers?: { name: string; value: string }[];
}

/** Seconds until storage without an answer counts as failed: files are larger than other requests. */
const timeout = 300;

/**
 * Writes a file to a signed address, in one piece and without the token of the server that gave the address. Data Lake
 * Storage wants two requests: one makes the file, one fills it.
 *
 * @param doing - for error messages: "write the artifact page.html".
 * @throws TrackingError for a kind of storage that it does not know, and where the storage refuses; ServerAwayError where
 * waiting may help.
 */
export async function putSigned(doing: string, to: SignedAddress, content: Uint8Array): Promise<void> {
  switch (to.type) {
    case "AWS_PRESIGNED_URL":
    case "GCP_SIGNED_URL":
      return void (await sendSigned(doing, "put", to, content));
    case "AZURE_SAS_URI":
      // "Put Blob" wants to be told what it makes.
      return void (await sendSigned(doing, "put", { ...to, headers: blockBlob(to) }, content));
    case "AZURE_ADLS_GEN2_SAS_URI": {
      await sendSigned(doing, "put", withQuery(to, "resource=file"));
      if (content.byteLength === 0) return;
      return void (await sendSigned(
        doing,
        "patch",
        withQuery(to, "action=append&position=0&flush=true"),
        content,
      ));
    }
    default:
      throw new TrackingError(
        `could not ${doing}: the server keeps it in storage of an unknown kind, ${JSON.stringify(to.type ?? null)}; ` +
          "known are AWS_PRESIGNED_URL, GCP_SIGNED_URL, AZURE_SAS_URI and AZURE_ADLS_GEN2_SAS_URI",
      );
  }
}

/** One request to a signed address. A string as body would bring a content type that the signature does not hold for. */
export async function sendSigned(
  doing: string,
  method: "get" | "put" | "patch",
  { signed_uri, headers = [] }: SignedAddress,
  content?: Uint8Array,
): Promise<Response> {
  const { default: ky, isHTTPError, isTimeoutError } = await import("ky");
  try {
    return await ky(signed_uri, {
      method,
      headers: headers.map(({ name, value }): [string, string] => [name, value]),
      ...(content !== undefined && { body: content as NonNullable<RequestInit["body"]> }),
      timeout: timeout * 1000,
      retry: retryRule,
    });
  } catch (error) {
    // Neither address nor cause is told: they hold the signature.
    if (!isHTTPError(error)) {
      const reason = isTimeoutError(error) ? `no answer in ${timeout} s` : innermostMessage(error);
      throw new ServerAwayError(`could not ${doing}: its storage cannot be reached (${redact(reason)})`);
    }
    const { status } = error.response;
    const code = /<Code>(\w{1,80})<\/Code>/.exec(String(error.data))?.[1];
    const Failure = status === 408 || status === 429 || status >= 500 ? ServerAwayError : TrackingError;
    throw new Failure(`could not ${doing}: its storage answered ${status}${code ? ` ${code}` : ""}`, {
      status,
    });
  }
}

function blockBlob({ headers = [] }: SignedAddress): { name: string; value: string }[] {
  const others = headers.filter(({ name }) => name.toLowerCase() !== "x-ms-blob-type");
  return [...others, { name: "x-ms-blob-type", value: "BlockBlob" }];
}

/** Adds to the query, and leaves what is there as it stands: it is signed. */
function withQuery(address: SignedAddress, more: string): SignedAddress {
  const { signed_uri } = address;
  return { ...address, signed_uri: `${signed_uri}${signed_uri.includes("?") ? "&" : "?"}${more}` };
}
