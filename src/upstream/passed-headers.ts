/**
 * Headers of one connection (RFC 9110 §7.6.1), and the framing of the body, which each side makes anew. `Expect` was
 * answered by the runtime when the body was asked for.
 */
const HOP_BY_HOP = [
  ...[
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "expect",
  ],
  ...["proxy-authenticate", "proxy-authentication-info", "proxy-authorization", "proxy-connection"],
  "content-length",
];

/**
 * What others wrote about the way of a request, or a client in their place, and the cookies of other parts of the
 * owner's domain: the API has none.
 */
const NOT_ASKED = [
  ...[
    "host",
    "cookie",
    "forwarded",
    "via",
    "x-real-ip",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
  ],
  ...["cdn-loop", "fastly-client-ip", "x-envoy-external-address"],
];
const NOT_ASKED_PREFIX = /^(?:x-forwarded|cf-|mf-|x-middleware-)/;

/** What an upstream says about its own host, which would count for this one; and what pages are allowed is said here. */
const NOT_ANSWERED = [
  ...[
    "set-cookie",
    "set-cookie2",
    "alt-svc",
    "strict-transport-security",
    "clear-site-data",
    "public-key-pins",
  ],
  ...[
    "report-to",
    "nel",
    "reporting-endpoints",
    "content-security-policy-report-only",
    "service-worker-allowed",
  ],
  ...["origin-agent-cluster", "refresh"],
];
const NOT_ANSWERED_PREFIX = /^(?:access-control-|cf-|mf-)/;

/** Marks a request that was passed on, so that an upstream which is Parley again refuses it. */
export const PASSED = "Parley-Passed";

/** What is known about who asks, for the upstream's own limits and logs. */
export interface AskedBy {
  /** Undefined if the platform or a proxy of the owner's did not say. */
  address: string | undefined;
  isSecure: boolean;
}

/** The headers of a request as it is passed on: all of the app's, none about the way here but the sender's address. */
export function headersToUpstream(given: Headers, { address, isSecure }: AskedBy): Headers {
  const headers = endToEnd(given, NOT_ASKED, NOT_ASKED_PREFIX);
  if (address !== undefined) {
    headers.set("X-Forwarded-For", address);
    headers.set("X-Real-IP", address);
  }
  headers.set("X-Forwarded-Proto", isSecure ? "https" : "http");
  headers.set(PASSED, "1");
  return headers;
}

/** The headers of an upstream's answer as the client receives them. */
export function headersToClient(given: Headers): Headers {
  return endToEnd(given, NOT_ANSWERED, NOT_ANSWERED_PREFIX);
}

function endToEnd(given: Headers, left: readonly string[], prefix: RegExp): Headers {
  const named = (given.get("Connection") ?? "").split(",").map((name) => name.trim().toLowerCase());
  const out = new Set([...HOP_BY_HOP, ...left, ...named]);
  const headers = new Headers();
  for (const [name, value] of given) if (!out.has(name) && !prefix.test(name)) headers.append(name, value);
  return headers;
}
