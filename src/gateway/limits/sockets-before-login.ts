import { SOCKETS_BEFORE_LOGIN_PER_ADDRESS } from "../../bounds.ts";
import { networkOf } from "./network.ts";

/**
 * The sockets of this isolate on which no client is logged in, by address. This platform keeps a socket whose peer does
 * not answer the Close open, whatever a Worker does, so it counts until it is closed.
 */
export class SocketsBeforeLogin {
  readonly #counts = new Map<string, number>();

  /**
   * Counts a socket that connects. Returns a function to call once a client is logged in on it, or it is closed;
   * undefined if its address has too many already. Addresses of this machine and of private networks are not counted,
   * since a proxy may stand for many devices.
   */
  enter(address: string | undefined): (() => void) | undefined {
    const network = address === undefined ? undefined : networkOf(address);
    if (network === undefined) return () => {};
    const count = this.#counts.get(network) ?? 0;
    if (count >= SOCKETS_BEFORE_LOGIN_PER_ADDRESS) return undefined;
    this.#counts.set(network, count + 1);
    let isCounted = true;
    return () => {
      if (!isCounted) return;
      isCounted = false;
      const remaining = (this.#counts.get(network) ?? 1) - 1;
      if (remaining > 0) this.#counts.set(network, remaining);
      else this.#counts.delete(network);
    };
  }
}
