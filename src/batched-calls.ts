/**
 * Combines questions of the same kind into one call. While a call is running, new questions are collected for the next
 * one. A single question is sent in the same turn.
 */
export class BatchedCalls<Question, Answer> {
  readonly #call: (questions: Question[]) => Promise<(question: Question) => Answer>;
  readonly #limit: number;
  #queued: Waiting<Question, Answer>[] = [];
  #isRunning = false;

  /**
   * @param call resolves to a function that answers each of its questions; if it rejects, all of them do
   * @param limit how many questions go with one call
   */
  constructor(call: (questions: Question[]) => Promise<(question: Question) => Answer>, limit: number) {
    this.#call = call;
    this.#limit = limit;
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
    await Promise.resolve(); // questions of the same turn are part of the call
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
