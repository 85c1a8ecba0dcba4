import { Hono } from "hono";
import { isTrial } from "../demo-mode.ts";
import { isConsoleOn } from "./console/console-session.ts";
import type { HttpEnv } from "./env.ts";
import { failures, refuse } from "./errors.ts";

/**
 * `GET /demo/config`: the configuration with which the page at "/" logs in by itself. It is served only on a trial
 * server; elsewhere it is 404 and the page shows a form. It never contains the master key. `console` says whether there is one at /console.
 */
export const demoRoutes = new Hono<HttpEnv>().get("/demo/config", async (context) => {
  if (!isTrial(context.env)) return refuse(context, 404, failures.notFound);
  const { APP_ID: appId, APP_KEY: appKey } = context.env;
  return context.json({ appId, appKey, console: await isConsoleOn(context) });
});
