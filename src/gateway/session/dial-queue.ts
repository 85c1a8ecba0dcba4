import type { Dial } from "./link-socket.ts";

const AT_ONCE = 8;

/**
 * Connects to a few objects at a time: one frame can name many conversations, and other sockets need the thread too.
 */
export class DialQueue<Asked> {
  readonly #dial: Dial<Asked>;
  readonly #timer: (milliseconds: number, run: () => void) => void;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(dial: Dial<Asked>, timer: (milliseconds: number, run: () => void) => void) {
    this.#dial = dial;
    this.#timer = timer;
  }

  readonly dial: Dial<Asked> = async (request, events) => {
    if (this.#underWay >= AT_ONCE) await new Promise<void>((free) => this.#waiting.push(free));
    this.#underWay += 1;
    try {
      return await this.#dial(request, events);
    } finally {
      this.#underWay -= 1;
      // Not in the same turn: while one call directly follows another, workerd reads no socket (seen 2026-11-23).
      const next = this.#waiting.shift();
      if (next !== undefined) this.#timer(0, next);
    }
  };
}
