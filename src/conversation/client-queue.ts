/**
 * Lets what one client asks for happen in order when something in it takes time, such as a hook, while other
 * clients' commands pass by (I2). An idle client costs nothing.
 */
export class ClientQueue {
  readonly #last = new Map<string, Promise<void>>();

  /** Whether something of this client's is still under way: what comes next has to queue behind it. */
  isBusy(clientId: string): boolean {
    return this.#last.has(clientId);
  }

  /** Runs a task when everything before it is done; resolves with it. The task must not reject. */
  async run(clientId: string, task: () => Promise<void>): Promise<void> {
    const turn = (this.#last.get(clientId) ?? Promise.resolve()).then(task);
    this.#last.set(clientId, turn);
    await turn;
    if (this.#last.get(clientId) === turn) this.#last.delete(clientId);
  }
}
