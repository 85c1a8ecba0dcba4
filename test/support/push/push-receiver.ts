import type { IncomingMessage } from "node:http";
import { Webhook } from "standardwebhooks";
import * as v from "valibot";
import { type Answer, ProviderServer } from "./provider-server.ts";

const anything = v.record(v.string(), v.unknown());

const Body = v.strictObject({
  conversationId: v.nullable(v.string()),
  messageId: v.nullable(v.string()),
  payload: anything,
  expiresAt: v.number(),
  recipients: v.array(v.strictObject({ clientId: v.nullable(v.string()), installation: anything })),
});

/** One call as it arrived. */
interface ReceivedPush {
  /** Of the call, by which repetitions are told. */
  id: string;
  body: v.InferOutput<typeof Body>;
}

/** Somebody's own sender of pushes, which believes nothing that the published library does not verify. */
export class PushReceiver extends ProviderServer {
  readonly #verifier: Webhook;
  /** What it believed, in the order it came; whatever it answered. */
  readonly received: ReceivedPush[] = [];
  /** Of these, what it answered as done. */
  readonly taken: ReceivedPush[] = [];
  /** What it did not believe. */
  readonly refused: unknown[] = [];
  answer: Answer = { status: 204 };

  constructor(secret: string) {
    super();
    this.#verifier = new Webhook(secret);
  }

  override get url(): string {
    return `${super.url}/push`;
  }

  protected override answerTo(request: IncomingMessage, body: Buffer): Answer {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    try {
      const verified = v.parse(Body, this.#verifier.verify(body.toString(), headers));
      const push = { id: headers["webhook-id"] ?? "", body: verified };
      this.received.push(push);
      if (this.answer !== "hang" && this.answer.status <= 299) this.taken.push(push);
    } catch (error) {
      this.refused.push(error);
      return { status: 401 };
    }
    return this.answer;
  }
}
