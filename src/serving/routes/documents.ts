import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, relative, sep } from "node:path";
import type { Hono } from "hono";
import { DataError } from "../../core/index.ts";
import { type Document, readDocuments } from "../../retrieval/index.ts";
import { RequestFailure } from "../failure.ts";
import { type Service, type ServiceContext, type ServiceEnv, work } from "../service.ts";

const mostFiles = 20;

/** Uploads: files of a form's `file` become documents of the groups the caller is of, and of no others. */
export function documents(app: Hono<ServiceEnv>, service: Service): void {
  app.post("/documents", async (context) => {
    const { index } = service;
    const { principal } = context.var.caller;
    if (!index) throw new RequestFailure(404, "this server has no index to put documents into");
    if (!principal) throw new RequestFailure(403, "documents belong to groups, and you are of none here");
    const { files, text } = await uploaded(context);
    const folder = await mkdtemp(join(tmpdir(), "lmframe-upload-"));
    const put = async () => {
      try {
        // Never under the name that was sent: it is no path of this machine.
        const stored = new Map<string, string>();
        for (const [place, file] of files.entries()) {
          const path = join(folder, `${place}${extname(file.name)}`);
          await writeFile(path, new Uint8Array(await file.arrayBuffer()));
          stored.set(relative(process.cwd(), path).split(sep).join("/"), file.name);
        }
        const paths = [...files.keys()].map((place) =>
          join(folder, `${place}${extname(files[place]!.name)}`),
        );
        const read = readDocuments(paths, { text, mostBytes: service.limits.uploadBytes });
        const { failures: _, ...change } = await index.upload(named(read, stored), principal).catch(theirs);
        const failed = read.failed.map(({ file, message }) => ({ file: stored.get(file) ?? file, message }));
        return context.json({ ...change, failed }, failed.length === files.length ? 400 : 200);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    };
    return work(context, service, put, 0);
  });
}

async function uploaded(context: ServiceContext): Promise<{ files: File[]; text: string | undefined }> {
  if (!/^multipart\/form-data\b/i.test(context.req.header("content-type") ?? ""))
    throw new RequestFailure(415, "expected multipart/form-data with one or more files as `file`");
  const form = await context.req.parseBody({ all: true }).catch(() => {
    throw new RequestFailure(400, "malformed request: the form cannot be read");
  });
  const files = [form.file ?? []].flat().filter((value) => value instanceof File);
  if (files.length === 0) throw new RequestFailure(400, "no file was sent; expected one or more as `file`");
  if (files.length > mostFiles)
    throw new RequestFailure(413, `more than ${mostFiles} files were sent at once`);
  for (const { name } of files) checkName(name);
  return { files, text: typeof form.text === "string" && form.text !== "" ? form.text : undefined };
}

/** What is wrong with the documents is wrong with what was sent. */
function theirs(error: unknown): never {
  throw error instanceof DataError ? new RequestFailure(400, error.message, { cause: error }) : error;
}

/** File names become ids and sources, which people read. */
function checkName(name: string): void {
  if (name.length > 200 || /[\p{Cc}\p{Cf}/\\]/u.test(name) || extname(name) === "" || /^\.*$/.test(name))
    throw new RequestFailure(400, `invalid name of a file: ${JSON.stringify(name.slice(0, 80))}`);
}

/** Documents by the names their files were sent under. */
async function* named(
  documents: AsyncIterable<Document>,
  names: ReadonlyMap<string, string>,
): AsyncGenerator<Document> {
  for await (const document of documents) {
    const path = document.source?.file;
    const file = path === undefined ? undefined : names.get(path);
    if (path === undefined || file === undefined) yield document;
    else {
      const id = document.id.startsWith(`${path}#`) ? file + document.id.slice(path.length) : document.id;
      yield { ...document, id, source: { ...document.source, file } };
    }
  }
}
