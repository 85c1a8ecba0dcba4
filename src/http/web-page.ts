/**
 * Whether a web page of another origin sent this (A browser says so; other programs send no `Origin`.) The page of this
 * server is none, nor is one that the owner lists. `null`, the origin of pages without any, is.
 *
 * @param listed `security.origins`
 */
export function isFromForeignPage(request: Request, listed: readonly string[]): boolean {
  const origin = request.headers.get("Origin");
  if (origin === null || listed.includes(origin)) return false;
  if (!URL.canParse(origin)) return true;
  const { protocol, host } = new URL(origin);
  // A page in a file has no host, and no page of this server's is one.
  return host === "" || host !== hostOf(request, protocol);
}

/**
 * Whether a name leads here that is not this machine's: then somebody may have made his name lead to it, so that the
 * browser takes what his page asks for as that page's own (DNS rebinding). Nobody can do that with an address.
 */
export function isForeignName(request: Request): boolean {
  const { hostname } = new URL(`http://${hostOf(request, "http:")}`);
  const isAddress = hostname.startsWith("[") || /^\d{1,3}(\.\d{1,3}){3}$/.test(hostname);
  return !isAddress && hostname !== "localhost" && !hostname.endsWith(".localhost");
}

/** Host and port as the caller wrote them, without the port that the protocol has anyway. */
function hostOf(request: Request, protocol: string): string {
  const url = `${protocol}//${request.headers.get("Host") ?? new URL(request.url).host}`;
  return URL.canParse(url) ? new URL(url).host : "";
}
