import type { Env } from "../bindings.ts";
import type { Caller } from "./auth.ts";
import type { BodyRead } from "./body.ts";

/** The environment of the routes: what Hono hands to them as `context.env` and `context.var`. */
export interface HttpEnv {
  Bindings: Env & {
    /** The page at "/"; absent where only the service runs. */
    ASSETS?: Fetcher;
  };
  Variables: {
    /** Who calls, once it was worked out. */
    caller?: Caller;
    /** Most that a request's body may have, in bytes; the default where the operation says nothing. */
    bodyLimit?: number;
    /** The body, once it was read. */
    body?: BodyRead;
  };
}
