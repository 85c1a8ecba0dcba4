import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { frontOf, senderOf } from "../../gateway/address.ts";
import { networkOf } from "../../gateway/limits/network.ts";
import { logOncePerMinute } from "../../log-once-per-minute.ts";
import { outboundOf } from "../../outbound/http-client.ts";
import { PASSED_LONGEST, READ_BEFORE_PASSING } from "../../request-bounds.ts";
import type { Settings } from "../../settings/schema.ts";
import { settingsOf } from "../../settings/store.ts";
import { destinationOf } from "../../upstream/destination.ts";
import { Exchange, type ExchangeFailure, lengthIn } from "../../upstream/exchange.ts";
import { headersToUpstream, PASSED } from "../../upstream/passed-headers.ts";
import { requestsInFlight } from "../../upstream/requests-in-flight.ts";
import { credentialsInHeaders } from "../auth.ts";
import { readJson } from "../body.ts";
import type { HttpEnv } from "../env.ts";
import { failures, refuse } from "../errors.ts";
import { identify, tooManyRequests } from "../operation.ts";
import { isSecure } from "../own-address.ts";
import { isWithinRate } from "../request-rate.ts";
import { logPassedRequest } from "./request-log.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** The last route: passes on what no other route serves, or says why it does not. */
export async function passThrough(context: Context<HttpEnv>): Promise<Response> {
  const settings = await settingsOf(context.env).get();
  const destination = destinationOf(context.req.path, settings);
  switch (destination.to) {
    case "nowhere":
      return context.notFound();
    case "nobody":
      return refuse(context, 404, { code: 404, error: destination.reason });
    case "upstream":
      return passOn(context, destination.base, settings);
  }
}

/** The body of a request that is to be passed on: still to come, or read before. */
type Body = ReadableStream<Uint8Array> | Uint8Array | null;

/**
 * Passes a request on to the address `base` and its answer back. The request has to name this app. Its key is the
 * upstream's to judge: it knows keys that do not exist here, such as Android's own.
 *
 * @param read the body, if it was read already
 */
export async function passOn(
  context: Context<HttpEnv>,
  base: string,
  settings: Settings,
  read?: Uint8Array,
): Promise<Response> {
  const { env } = context;
  const { method, headers, url } = context.req.raw;
  if (!METHODS.includes(method))
    return refuse(context, 405, { code: 405, error: `${method} is not passed on.` });
  if (headers.has(PASSED)) return refuse(context, 508, loop);
  const named = await bodyNamingApp(context, read);
  if ("refusal" in named) return named.refusal;
  const { address, countedAs } = senderOf(headers, frontOf(env));
  if ((await identify(context)) !== "master" && !isWithinRate(countedAs, 1, Date.now())) {
    return tooManyRequests(context);
  }
  const now = Date.now();
  const silence = settings.upstream.timeoutSeconds * 1_000;
  const place = requestsInFlight.enter(countedAs && networkOf(countedAs), now, now + silence);
  if (place === undefined) return refuse(context, 503, tooManyInFlight);
  const limits = { bytes: settings.upstream.maxBytes, silence, longest: PASSED_LONGEST };
  const exchange = new Exchange(limits, {
    outbound: outboundOf(env, settings),
    now: () => Date.now(),
    moved: () => place.keepUntil(Date.now() + silence),
    ended: (report) => {
      place.leave();
      if (report.status !== undefined && report.failure !== undefined && report.failure !== "left") {
        const line = `upstream: ${new URL(base).host}: an answer was broken off, ${report.failure}`;
        logOncePerMinute(`upstream, ${report.failure}`, line, Date.now());
      }
      if (settings.upstream.log) logPassedRequest(context, now, report);
    },
  });
  const outcome = await exchange.start({
    url: addressOf(base, url),
    method,
    headers: headersToUpstream(headers, { address, isSecure: isSecure(context) }),
    ...framed(method, named.body, headers),
  });
  if ("response" in outcome) return outcome.response;
  const { status, error } = failureOf(outcome.failure, settings);
  if (outcome.failure === "broken") {
    logOncePerMinute("upstream", `upstream: ${new URL(base).host}: ${outcome.detail}`, Date.now());
  }
  return refuse(context, status, { code: status, error });
}

/** The address before the path as the client wrote it, but for dots that would lead out of the address's own path. */
function addressOf(base: string, url: string): string {
  const { pathname, search } = new URL(url);
  return base.replace(/\/+$/, "") + pathname + search;
}

function framed(method: string, body: Body, headers: Headers) {
  if (method === "GET" || method === "HEAD" || body === null) return { body: null, length: undefined };
  if (!(body instanceof Uint8Array)) return { body, length: lengthIn(headers) };
  return { body: new Blob([body]).stream(), length: body.byteLength };
}

/**
 * The body, if headers name this app or, as very old browsers do, the body itself; else a refusal. Only such a body is
 * read before it is passed on.
 */
async function bodyNamingApp(
  context: Context<HttpEnv>,
  read: Uint8Array | undefined,
): Promise<{ body: Body } | { refusal: Response }> {
  const { raw } = context.req;
  const inHeaders = credentialsInHeaders(raw.headers);
  const isOurs = (appId: string | undefined) => appId === context.env.APP_ID;
  const unauthorized = () => ({ refusal: refuse(context, 401, failures.unauthorized) });
  if (inHeaders !== undefined) return isOurs(inHeaders.appId) ? { body: read ?? raw.body } : unauthorized();
  if (!/^text\/plain\b/i.test(raw.headers.get("Content-Type") ?? "")) return unauthorized();
  context.set("bodyLimit", READ_BEFORE_PASSING);
  const body = await readJson(context);
  if ("failure" in body) return { refusal: refuse(context, body.status, body.failure) };
  return isOurs(body.credentials?.appId) ? { body: body.bytes } : unauthorized();
}

const loop = {
  code: 508,
  error: "This was passed on once already: upstream.url or upstream.functionsUrl leads back to Parley.",
};

const tooManyInFlight = {
  code: 503,
  error: "Too many requests are being passed on to the upstream; try again later.",
};

function failureOf(
  failure: ExchangeFailure,
  { upstream }: Settings,
): { status: ContentfulStatusCode; error: string } {
  const most = `${upstream.maxBytes} bytes, upstream.maxBytes`;
  switch (failure) {
    case "silent":
      return {
        status: 504,
        error: `The upstream did not answer within ${upstream.timeoutSeconds} seconds, upstream.timeoutSeconds.`,
      };
    case "too long":
      return { status: 504, error: "The upstream did not answer in time." };
    case "request too large":
      return { status: 413, error: `The body is too large to be passed on: more than ${most}.` };
    case "answer too large":
      return { status: 502, error: `The upstream's answer is too large: more than ${most}.` };
    case "broken":
    case "left":
      return { status: 502, error: "The upstream cannot be reached, or did not answer with HTTP." };
  }
}
