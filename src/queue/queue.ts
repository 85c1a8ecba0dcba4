import type { Objects, QueueStub } from "../env.ts";

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

/** An object that keeps messages through a restart, in a queue's place. */
export function queueIn<Body>(objects: Objects<QueueStub<Body>>, name: string): SendingQueue<Body> {
  const queue = objects.getByName(name);
  return {
    sendBatch: (messages, options) =>
      queue.add(
        messages.map(({ body }) => body),
        options?.delaySeconds ?? 0,
      ),
  };
}
