import type { Context } from "hono";

/** The host and port that the client called. */
export function hostOf(context: Context): string {
  return context.req.header("Host") ?? new URL(context.req.url).host;
}

/**
 * Whether the client uses TLS, here or at a proxy in front. The `secure` parameter is ignored: SDKs set it even if
 * their server URL is plain HTTP.
 */
export function isSecure(context: Context): boolean {
  const forwarded = context.req.header("X-Forwarded-Proto")?.split(",")[0]?.trim();
  return (forwarded ?? new URL(context.req.url).protocol.slice(0, -1)) === "https";
}

/** The address that the client called, without a path. */
export function originOf(context: Context): string {
  return `${isSecure(context) ? "https" : "http"}://${hostOf(context)}`;
}
