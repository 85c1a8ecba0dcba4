import { createMiddleware } from "hono/factory";
import type { HttpEnv } from "./env.ts";
import { failures, refuse } from "./errors.ts";
import { identify } from "./operation.ts";

/** Lets only the holder of the master key pass; 401 for everybody else. */
export const forTheOwner = createMiddleware<HttpEnv>(async (context, next) => {
  if ((await identify(context)) !== "master") return refuse(context, 401, failures.unauthorized);
  await next();
});
