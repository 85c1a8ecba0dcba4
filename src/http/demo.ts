import { Hono } from "hono";
import type { HttpEnv } from "./env.ts";
import { failures, refuse } from "./errors.ts";

/** The app id that `npm start` uses when none is given; whoever has it is trying Parley out. */
const TRIAL_APP_ID = "parley-dev";

/**
 * `GET /demo/config`: what the page at "/" needs to log in by itself. Only where somebody is trying Parley
 * out; elsewhere it is 404 and the page asks. Never the master key.
 */
export const demo = new Hono<HttpEnv>().get("/demo/config", (context) => {
  const { APP_ID: appId, APP_KEY: appKey, DEMO } = context.env;
  if (appId !== TRIAL_APP_ID && DEMO !== "1") return refuse(context, 404, failures.notFound);
  return context.json({ appId, appKey });
});
