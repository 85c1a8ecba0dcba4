import type { Env } from "../env.ts";

/** The environment of the routes: what Hono hands to them as `context.env`. */
export interface HttpEnv {
  Bindings: Env & {
    /** The page at "/"; absent where only the service runs. */
    ASSETS?: Fetcher;
  };
}
