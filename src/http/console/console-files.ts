import { type Context, Hono } from "hono";
import type { HttpEnv } from "../env.ts";
import { failures, refuse } from "../errors.ts";
import { staticFile } from "../page-files.ts";
import { consoleSession, isConsoleOn, keepSignedIn } from "./console-session.ts";

/** A file's name has a hash of its content: what a browser has once, it has for good. */
const FOREVER = "private, max-age=31536000, immutable";

/** Nothing is loaded from elsewhere, nothing is inline, and no other page shows the console in a frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join("; ");

const HEADERS = {
  "Content-Security-Policy": POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

const FILE = ":file{[\\w-]+(?:\\.[\\w-]+)*\\.(?:js|css|svg|png|webp|ico|woff2|json)}";

/**
 * The console: without a session only the page to sign in, at whatever address it is asked for, so that a person who
 * signs in is where they wanted to be. Its answer is 401, like that of every other file.
 */
export const consoleFileRoutes = new Hono<HttpEnv>()
  .use("/console/*", async (context, next) => {
    if (!(await isConsoleOn(context))) return refuse(context, 404, failures.notFound);
    await next();
  })
  .get(`/console/sign-in/${FILE}`, (context) =>
    fileOf(context, `/console/sign-in/${context.req.param("file")}`),
  )
  .get(`/console/assets/${FILE}`, async (context) => {
    if ((await consoleSession(context)) === undefined) return refuse(context, 401, failures.unauthorized);
    return fileOf(context, `/console/assets/${context.req.param("file")}`);
  })
  .get("/console/assets/*", (context) => refuse(context, 404, failures.notFound))
  .get("/console/*", async (context) => {
    const session = await consoleSession(context);
    if (session === undefined) return pageOf(context, "/console/sign-in", 401);
    await keepSignedIn(context, session);
    return pageOf(context, "/console/", 200);
  });

/** A page; what it shows depends on the cookie, so nothing keeps it. */
async function pageOf(context: Context<HttpEnv>, path: string, status: 200 | 401): Promise<Response> {
  const file = await staticFile(context, path, new Headers());
  if (file.status !== 200) return notBuilt(context);
  return answered(context, file, status, "no-store");
}

async function fileOf(context: Context<HttpEnv>, path: string): Promise<Response> {
  const headers = new Headers();
  const known = context.req.header("If-None-Match");
  if (known !== undefined) headers.set("If-None-Match", known);
  const file = await staticFile(context, path, headers);
  if (file.status === 200 || file.status === 304) return answered(context, file, file.status, FOREVER);
  return refuse(context, 404, failures.notFound);
}

function answered(
  context: Context<HttpEnv>,
  file: Response,
  status: 200 | 304 | 401,
  caching: string,
): Response {
  const headers = new Headers(HEADERS);
  headers.set("Cache-Control", caching);
  headers.set("Vary", "Cookie, Accept-Encoding");
  const type = file.headers.get("Content-Type");
  if (type !== null) headers.set("Content-Type", type);
  const tag = file.headers.get("ETag");
  // Weak, since the bytes differ with the compression.
  if (tag !== null && caching === FOREVER) headers.set("ETag", tag.startsWith("W/") ? tag : `W/${tag}`);
  if (status !== 304 && isCompressedHere(context, type)) headers.set("Content-Encoding", "gzip");
  for (const cookie of context.res.headers.getSetCookie()) headers.append("Set-Cookie", cookie);
  return new Response(file.body, { status, headers });
}

/** On a single machine nothing else compresses; the runtime does it where the header says so. */
function isCompressedHere({ env, req }: Context<HttpEnv>, type: string | null): boolean {
  const accepted = /(?:^|[\s,])gzip(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(
    req.header("Accept-Encoding") ?? "",
  );
  return (
    env.SINGLE_MACHINE === "1" && accepted && /^(?:text\/|application\/json|image\/svg)/.test(type ?? "")
  );
}

function notBuilt(context: Context<HttpEnv>): Response {
  return refuse(context, 404, { code: 404, error: "The console was not built: see CONTRIBUTING.md." });
}
