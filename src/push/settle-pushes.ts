import { loggableError } from "../loggable-error.ts";
import type { QueueMessage } from "../queue/queue.ts";
import type { PushRetry } from "./deliverer.ts";
import type { PushDelivery, PushWork, Selection } from "./push-work.ts";

export interface SettlePushesHost {
  /** @param attempts this one included */
  deliver(delivery: PushDelivery, attempts: number): Promise<PushRetry[]>;
  select(selection: Selection): Promise<void>;
  /** Adds work to the queue, with a delay in seconds. */
  queue(work: PushWork, delaySeconds: number): Promise<void>;
}

const DELAY_FIRST = 5; // seconds
/** With it, the hundred attempts that the queue allows last longer than a push is useful. */
const DELAY_LAST = 2 * 60 * 60; // seconds
/** The queue's longest delay (Cloudflare, November 2026). */
const DELAY_MAX = 12 * 60 * 60; // seconds

/** Consumes one batch: settles every message of it and never rejects. */
export async function settlePushes(
  messages: readonly QueueMessage<PushWork>[],
  host: SettlePushesHost,
): Promise<void> {
  await Promise.all(messages.map((message) => settle(message, host)));
}

/**
 * Makes a first attempt of deliveries, without the queue. What fails goes to the queue, for the attempts after it. Rejects
 * if the queue does not take it.
 */
export async function attemptOnce(
  deliveries: readonly PushDelivery[],
  { deliver, queue }: Pick<SettlePushesHost, "deliver" | "queue">,
): Promise<void> {
  const later: Promise<void>[] = [];
  const messages = deliveries.map((body) => ({
    body,
    attempts: 1,
    ack: () => {},
    retry: ({ delaySeconds }: { delaySeconds: number }) => {
      const taken = queue({ ...body, attempts: body.attempts + 1 }, delaySeconds);
      // It may reject while other deliveries are still being made.
      taken.catch(() => {});
      later.push(taken);
    },
  }));
  const select = () => Promise.reject(new Error("no delivery"));
  await settlePushes(messages, { deliver, queue, select });
  await Promise.all(later);
}

async function settle(message: QueueMessage<PushWork>, host: SettlePushesHost): Promise<void> {
  const { body } = message;
  const attempts = message.attempts + (body.type === "deliver" ? body.attempts : 0);
  try {
    if (body.type === "select") {
      await host.select(body);
      return message.ack();
    }
    const retries = await host.deliver(body, attempts);
    const [first] = retries;
    if (retries.length === 1 && first?.recipients.length === body.recipients.length) {
      return message.retry({ delaySeconds: delayAfter(attempts, first.retryAfter) });
    }
    // Recipients that were served are not served again.
    for (const { recipients, retryAfter } of retries) {
      await host.queue({ ...body, recipients, attempts }, delayAfter(attempts, retryAfter));
    }
    message.ack();
  } catch (error) {
    console.warn(`push (${body.type}) is late:`, loggableError(error));
    message.retry({ delaySeconds: delayAfter(attempts, undefined) });
  }
}

function delayAfter(attempts: number, retryAfter: number | undefined): number {
  const delay = Math.min(DELAY_FIRST * 2 ** (attempts - 1), DELAY_LAST);
  return Math.min(Math.max(delay, Math.ceil((retryAfter ?? 0) / 1_000)), DELAY_MAX);
}
