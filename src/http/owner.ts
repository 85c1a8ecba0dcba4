import { createMiddleware } from "hono/factory";
import { callerOf } from "./auth.ts";
import type { HttpEnv } from "./env.ts";
import { failures, refuse } from "./errors.ts";

/** Lets only the holder of the master key pass; 401 for everybody else. */
export const forTheOwner = createMiddleware<HttpEnv>(async (context, next) => {
  if ((await callerOf(context.req.raw, context.env)) !== "master") {
    return refuse(context, 401, failures.unauthorized);
  }
  await next();
});
