import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import * as v from "valibot";
import { LocalServer } from "../../support/local-server.ts";

const Row = v.looseObject({ msgId: v.string(), from: v.string(), data: v.string(), bin: v.boolean() });
const Rows = v.array(Row);

/** One request of Parley's with a valid signature. */
export interface Delivered {
  id: string;
  path: string;
  /** When it arrived, and when Parley closed the connection without an answer (ms). */
  at: number;
  abandonedAt: number | undefined;
  rows: v.InferOutput<typeof Rows>;
}

/** What it does with a request: answers with a status, or with nothing at all until Parley gives up. */
export type Reaction = number | { status: number; location: string } | "silence" | "hang up";

/** Somebody's own server for what is written to services, which believes nothing without a valid signature. */
export class ServiceReceiver extends LocalServer {
  readonly #verifier: Webhook;
  readonly delivered: Delivered[] = [];
  /** Requests without a valid signature. */
  readonly refused: unknown[] = [];
  /** May wait before it decides. */
  react: (delivered: Delivered) => Reaction | Promise<Reaction> = () => 200;

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
      const rows = v.parse(Rows, this.#verifier.verify(body, headers));
      const delivered: Delivered = {
        id: headers["webhook-id"] ?? "",
        path: `${request.method} ${request.url}`,
        at: Date.now(),
        abandonedAt: undefined,
        rows,
      };
      this.delivered.push(delivered);
      response.once("close", () => {
        if (!response.writableFinished) delivered.abandonedAt = Date.now();
      });
      await this.#answer(response, await this.react(delivered));
    } catch (error) {
      this.refused.push(error);
      response.writeHead(400).end();
    }
  }

  async #answer(response: ServerResponse, reaction: Reaction): Promise<void> {
    if (reaction === "silence") return;
    if (reaction === "hang up") response.destroy();
    else if (typeof reaction === "number") response.writeHead(reaction).end();
    else response.writeHead(reaction.status, { location: reaction.location }).end();
  }

  /** The requests with what one client wrote, in the order of their arrival. */
  from(clientId: string): Delivered[] {
    return this.delivered.filter(({ rows }) => rows.some(({ from }) => from === clientId));
  }

  /** What one client wrote, in the order of its arrival. */
  wordsFrom(clientId: string): string[] {
    return this.from(clientId).flatMap(({ rows }) =>
      rows.filter(({ from }) => from === clientId).map(({ data }) => wordsIn(data)),
    );
  }
}

const Text = v.object({ _lctext: v.string() });

const wordsIn = (data: string) => v.parse(Text, JSON.parse(data))._lctext;
