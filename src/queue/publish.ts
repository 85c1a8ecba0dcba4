import { withDeadline } from "../deadline.ts";
import type { SendingQueue } from "./queue.ts";

const DEADLINE = 5_000; // ms for the queue to take a batch
/** Cloudflare accepts 100 messages and 256 KB at once (November 2026); JSON is about as long as the sent form. */
export const BATCH_MESSAGES = 100;
export const BATCH_CHARACTERS = 100_000;

/** Sends messages to a queue, in as few batches as it allows. Rejects if one is refused; then all may be repeated. */
export async function publish<Body>(queue: SendingQueue<Body>, bodies: readonly Body[]): Promise<void> {
  let batch: Body[] = [];
  let characters = 0;
  const send = async () => {
    // As JSON, bytes would become objects.
    const messages = batch.map((body) => ({ body, contentType: "v8" as const }));
    if (messages.length > 0) await withDeadline(queue.sendBatch(messages), DEADLINE, "queue");
    batch = [];
    characters = 0;
  };
  for (const body of bodies) {
    const length = JSON.stringify(body).length;
    if (batch.length === BATCH_MESSAGES || characters + length > BATCH_CHARACTERS) await send();
    batch.push(body);
    characters += length;
  }
  await send();
}
