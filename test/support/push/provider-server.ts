import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { LocalServer } from "../local-server.ts";

/** What a provider answers; nothing at all, ever, for `hang`. */
export type Answer = { status: number; headers?: Record<string, string>; body?: string | object } | "hang";

export const garbage: Answer = { status: 200, body: "<html>Welcome to this hotel's network</html>" };
export const broken: Answer = { status: 500, body: "<html>500</html>" };
/** @param after seconds */
export const tooMany = (after: number): Answer => ({
  status: 429,
  headers: { "Retry-After": String(after) },
  body: {},
});

/** A provider's server on this machine. */
export abstract class ProviderServer extends LocalServer {
  /** Who waits for calls, and for how many. */
  #waiting: { count: number; resolve(): void }[] = [];
  /** Until it resolves, calls wait for their answers. */
  #held: PromiseWithResolvers<void> | undefined;
  /** Calls so far. */
  calls = 0;

  protected abstract answerTo(request: IncomingMessage, body: Buffer): Answer | Promise<Answer>;

  protected async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    this.calls += 1;
    for (const { count, resolve } of this.#waiting) if (this.calls >= count) resolve();
    await this.#held?.promise;
    const answer = await this.answerTo(request, body);
    if (answer === "hang") return;
    const { status, headers = {}, body: said = "" } = answer;
    const type = { "Content-Type": typeof said === "string" ? "text/html" : "application/json" };
    response.writeHead(status, { ...type, ...headers });
    response.end(typeof said === "string" ? said : JSON.stringify(said));
  }

  /** Is slow: takes calls, and looks at none of them until `release`. */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  /** Resolves once it was called so often. */
  async called(count: number): Promise<void> {
    if (this.calls >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }
}
