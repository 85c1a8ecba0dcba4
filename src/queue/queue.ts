import type { Objects } from "../model/objects.ts";
import type { QueueStub } from "./queue-stub.ts";

/** A message of a queue, as the platform hands it over. */
export interface QueueMessage<Body> {
  body: Body;
  /** 1 at first. */
  attempts: number;
  ack(): void;
  retry(options: { delaySeconds: number }): void;
}

/** As much of a Cloudflare queue as is used. Bodies go as "v8": as JSON, bytes would come out as objects. */
export interface SendingQueue<Body> {
  sendBatch(
    messages: { body: Body; contentType: "v8" }[],
    options?: { delaySeconds: number },
  ): Promise<unknown>;
}

/**
 * Objects that keep messages through a restart, in a queue's place. Such an object hands on one batch after the other:
 * what may be slow has one of its own, by the name that `nameOf` gives to a message. Of one batch, those whose messages
 * stand first take them first; when one of them does not, those after it have taken nothing.
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
