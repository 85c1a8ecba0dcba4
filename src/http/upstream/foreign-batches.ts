import { createMiddleware } from "hono/factory";
import { isObject, type Json } from "../../model/json.ts";
import { READ_BEFORE_PASSING } from "../../request-bounds.ts";
import { settingsOf } from "../../settings/store.ts";
import { destinationOf } from "../../upstream/destination.ts";
import { lengthIn } from "../../upstream/exchange.ts";
import { credentialsInHeaders } from "../auth.ts";
import { readJson } from "../body.ts";
import type { HttpEnv } from "../env.ts";
import { INVALID_FIELD, refuse } from "../errors.ts";
import { routePath } from "../route-path.ts";
import { passOn } from "./pass-through.ts";

/** A batch with more parts passes unread, since none for Parley may be so long. */
const PARTS_LOOKED_AT = 1_000;

const mixed = {
  code: INVALID_FIELD,
  error:
    "requests: some are for what Parley keeps, others for the upstream; send them in batches of their own",
};

/**
 * Passes a batch on whose parts are all for the upstream; the next handler gets those whose parts are all for what is
 * kept here. A batch that is too long to be read passes unread: SDKs send many objects so, and installations alone.
 */
export const passForeignBatches = createMiddleware<HttpEnv>(async (context, next) => {
  const settings = await settingsOf(context.env).get();
  const { url } = settings.upstream;
  const { headers } = context.req.raw;
  if (url === null || credentialsInHeaders(headers)?.appId !== context.env.APP_ID) return next();
  if ((lengthIn(headers) ?? 0) > READ_BEFORE_PASSING) return passOn(context, url, settings);
  context.set("bodyLimit", READ_BEFORE_PASSING);
  const body = await readJson(context);
  if ("failure" in body) return next();
  const paths = pathsIn(body.value);
  if (paths.length > PARTS_LOOKED_AT) return passOn(context, url, settings, body.bytes);
  const foreign = paths.filter((path) => destinationOf(pathOf(path), settings).to === "upstream");
  if (foreign.length === 0) return next();
  if (foreign.length < paths.length) return refuse(context, 400, mixed);
  return passOn(context, url, settings, body.bytes);
});

/** The paths of a batch's parts as they are written; none if it is malformed. */
function pathsIn(body: Json | undefined): string[] {
  const parts = isObject(body) && Array.isArray(body.requests) ? body.requests : [];
  return parts.map((part) => (isObject(part) && typeof part.path === "string" ? part.path : ""));
}

/** The path of a part, which may be a whole URL, or without a version. */
function pathOf(written: string): string {
  const path = routePath(written.replace(/^https?:\/\/[^/]*/, "").replace(/[?#].*$/s, ""));
  return /^\/1(?:\.\d)?\//.test(path) ? path : `/1.1/${path.replace(/^\//, "")}`;
}
