/**
 * Runs one client's commands in order when one of them takes time, for example for a hook, while other clients'
 * commands are not held up (I2). An idle client costs nothing.
 */
export class ClientQueue {
  readonly #last = new Map<string, Promise<void>>();

  /** Whether a command of this client is still running, so that the next one has to queue. */
  isBusy(clientId: string): boolean {
    return this.#last.has(clientId);
  }

  /** Runs a task after all earlier ones and resolves with it. The task must not reject. */
  async run(clientId: string, task: () => Promise<void>): Promise<void> {
    const turn = (this.#last.get(clientId) ?? Promise.resolve()).then(task);
    this.#last.set(clientId, turn);
    await turn;
    if (this.#last.get(clientId) === turn) this.#last.delete(clientId);
  }
}
