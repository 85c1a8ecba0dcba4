import type { Env } from "../bindings.ts";

/** Where a request came from, as far as it can be known. */
export interface Sender {
  /** For hooks, history and the event log: only what the platform or the owner's own proxy reports. */
  address: string | undefined;
  /** What the limits per address count by. */
  countedAs: string | undefined;
  /** The same where a client cannot make it up; undefined where anybody can. Guesses count by it. */
  provenAs: string | undefined;
}

/** What is between clients and a self-hosted server. */
export interface Front {
  /** The number of proxies that the owner has set (`npm start -- --proxies`). */
  proxies: number;
  /** Only this machine can connect. */
  onLoopback: boolean;
}

export function frontOf({
  SINGLE_MACHINE,
  PROXIES,
  LOOPBACK,
}: Pick<Env, "SINGLE_MACHINE" | "PROXIES" | "LOOPBACK">): Front | undefined {
  if (SINGLE_MACHINE !== "1") return undefined;
  return { proxies: Number(PROXIES ?? 0), onLoopback: LOOPBACK === "1" };
}

const THIS_MACHINE = "127.0.0.1";

/**
 * The address that a request came from. On Cloudflare it is in `CF-Connecting-IP`, which its edge sets. On a
 * self-hosted server the runtime reports no peer, and a client could set that header itself. So only what the owner's
 * proxies wrote is recorded: each appends its peer to `X-Forwarded-For`. Without a proxy, only this machine is known.
 *
 * The limits may count by more, so that a proxy that the owner did not set does not make one address of all clients.
 *
 * @param front undefined on Cloudflare
 */
export function senderOf(headers: Headers, front: Front | undefined): Sender {
  if (front === undefined) {
    const address = headers.get("CF-Connecting-IP")?.trim() || undefined;
    return { address, countedAs: address, provenAs: address };
  }
  const forwarded = (headers.get("X-Forwarded-For") ?? "").split(",").map((each) => each.trim());
  const named = front.proxies > 0 ? forwarded.at(-front.proxies) || undefined : undefined;
  if (named !== undefined) return { address: named, countedAs: named, provenAs: named };
  const here = front.onLoopback ? THIS_MACHINE : undefined;
  const countedAs = forwarded.at(-1) || here;
  return { address: here, countedAs, provenAs: front.onLoopback ? countedAs : undefined };
}
