import { createMiddleware } from "hono/factory";
import type { HttpEnv } from "./env.ts";
import { failures, refuse } from "./errors.ts";
import { identify } from "./operation.ts";

/** Requires the master key; 401 otherwise. */
export const forTheOwner = createMiddleware<HttpEnv>(async (context, next) => {
  if ((await identify(context)) !== "master") return refuse(context, 401, failures.unauthorized);
  await next();
});
