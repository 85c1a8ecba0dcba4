import type { ContentfulStatusCode } from "../../node_modules/hono/dist/types/utils/http-status.d.ts";
import type { Env } from "../bindings.ts";
import type { ConsoleSession } from "../console/session-token.ts";
import type { Json } from "../model/json.ts";
import type { Caller, Credentials } from "./auth.ts";
import type { ErrorBody } from "./errors.ts";

/** The environment of the routes: `context.env` and `context.var`. */
export interface HttpEnv {
  Bindings: Env & {
    /** The page at "/"; absent if only the service runs. */
    ASSETS?: Fetcher;
  };
  Variables: {
    /** The caller, once it is known. */
    caller?: Caller;
    /** The session of the console, if it made the request. */
    consoleSession?: ConsoleSession;
    /** What a request changed, for the audit log; its body otherwise. */
    change?: { before?: Json | undefined; after?: Json | undefined };
    /** The largest body in bytes; a default applies if the operation sets none. */
    bodyLimit?: number;
    /** The body, once it was read. */
    body?: BodyRead;
  };
}

export type BodyRead =
  | {
      /** As it came. */
      bytes: Uint8Array;
      /** Undefined without a body. */
      value: Json | undefined;
      /** The same with its numbers as they were written, for values that are passed on. */
      written(): Json | undefined;
      /** Only in the bodies of very old browsers. */
      credentials: Credentials | undefined;
    }
  | BodyRefused;

export interface BodyRefused {
  status: ContentfulStatusCode;
  failure: ErrorBody;
}
