/** Pages under development always pass (C-11). */
const LOCAL = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Whether a web page of this origin may connect (C-11): one of the list, scheme, host and port alike, or any on the
 * visitor's own machine. An empty list allows all; without an origin it is no page but an app.
 */
export function isOriginAllowed(origin: string | null, allowed: readonly string[]): boolean {
  if (origin === null || allowed.length === 0 || allowed.includes(origin)) return true;
  return URL.canParse(origin) && LOCAL.includes(new URL(origin).hostname);
}
