import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import * as v from "valibot";
import { LocalServer } from "../../support/local-server.ts";

/** One event as it arrived. */
export interface Received {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

const Event = v.object({ type: v.string(), timestamp: v.string(), data: v.record(v.string(), v.unknown()) });

/** Somebody's own server for webhooks, which believes nothing that the published library does not verify. */
export class Receiver extends LocalServer {
  readonly #verifier: Webhook;
  /** Events with a valid signature, in the order of their arrival. */
  readonly received: Received[] = [];
  /** Events without a valid signature. */
  readonly refused: unknown[] = [];
  /** Its answer to an event, JSON; nothing without. */
  answer: (event: Received) => object | undefined = () => undefined;

  constructor(secret: string) {
    super();
    this.#verifier = new Webhook(secret);
  }

  protected async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
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
  }

  /** The events of one type about one conversation. */
  about(type: string, conversationId: string): Received[] {
    return this.received.filter((event) => event.type === type && event.data.convId === conversationId);
  }
}
