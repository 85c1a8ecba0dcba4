/** Commands of one session, of which one is carried out at a time: two calls at once may arrive in the other order. */
export class OrderedCommands<Key, Command> {
  readonly #waiting = new Map<Key, Command[]>();
  readonly #run: (key: Key, command: Command) => Promise<boolean>;

  /** @param run carries out a command; resolves to whether the next may follow. Must not reject */
  constructor(run: (key: Key, command: Command) => Promise<boolean>) {
    this.#run = run;
  }

  /** Resolves when no command of this session waits any more. */
  async add(key: Key, command: Command): Promise<void> {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      waiting.push(command);
      return;
    }
    const queue = [command];
    this.#waiting.set(key, queue);
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      const mayGoOn = await this.#run(key, next);
      queue.shift();
      if (!mayGoOn) break;
    }
    this.#waiting.delete(key);
  }
}
