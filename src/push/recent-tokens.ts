/** Keepers give tokens that last for minutes more. */
const KEPT_FOR = 60_000; // ms
/** Longer than a keeper may go by settings from before this isolate's (ms). */
const KEYS_NEW_FOR = 10_000;
/** More than an app has keys; beyond it, all are asked for again. */
const KEPT_MAX = 200;

interface Kept<Token> {
  token: Token;
  until: number;
}

/**
 * The access tokens that an isolate was given in the last minute, so that not each push asks their keeper. A token that
 * its provider refuses is forgotten at once; one of other keys has another name. Nothing is remembered of a name that is
 * new here: its keeper may not know yet that the keys have changed, and not every provider answers that as a refusal.
 */
export class RecentTokens<Token extends string | { token: string }> {
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept<Token>>();
  /** When each name was asked for first (ms). */
  readonly #since = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * The token of this name, or the one that `ask` resolves to. Rejects as `ask` does.
   *
   * @param name with all that the token depends on
   */
  async get(name: string, ask: () => Promise<Token | undefined>): Promise<Token | undefined> {
    const kept = this.#kept.get(name);
    const now = this.#now();
    // A clock that was set back makes no token last longer.
    if (kept !== undefined && now < kept.until && kept.until <= now + KEPT_FOR) return kept.token;
    if (this.#since.size >= KEPT_MAX && !this.#since.has(name)) this.#since.clear();
    const since = Math.min(this.#since.get(name) ?? now, now);
    this.#since.set(name, since);
    const token = await ask();
    this.#kept.delete(name);
    if (token === undefined || now - since < KEYS_NEW_FOR) return token;
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
    this.#kept.set(name, { token, until: now + KEPT_FOR });
    return token;
  }

  /** The provider refused this token. */
  forget(refused: string): void {
    for (const [name, { token }] of this.#kept)
      if ((typeof token === "string" ? token : token.token) === refused) this.#kept.delete(name);
  }
}
