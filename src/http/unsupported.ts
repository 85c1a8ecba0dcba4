import { Hono } from "hono";
import type { HttpEnv } from "./env.ts";
import { refuse } from "./errors.ts";

/** The parts of the hosted service that Parley does not serve. A 404 without a reason would look like a wrong address. */
const parts: Record<string, string[]> = {
  "Subscriptions of version 1.1 are": ["subscription", "subscribed", "subscribers"].map(
    (name) => `/1.1/rtm/conversation/${name}`,
  ),
  "Broadcasts are": ["/1.2/rtm/broadcasts", "/1.1/rtm/broadcast"],
};

export const unsupportedRoutes = new Hono<HttpEnv>();

for (const [part, paths] of Object.entries(parts)) {
  for (const path of paths) {
    // With everything below it; Hono takes the bare path for that as well.
    unsupportedRoutes.all(`${path}/*`, (context) =>
      refuse(context, 404, { code: 404, error: `${part} not served by Parley.` }),
    );
  }
}
