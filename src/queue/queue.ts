import type { Objects } from "../model/objects.ts";
import type { QueueStub } from "./queue-stub.ts";

/** A queue's message, as the platform delivers it. */
export interface QueueMessage<Body> {
  body: Body;
  /** 1 at first. */
  attempts: number;
  ack(): void;
  retry(options: { delaySeconds: number }): void;
}

/** The used part of a Cloudflare queue. Bodies are sent as "v8": as JSON, bytes would become objects. */
export interface SendingQueue<Body> {
  sendBatch(
    messages: { body: Body; contentType: "v8" }[],
    options?: { delaySeconds: number },
  ): Promise<unknown>;
}

/**
 * Objects that keep messages through a restart, in place of a queue. Such an object delivers one batch after the other,
 * so slow work has an object of its own, by the name that `nameOf` returns. Objects receive the messages of a batch in
 * the order of their first ones; if one refuses, the later ones receive nothing.
 */
export function queuesIn<Body>(
  objects: Objects<QueueStub<Body>>,
  nameOf: (body: Body) => string,
): SendingQueue<Body> {
  return {
    sendBatch: async (messages, options) => {
      const bodies = messages.map(({ body }) => body);
      for (const [name, share] of Map.groupBy(bodies, nameOf)) {
        await objects.getByName(name).add(share, options?.delaySeconds ?? 0);
      }
    },
  };
}
