import { reason } from "../reason.ts";

/**
 * Tells the app whether a client is online: one word at a time and the latest last, off everybody's path. A word that
 * fails is lost; the next one sets it right.
 */
export class Presence {
  readonly #tell: (clientId: string, online: boolean) => Promise<void>;
  #telling = false;
  #next: { clientId: string; online: boolean } | undefined;

  /** @param tell has a deadline and may reject */
  constructor(tell: (clientId: string, online: boolean) => Promise<void>) {
    this.#tell = tell;
  }

  changed(clientId: string, online: boolean): void {
    this.#next = { clientId, online };
    if (!this.#telling) void this.#say();
  }

  async #say(): Promise<void> {
    this.#telling = true;
    while (this.#next !== undefined) {
      const { clientId, online } = this.#next;
      this.#next = undefined;
      try {
        await this.#tell(clientId, online);
      } catch (error) {
        console.warn(`presence of ${clientId}:`, reason(error));
      }
    }
    this.#telling = false;
  }
}
