import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { freePort } from "./free-port.ts";

/** A server on this machine, which can be gone for a while and come back at the same address. */
export abstract class LocalServer {
  #server: Server | undefined;
  #port = 0;

  protected abstract handle(request: IncomingMessage, response: ServerResponse): Promise<void>;

  /** Listens, on the port it had before if there was one. */
  async open(): Promise<void> {
    if (this.#port === 0) this.#port = await freePort();
    this.#server = createServer((request, response) => this.handle(request, response)).listen(
      this.#port,
      "127.0.0.1",
    );
    await once(this.#server, "listening");
  }

  /** Stopped, as a server is while it is being updated: nothing listens on its port. */
  async close(): Promise<void> {
    if (this.#server === undefined) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    this.#server = undefined;
    await closed;
  }

  /** Such as `http://127.0.0.1:40123`, without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }
}
