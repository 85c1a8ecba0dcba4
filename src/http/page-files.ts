import type { Context } from "hono";
import type { HttpEnv } from "./env.ts";

/** The demo page's files. No path of the API has such a name. */
export const PAGE_FILE = "/:file{[\\w-]+\\.(?:css|js)}";

/**
 * A static file, from dist/public; a response with 404 if there is none. The Worker decides about every path before:
 * the path must be one that it made or checked, without escapes and dots.
 */
export async function staticFile(
  { env, req }: Context<HttpEnv>,
  path: string,
  headers: Headers = req.raw.headers,
): Promise<Response> {
  // By a host of our own: theirs may be none that the runtime can fetch from. Without `cf`, which a client can send on a
  // single machine, and which need not be JSON.
  const request = new Request(`http://page${path}`, { method: req.method, headers });
  return (await env.ASSETS?.fetch(request)) ?? new Response(null, { status: 404 });
}
