import createClient from "openapi-fetch";
import { pathPart } from "../ui/path.ts";
import { ApiError, errorOf } from "./api-error.ts";
import type { paths } from "./generated/paths.d.ts";
import { sessionEnded } from "./session.ts";

/** Without it, the server does not look at the cookie: a page of another site cannot send it. */
export const CONSOLE_HEADER = { "X-Parley-Console": "1" };

const client = createClient<paths>({
  baseUrl: location.origin,
  headers: CONSOLE_HEADER,
  // All parameters of paths are ids or names.
  pathSerializer: (path, values) =>
    path.replace(/\{(\w+)\}/g, (_, name: string) => pathPart(String(values[name] ?? ""))),
});

/** Every operation of the API, typed by /openapi.json. Paths and parameters complete themselves in the editor. */
export const { GET: get, POST: post, PUT: put, PATCH: patch, DELETE: remove } = client;

/** The promise of one of the above. */
interface Reply<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/**
 * What a request answers:
 *
 *     const { results } = await answer(get("/admin/bans", { params: { query: { limit: 100 } } }));
 *
 * Throws an `ApiError` for everything else. At 401 the viewer is asked to sign in again, over the page.
 */
export async function answer<Data>(request: Promise<Reply<Data>>): Promise<Data> {
  return (await answerWith(request)).data;
}

/** The same with the headers: `ETag`, `Retry-After`. */
export async function answerWith<Data>(
  request: Promise<Reply<Data>>,
): Promise<{ data: Data; headers: Headers }> {
  const { data, error, response } = await request.catch((reason: unknown) => {
    if (reason instanceof DOMException && reason.name === "AbortError") throw reason;
    throw new ApiError("The server does not answer. Is it running, and are you online?", { status: 0 });
  });
  if (response.status === 401) sessionEnded();
  if (!response.ok || data === undefined) throw errorOf(response, error);
  return { data, headers: response.headers };
}

/** Waits for a change that answers with nothing (204). Throws an `ApiError` if it was refused. */
export async function done(request: Promise<Reply<unknown>>): Promise<void> {
  await answerWith(request.then((reply) => (reply.response.ok ? { ...reply, data: null } : reply)));
}
