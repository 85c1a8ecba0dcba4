/**
 * Questions of the same kind, asked together: while one call is on its way, what is asked gathers for the next one.
 * A question that comes alone is asked in the same turn.
 */
export class Together<Question, Answer> {
  readonly #ask: (questions: Question[]) => Promise<(question: Question) => Answer>;
  readonly #most: number;
  #next: Waiting<Question, Answer>[] = [];
  #asking = false;

  /**
   * @param ask resolves to what answers each of its questions; where it rejects, all of them do
   * @param most how many questions go with one call
   */
  constructor(ask: (questions: Question[]) => Promise<(question: Question) => Answer>, most: number) {
    this.#ask = ask;
    this.#most = most;
  }

  async ask(question: Question): Promise<Answer> {
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#next.push({ question, resolve, reject });
    });
    if (!this.#asking) void this.#run();
    return answer;
  }

  async #run(): Promise<void> {
    this.#asking = true;
    await Promise.resolve(); // what is asked in the same turn goes along
    while (this.#next.length > 0) {
      const waiting = this.#next.splice(0, this.#most);
      try {
        const answers = await this.#ask(waiting.map(({ question }) => question));
        for (const { question, resolve } of waiting) resolve(answers(question));
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
    this.#asking = false;
  }
}

interface Waiting<Question, Answer> {
  question: Question;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}
