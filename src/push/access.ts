/** Access tokens for one provider, from the object that keeps them. Calls have a deadline and may reject. */
export interface TokenSource {
  /** The present token; undefined if the settings that were read a moment ago have no key for it any more. */
  token(): Promise<string | undefined>;
  refused(token: string): Promise<void>;
}

/** The access token of one delivery's calls. */
export class Access {
  readonly #source: TokenSource;
  #token: Promise<string>;

  constructor(source: TokenSource) {
    this.#source = source;
    this.#token = this.#next();
  }

  /** Rejects if there is no token now. */
  token(): Promise<string> {
    return this.#token;
  }

  /**
   * The answer to a call with a token; if it says that the token is refused, the answer to a second one with another
   * token. Rejects without an answer.
   */
  async call<Answer>(
    callWith: (token: string) => Promise<Answer>,
    isRefused: (answer: Answer) => boolean,
  ): Promise<Answer> {
    const token = await this.#token;
    const first = await callWith(token);
    if (!isRefused(first)) return first;
    return callWith(await this.#insteadOf(token));
  }

  /** A token in place of a refused one. Concurrent calls share the new token. */
  async #insteadOf(refused: string): Promise<string> {
    const before = this.#token;
    if ((await before) === refused && this.#token === before) this.#token = this.#next(refused);
    return this.#token;
  }

  async #next(refused?: string): Promise<string> {
    if (refused !== undefined) await this.#source.refused(refused);
    const token = await this.#source.token();
    if (token === undefined) throw new Error("its key is not set any more");
    return token;
  }
}
