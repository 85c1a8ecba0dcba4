/** One of the busiest conversations, as far as is known. */
export interface BusyConversation {
  id: string;
  messages: number;
  /** Rows written in its object. */
  rows: number;
  /** How much of the conversations that had this place before it is in its rank, at most. */
  inherited: number;
}

/**
 * The conversations with most messages and rows, of any number of them, in so many places. A conversation without a
 * place takes that of the last one now and then, by chance: the busier it is, the sooner. So thousands that say little,
 * or that somebody makes for this purpose, displace no busy one.
 */
export class Busiest {
  readonly #places: number;
  readonly #random: () => number;
  readonly #known = new Map<string, BusyConversation>();
  /** No conversation's rank is below this. */
  #lowest = 0;

  /** @param random numbers from 0 to 1 */
  constructor(places: number, random: () => number = Math.random) {
    this.#places = places;
    this.#random = random;
  }

  add(id: string, messages: number, rows: number, inherited = 0): void {
    const known = this.#known.get(id);
    if (known !== undefined) {
      known.messages += messages;
      known.rows += rows;
      known.inherited += inherited;
    } else if (this.#known.size < this.#places) this.#known.set(id, { id, messages, rows, inherited });
    else this.#replaceLast({ id, messages, rows, inherited });
  }

  addAll(conversations: readonly BusyConversation[]): void {
    for (const { id, messages, rows, inherited } of conversations) this.add(id, messages, rows, inherited);
  }

  /** The first ones, by messages and rows. */
  top(count: number): BusyConversation[] {
    const all = Array.from(this.#known.values(), (each) => ({ ...each }));
    return all.sort((one, other) => own(other) - own(one)).slice(0, count);
  }

  #replaceLast(next: BusyConversation): void {
    const rank = rankOf(next);
    // Most are turned away here, without a look at all places.
    if (this.#random() * (this.#lowest + rank) > rank) return;
    let last: BusyConversation | undefined;
    for (const each of this.#known.values())
      if (last === undefined || rankOf(each) < rankOf(last)) last = each;
    if (last === undefined) return;
    const lowest = rankOf(last);
    const wasKnown = lowest <= this.#lowest;
    this.#lowest = lowest;
    if (!wasKnown && this.#random() * (lowest + rank) > rank) return;
    this.#known.delete(last.id);
    this.#known.set(next.id, { ...next, inherited: next.inherited + lowest });
  }
}

const own = ({ messages, rows }: BusyConversation) => messages + rows;
const rankOf = (conversation: BusyConversation) => own(conversation) + conversation.inherited;
