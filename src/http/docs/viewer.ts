import { Hono } from "hono";
import type { HttpEnv } from "../env.ts";

/** Nothing from elsewhere, nothing inline: the owner may type the master key here. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** `GET /docs`: the API's reference, a viewer of the document. Its HTML is a static asset (page/docs.html). */
export const docsRoutes = new Hono<HttpEnv>().get("/docs", async (context) => {
  const { method, headers } = context.req.raw;
  // By a host of our own: theirs may be none that the runtime can fetch from.
  const page = await context.env.ASSETS?.fetch(new Request("http://page/docs", { method, headers }));
  if (page === undefined) return context.notFound();
  const response = new Response(page.body, page);
  response.headers.set("Content-Security-Policy", POLICY);
  return response;
});
