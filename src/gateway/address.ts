import type { Env } from "../bindings.ts";

/** Where a request came from, as far as it can be known. */
export interface Sender {
  /** For hooks, history and the event log: only what the platform or the owner's own proxy says. */
  address: string | undefined;
  /** What the limits for addresses count by. */
  countedAs: string | undefined;
}

/** What stands between clients and one's own box. */
export interface Front {
  /** Proxies that the owner says there are (`npm start -- --proxies`). */
  proxies: number;
  /** Only this machine can connect. */
  onLoopback: boolean;
}

export function frontOf({
  OWN_BOX,
  PROXIES,
  LOOPBACK,
}: Pick<Env, "OWN_BOX" | "PROXIES" | "LOOPBACK">): Front | undefined {
  if (OWN_BOX !== "1") return undefined;
  return { proxies: Number(PROXIES ?? 0), onLoopback: LOOPBACK === "1" };
}

const THIS_MACHINE = "127.0.0.1";

/**
 * Who sent a request. On Cloudflare its edge says so, in `CF-Connecting-IP`. On one's own box the runtime tells no peer,
 * and that header is the client's own. So a record has what the owner's proxies wrote: each adds its peer at the end of
 * `X-Forwarded-For`. Without one, only this machine is known.
 *
 * The limits may count by more: a proxy that the owner did not tell of must not make one address of everybody.
 *
 * @param front undefined on Cloudflare
 */
export function senderOf(headers: Headers, front: Front | undefined): Sender {
  if (front === undefined) {
    const address = headers.get("CF-Connecting-IP")?.trim() || undefined;
    return { address, countedAs: address };
  }
  const forwarded = (headers.get("X-Forwarded-For") ?? "").split(",").map((each) => each.trim());
  const named = front.proxies > 0 ? forwarded.at(-front.proxies) || undefined : undefined;
  if (named !== undefined) return { address: named, countedAs: named };
  const here = front.onLoopback ? THIS_MACHINE : undefined;
  return { address: here, countedAs: forwarded.at(-1) || here };
}
