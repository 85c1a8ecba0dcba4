import { ADDRESSES_REMEMBERED, INVITATIONS_PER_ADDRESS, LOGINS_PER_ADDRESS } from "../bounds.ts";
import { placeOf } from "../outbound/place.ts";
import { Allowance } from "./allowance.ts";

/** What one address may do in all, on however many sockets and in however many names. */
export interface AddressAllowances {
  /** Logins that show no session token: the names may be new. */
  logins: Allowance;
  /** Clients put into conversations. */
  invitations: Allowance;
}

/**
 * The allowances of addresses, as this isolate has seen them. Addresses of this machine and of private networks have
 * none: there a proxy may stand for everybody.
 */
export class Addresses {
  readonly #known = new Map<string, AddressAllowances>();

  of(address: string | undefined, now: number): AddressAllowances | undefined {
    const network = address === undefined ? undefined : networkOf(address);
    if (network === undefined) return undefined;
    const known = this.#known.get(network);
    if (known !== undefined) return known;
    if (this.#known.size >= ADDRESSES_REMEMBERED) this.#forget(now);
    const fresh = {
      logins: new Allowance(LOGINS_PER_ADDRESS),
      invitations: new Allowance(INVITATIONS_PER_ADDRESS),
    };
    this.#known.set(network, fresh);
    return fresh;
  }

  /** Those that did nothing lately; of that many who all did something, the first one. */
  #forget(now: number): void {
    for (const [network, { logins, invitations }] of this.#known) {
      if (logins.isWhole(now) && invitations.isWhole(now)) this.#known.delete(network);
    }
    const [first] = this.#known.keys();
    if (this.#known.size >= ADDRESSES_REMEMBERED && first !== undefined) this.#known.delete(first);
  }
}

/** IPv4 as it is; of IPv6 the half that a provider gives to one customer. Undefined where nobody is told apart. */
export function networkOf(address: string): string | undefined {
  const host = address.includes(":") ? `[${address}]` : address;
  if (!URL.canParse(`http://${host}`)) return undefined;
  const url = new URL(`http://${host}`);
  if (placeOf(url) !== "public") return undefined;
  if (!url.hostname.startsWith("[")) return url.hostname;
  const [left = "", right = ""] = url.hostname.slice(1, -1).split("::");
  const groups = left.split(":");
  const rest = right === "" ? [] : right.split(":");
  while (groups.length + rest.length < 8) groups.push("0");
  return [...groups, ...rest].slice(0, 4).join(":");
}
