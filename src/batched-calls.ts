/**
 * Questions of the same kind, asked together: while one call is on its way, what is asked gathers for the next one.
 * A question that comes alone is asked in the same turn.
 */
export class BatchedCalls<Question, Answer> {
  readonly #call: (questions: Question[]) => Promise<(question: Question) => Answer>;
  readonly #limit: number;
  #queued: Waiting<Question, Answer>[] = [];
  #isRunning = false;

  /**
   * @param ask resolves to what answers each of its questions; where it rejects, all of them do
   * @param most how many questions go with one call
   */
  constructor(ask: (questions: Question[]) => Promise<(question: Question) => Answer>, most: number) {
    this.#call = ask;
    this.#limit = most;
  }

  async ask(question: Question): Promise<Answer> {
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#queued.push({ question, resolve, reject });
    });
    if (!this.#isRunning) void this.#run();
    return answer;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    await Promise.resolve(); // what is asked in the same turn goes along
    while (this.#queued.length > 0) {
      const waiting = this.#queued.splice(0, this.#limit);
      try {
        const answers = await this.#call(waiting.map(({ question }) => question));
        for (const { question, resolve } of waiting) resolve(answers(question));
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
    this.#isRunning = false;
  }
}

interface Waiting<Question, Answer> {
  question: Question;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}
