import { UNOPENED_PER_ADDRESS } from "../bounds.ts";
import { networkOf } from "./address-allowances.ts";

/**
 * Sockets on which nobody is logged in, by address, as this isolate has seen them. One whose peer does not answer the
 * Close stays open on this platform, whatever a Worker does: it counts until it is gone.
 */
export class Unopened {
  readonly #counts = new Map<string, number>();

  /**
   * A socket connects. Answers what is to be called when somebody is logged in on it, or it is gone; undefined where its
   * address has too many already. Addresses of this machine and of private networks may stand for everybody.
   */
  enter(address: string | undefined): (() => void) | undefined {
    const network = address === undefined ? undefined : networkOf(address);
    if (network === undefined) return () => {};
    const count = this.#counts.get(network) ?? 0;
    if (count >= UNOPENED_PER_ADDRESS) return undefined;
    this.#counts.set(network, count + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const left = (this.#counts.get(network) ?? 1) - 1;
      if (left > 0) this.#counts.set(network, left);
      else this.#counts.delete(network);
    };
  }
}
