import { addressClassOf } from "../outbound/address-class.ts";

/**
 * Whether a web page of another origin sent this: not the page of this server, nor one that the owner lists. Browsers
 * send an `Origin`, other programs send none. `null`, which pages without an origin send, counts as another origin.
 *
 * @param listed `security.origins`
 */
export function isFromForeignPage(request: Request, listed: readonly string[]): boolean {
  const origin = request.headers.get("Origin");
  if (origin === null || listed.includes(origin)) return false;
  if (!URL.canParse(origin)) return true;
  const { protocol, host } = new URL(origin);
  // A page in a file has no host. This server's page has one.
  return host === "" || host !== hostOf(request, protocol);
}

/**
 * Whether the request names a host that is not this machine. An attacker can point a name of their own at this machine,
 * and browsers then treat this server as part of the attacker's page (DNS rebinding). An address cannot be misused so.
 */
export function isForeignName(request: Request): boolean {
  const { hostname } = new URL(`http://${hostOf(request, "http:")}`);
  const isAddress = hostname.startsWith("[") || /^\d{1,3}(\.\d{1,3}){3}$/.test(hostname);
  return !isAddress && hostname !== "localhost" && !hostname.endsWith(".localhost");
}

/**
 * Whether a URL leads to the host that a request names: the address of this server, as far as it can be seen. All names
 * of this machine are one.
 */
export function isThisServer(request: Request, url: string): boolean {
  const other = new URL(url);
  const { host } = new URL(request.url);
  const own = new URL(`${other.protocol}//${request.headers.get("Host") ?? host}`);
  if (own.host === other.host) return true;
  const areHere = [own, other].every((each) => addressClassOf(each) === "loopback");
  return areHere && own.port === other.port;
}

/** Host and port as the caller wrote them, without the port that the protocol has anyway. */
export function hostOf(request: Request, protocol: string): string {
  const url = `${protocol}//${request.headers.get("Host") ?? new URL(request.url).host}`;
  return URL.canParse(url) ? new URL(url).host : "";
}
