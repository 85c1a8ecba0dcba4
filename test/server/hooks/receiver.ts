import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import * as v from "valibot";

/** One event as it arrived. */
export interface Received {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

const Event = v.object({ type: v.string(), timestamp: v.string(), data: v.record(v.string(), v.unknown()) });

/** Somebody's own server for webhooks, which believes nothing that the published library does not verify. */
export class Receiver {
  readonly #verifier: Webhook;
  #server: Server | undefined;
  #port = 0;
  /** What it believed, in the order it came. */
  readonly received: Received[] = [];
  /** What it did not believe. */
  readonly refused: unknown[] = [];
  /** Its answer to an event, JSON; nothing without. */
  answer: (event: Received) => object | undefined = () => undefined;

  constructor(secret: string) {
    this.#verifier = new Webhook(secret);
  }

  /** Listens, on the port it had before if there was one. */
  async open(): Promise<void> {
    this.#server = createServer(async (request, response) => {
      const body = await text(request);
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      try {
        const { type, data } = v.parse(Event, this.#verifier.verify(body, headers));
        const event = { id: headers["webhook-id"] ?? "", type, data };
        this.received.push(event);
        const answer = this.answer(event);
        response.end(answer === undefined ? "" : JSON.stringify(answer));
      } catch (error) {
        this.refused.push(error);
        response.writeHead(400).end();
      }
    }).listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (typeof address === "object" && address !== null) this.#port = address.port;
  }

  /** Gone, as a server is while it is being updated. */
  async close(): Promise<void> {
    if (this.#server === undefined) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    this.#server = undefined;
    await closed;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/parley`;
  }

  /** What came of one type about one conversation. */
  about(type: string, conversationId: string): Received[] {
    return this.received.filter((event) => event.type === type && event.data.convId === conversationId);
  }
}
