/**
 * The address of whoever sent a request, for hooks, history and the event log: nothing is decided by it. Behind a
 * proxy on one's own box the platform's header names the proxy, and `X-Forwarded-For` the device.
 */
export function addressOf(headers: Headers): string | undefined {
  const near = headers.get("CF-Connecting-IP") ?? undefined;
  const forwarded = headers.get("X-Forwarded-For")?.split(",")[0]?.trim();
  return near === undefined || isLoopback(near) ? forwarded || near : near;
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\./.test(address);
}
