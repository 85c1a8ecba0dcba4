import { type Fetch, type Networks, networksOf } from "../outbound/http-client.ts";

/** The bridge's binding in the Worker. */
interface Bridge {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

/** Lets the bridge connect to any address; otherwise it connects to public ones alone. */
export const ANY_ADDRESS = "parley-any-address";
/** The bridge's header for a missing response: the reason, percent-encoded. */
export const UNANSWERED = "parley-unanswered";

/**
 * Networks that speak HTTP/2 if the other side does. Cloudflare's fetch does so by itself. On a single machine the
 * runtime cannot (workerd, November 2026), so a bridge in Node calls in its place.
 */
export function http2NetworksOf(env: { HTTP2?: Bridge; PUBLIC_NETWORK?: Fetcher }): Networks {
  const { HTTP2: bridge } = env;
  if (bridge === undefined) return networksOf(env);
  const over: Fetch = async (url, init) => {
    const response = await bridge.fetch(url, init);
    const why = response.headers.get(UNANSWERED);
    if (why !== null) throw new Error(decodeURIComponent(why));
    return response;
  };
  const all: Fetch = (url, init) => {
    const headers = new Headers(init.headers);
    headers.set(ANY_ADDRESS, "1");
    return over(url, { ...init, headers });
  };
  return { open: over, all };
}
