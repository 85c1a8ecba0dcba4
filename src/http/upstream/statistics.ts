import { Hono } from "hono";
import type { HttpEnv } from "../env.ts";

/** What old Android and Objective-C SDKs report about themselves, and how they ask what to report. */
const PATHS = ["always_collect", "stats/*", "statistics/*"];

/**
 * The statistics of old SDKs, which no service takes any more. They are answered with nothing, so that devices do not
 * repeat them. The body is not read.
 */
export const statisticsRoutes = new Hono<HttpEnv>();

for (const version of ["1", "1.1"]) {
  for (const path of PATHS) statisticsRoutes.all(`/${version}/${path}`, (context) => context.json({}));
}
