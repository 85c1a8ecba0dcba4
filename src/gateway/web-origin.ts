/** Pages under development are always allowed (C-11). */
const LOCAL = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Whether a web page of this origin may connect (C-11): one of the list, with the same scheme, host and port, or any on
 * the visitor's own machine. An empty list allows all. A request without an origin comes from an app, not a page.
 */
export function isOriginAllowed(origin: string | null, allowed: readonly string[]): boolean {
  if (origin === null || allowed.length === 0 || allowed.includes(origin)) return true;
  return URL.canParse(origin) && LOCAL.includes(new URL(origin).hostname);
}
