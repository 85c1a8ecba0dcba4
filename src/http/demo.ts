import { Hono } from "hono";
import { isTrial } from "../demo-mode.ts";
import type { HttpEnv } from "./env.ts";
import { failures, refuse } from "./errors.ts";

/**
 * `GET /demo/config`: what the page at "/" needs to log in by itself. Only where somebody is trying Parley
 * out; elsewhere it is 404 and the page asks. Never the master key.
 */
export const demoRoutes = new Hono<HttpEnv>().get("/demo/config", (context) => {
  if (!isTrial(context.env)) return refuse(context, 404, failures.notFound);
  const { APP_ID: appId, APP_KEY: appKey } = context.env;
  return context.json({ appId, appKey });
});
