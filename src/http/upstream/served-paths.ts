import type { Hono } from "hono";
import type { HttpEnv } from "../env.ts";
import { refuse } from "../errors.ts";
import { descriptionOf } from "../operation.ts";

/** The paths of the API that routes serve, each with the methods. */
export function servedPaths(app: Hono<HttpEnv>): Map<string, Set<string>> {
  const paths = new Map<string, Set<string>>();
  for (const { path, method, handler } of app.routes) {
    const described = descriptionOf(handler);
    if (described === undefined || !("operation" in described) || !/^\/1(?:\.\d)?\//.test(path)) continue;
    paths.set(path, (paths.get(path) ?? new Set()).add(method));
  }
  return paths;
}

/**
 * Refuses the other methods of every path that the routes so far serve: what is kept here is not asked for elsewhere. To
 * be called after those routes.
 */
export function refuseOtherMethods(app: Hono<HttpEnv>): void {
  for (const [path, methods] of servedPaths(app)) {
    app.all(path, async (context, next) => {
      const { method } = context.req;
      if (methods.has(method === "HEAD" ? "GET" : method)) return next();
      context.header("Allow", [...methods].join(", "));
      return refuse(context, 405, { code: 405, error: `${method} is not served for this path: see /docs.` });
    });
  }
}
