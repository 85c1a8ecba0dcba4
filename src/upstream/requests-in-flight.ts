import { PASSED_AT_ONCE } from "../request-bounds.ts";

/** A request that is being passed on. */
export interface PlaceInFlight {
  /** Something moved: it is in flight at least until this time (ms). */
  keepUntil(time: number): void;
  leave(): void;
}

interface Place {
  network: string | undefined;
  until: number;
}

/**
 * The requests of this isolate that are being passed on. A slow upstream, or clients that read slowly, may hold some
 * connections, and not all there are. A request whose client left may end without a word, so each place expires.
 */
export class RequestsInFlight {
  readonly #places = new Set<Place>();
  readonly #limits: { all: number; ofOneAddress: number };

  constructor(limits: { all: number; ofOneAddress: number } = PASSED_AT_ONCE) {
    this.#limits = limits;
  }

  /**
   * Takes a place; undefined if there are too many, in all or of one network.
   *
   * @param network undefined where clients cannot be told apart
   * @param now ms
   * @param until ms; when it expires if nothing moves
   */
  enter(network: string | undefined, now: number, until: number): PlaceInFlight | undefined {
    if (this.#isFull(network)) this.#dropExpired(now);
    if (this.#isFull(network)) return undefined;
    const place = { network, until };
    this.#places.add(place);
    return {
      keepUntil: (time) => {
        place.until = time;
      },
      leave: () => this.#places.delete(place),
    };
  }

  get size(): number {
    return this.#places.size;
  }

  #isFull(network: string | undefined): boolean {
    if (this.#places.size >= this.#limits.all) return true;
    if (network === undefined || this.#places.size < this.#limits.ofOneAddress) return false;
    let count = 0;
    for (const place of this.#places) if (place.network === network) count += 1;
    return count >= this.#limits.ofOneAddress;
  }

  #dropExpired(now: number): void {
    for (const place of this.#places) if (place.until <= now) this.#places.delete(place);
  }
}

/** Of this isolate. */
export const requestsInFlight = new RequestsInFlight();
