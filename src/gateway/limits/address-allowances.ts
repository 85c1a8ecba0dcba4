import {
  ADDRESSES_REMEMBERED,
  INVITATIONS_OF_ONE,
  INVITATIONS_ON_LOOPBACK,
  INVITATIONS_PER_ADDRESS,
  INVITED_REMEMBERED,
  LOGINS_ON_LOOPBACK,
  LOGINS_PER_ADDRESS,
} from "../../bounds.ts";
import { InvitationCounts } from "./invitation-counts.ts";
import { networkAt } from "./network.ts";
import { TokenBucket } from "./token-bucket.ts";

/** What one address may do in total, over all its sockets and clients. */
export interface AddressAllowances {
  /** Logins without a session token: their client ids may be new. */
  logins: TokenBucket;
  /** Clients added to conversations. */
  invitations: TokenBucket;
  /** Counts one invitation for each of these clients. Returns whether each may be invited once more. `now` in ms. */
  mayInvite(clientIds: string[], now: number): boolean;
}

/**
 * The allowances of addresses, in this isolate. Addresses of private networks have none, since a proxy there may stand
 * for many devices. All addresses of this machine are one, which may do far more.
 */
export class AllowancesByAddress {
  readonly #known = new Map<string, AddressAllowances>();
  readonly #invited = new InvitationCounts(INVITATIONS_OF_ONE.byAddress, INVITED_REMEMBERED.byAll);
  readonly #invitedHere = new InvitationCounts(INVITATIONS_OF_ONE.onLoopback, INVITED_REMEMBERED.byAll);

  of(address: string | undefined, now: number): AddressAllowances | undefined {
    const { addressClass, network } = networkAt(address);
    if (addressClass === "private") return undefined;
    const known = this.#known.get(network);
    if (known !== undefined) return known;
    if (this.#known.size >= ADDRESSES_REMEMBERED) this.#forget(now);
    const isHere = addressClass === "loopback";
    const invited = isHere ? this.#invitedHere : this.#invited;
    const fresh: AddressAllowances = {
      mayInvite: (clientIds, now) =>
        invited.take(
          clientIds.map((clientId) => `${network} ${clientId}`),
          now,
        ),
      logins: new TokenBucket(isHere ? LOGINS_ON_LOOPBACK : LOGINS_PER_ADDRESS),
      invitations: new TokenBucket(isHere ? INVITATIONS_ON_LOOPBACK : INVITATIONS_PER_ADDRESS),
    };
    this.#known.set(network, fresh);
    return fresh;
  }

  /** Forgets addresses that did nothing lately, or, if all of them did something, the first one. */
  #forget(now: number): void {
    for (const [network, { logins, invitations }] of this.#known) {
      if (logins.isWhole(now) && invitations.isWhole(now)) this.#known.delete(network);
    }
    const [first] = this.#known.keys();
    if (this.#known.size >= ADDRESSES_REMEMBERED && first !== undefined) this.#known.delete(first);
  }
}
