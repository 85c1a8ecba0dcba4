import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { buffer } from "node:stream/consumers";

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

/** A provider's server on this machine, which can be gone for a while and come back at the same address. */
export abstract class ProviderServer {
  #server: Server | undefined;
  #port = 0;
  /** Who waits for calls, and for how many. */
  #waiting: { count: number; resolve(): void }[] = [];
  /** Until it resolves, calls wait for their answers. */
  #held: PromiseWithResolvers<void> | undefined;
  /** Calls so far. */
  calls = 0;

  protected abstract answerTo(request: IncomingMessage, body: Buffer): Answer | Promise<Answer>;

  /** Listens, on the port it had before if there was one. */
  async open(): Promise<void> {
    this.#server = createServer(async (request, response) => {
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
    }).listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (typeof address === "object" && address !== null) this.#port = address.port;
  }

  /** Gone: nobody listens there. */
  async close(): Promise<void> {
    if (this.#server === undefined) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    this.#server = undefined;
    await closed;
  }

  /** Is slow: takes calls, and looks at none of them until `release`. */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  /** Such as `http://127.0.0.1:40123`, without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resolves once it was called so often. */
  async called(count: number): Promise<void> {
    if (this.calls >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }
}
