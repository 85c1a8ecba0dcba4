import { withDeadline } from "../../deadline.ts";
import { loggableError } from "../../loggable-error.ts";
import type { Json } from "../../model/json.ts";

/** The source is asked this often (ms). */
const EVERY = 2_000;
const SOURCE_DEADLINE = 5_000; // ms
/** Without an event, a comment is sent after this time (ms): proxies close what is silent. */
const COMMENT_AFTER = 10_000;
/** The reader comes back after this time (ms). */
const RETRY = 1_000;

const headers = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store",
  "X-Accel-Buffering": "no",
};

/**
 * An answer that tells what a source says: at once, and then each time that it says something else. It waits for its
 * reader, so nothing gathers for one that is slow, and asks nothing for one that is gone.
 *
 * @param source asked every two seconds; may reject
 * @param length how long the answer lasts (ms)
 */
export function eventStream(source: () => Promise<{ event: string; data: Json }>, length: number): Response {
  const encoder = new TextEncoder();
  const until = Date.now() + length;
  let isOver = false;
  let wait: { timer: ReturnType<typeof setTimeout>; end(): void } | undefined;
  let saidAt = Date.now();
  let isFirst = true;
  let last = "";

  const pause = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      wait = { timer: setTimeout(resolve, milliseconds), end: resolve };
    });

  /** What there is to say; empty if nothing. */
  const next = async (): Promise<string> => {
    try {
      const { event, data } = await withDeadline(source(), SOURCE_DEADLINE, "event source");
      const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
      if (text !== last) {
        last = text;
        return text;
      }
    } catch (error) {
      console.warn("event stream: nothing new:", loggableError(error));
    }
    return Date.now() - saidAt >= COMMENT_AFTER ? ": nothing new\n\n" : "";
  };

  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      let text = isFirst ? `retry: ${RETRY}\n\n${await next()}` : "";
      isFirst = false;
      while (text === "" && !isOver && Date.now() < until) {
        await pause(Math.max(0, Math.min(EVERY, until - Date.now())));
        if (!isOver && Date.now() < until) text = await next();
      }
      if (isOver) return;
      if (text === "") return controller.close();
      saidAt = Date.now();
      controller.enqueue(encoder.encode(text));
    },
    cancel() {
      isOver = true;
      clearTimeout(wait?.timer);
      wait?.end();
    },
  });
  return new Response(body, { headers });
}
