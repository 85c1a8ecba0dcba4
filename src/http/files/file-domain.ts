import type { Env } from "../../bindings.ts";
import { fileHosts } from "../../files/file-hosts.ts";
import type { Settings } from "../../settings/schema.ts";
import { settingsOf } from "../../settings/store.ts";
import { failures } from "../errors.ts";
import { CallFailed } from "../object-call.ts";
import { hostOf } from "../web-page.ts";
import { serveFile } from "./serve-file.ts";

/** What pages of any origin may send for a file, and read of the answer. */
export const FILE_HEADERS_ALLOWED = ["Range", "If-Range", "If-None-Match", "If-Modified-Since"];
export const FILE_HEADERS_EXPOSED = [
  "Accept-Ranges",
  "Content-Disposition",
  "Content-Length",
  "Content-Range",
  "ETag",
];

const cors = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": FILE_HEADERS_EXPOSED.join(","),
};

const preflight = {
  ...cors,
  "Access-Control-Allow-Methods": "GET,HEAD",
  "Access-Control-Allow-Headers": FILE_HEADERS_ALLOWED.join(","),
  "Access-Control-Max-Age": "86400",
};

const refusalHeaders = {
  ...cors,
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
};

/** For load balancers, which know a machine and not what it is called. */
const HEALTH = "/healthz";

/**
 * The answer to a request for the files' own domain, where every path is a key and there is nothing else; undefined on
 * any other host.
 */
export async function onFileDomain(
  request: Request,
  env: Env,
  context: ExecutionContext,
): Promise<Response | undefined> {
  const { pathname } = new URL(request.url);
  if (pathname === HEALTH) return undefined;
  const { files } = await settingsAtHand(env, context);
  if (!isFileHost(request, files)) return undefined;
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: preflight });
  if (request.method !== "GET" && request.method !== "HEAD")
    return Response.json(
      { code: 405, error: "There are only files here." },
      { status: 405, headers: { ...refusalHeaders, Allow: "GET, HEAD, OPTIONS" } },
    );
  try {
    const served = await serveFile(request, env, pathname.slice(1));
    if (served === "too many requests")
      return Response.json(failures.tooManyRequests, {
        status: 429,
        headers: { ...refusalHeaders, "Retry-After": "60" },
      });
    if (served === "no such file")
      return Response.json(failures.notFound, { status: 404, headers: refusalHeaders });
    for (const [name, value] of Object.entries(cors)) served.headers.set(name, value);
    return served;
  } catch (error) {
    const isKnown = error instanceof CallFailed;
    console.error(`${request.method} of a file:`, isKnown ? error.message : error);
    const [status, failure] = isKnown ? [error.status, error.failure] : [500, failures.internal];
    return Response.json(failure, { status, headers: refusalHeaders });
  }
}

/** Whether a request names a host that has files and nothing else. */
export function isFileHost(request: Request, files: Parameters<typeof fileHosts>[0]): boolean {
  const hosts = fileHosts(files);
  return (
    hosts.length > 0 &&
    hosts.includes(hostOf(request, new URL(request.url).protocol).replace(/\.(?=:|$)/, ""))
  );
}

/** Once they are known, no request waits for them: a slow D1 holds up nothing that does not need it. */
async function settingsAtHand(env: Env, context: ExecutionContext): Promise<Settings> {
  const settings = settingsOf(env);
  if (!settings.isKnown) return settings.get();
  if (settings.peek() === undefined) context.waitUntil(settings.get());
  return settings.last;
}
