import type { Context } from "hono";
import { isObject, type Json } from "../model/json.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";

/** Characters of a response that are produced at a time: a thousand rows of 30 KB in one go would take 0.2 s. */
const PIECE = 256 * 1024;
/** The depth of rows in a response: in `results`, in a part of a batch. Deeper values are written as a whole. */
const DEPTH = 4;

/** Responds with JSON. A long response is produced in pieces, and other work runs after each. */
export function inPieces(context: Context, body: Json, status: 200 | 201): Response {
  const pieces = piecesOf(body);
  const first = pieces.next();
  if (first.done === true) return context.json(null, status);
  const second = pieces.next();
  context.header("Content-Type", "application/json");
  if (second.done === true) return context.body(first.value, status);
  const encoder = new TextEncoder();
  let next: IteratorResult<string> = second;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(first.value)),
    async pull(controller) {
      if (next.done === true) {
        controller.close();
        return;
      }
      controller.enqueue(encoder.encode(next.value));
      await yieldToEventLoop();
      next = pieces.next();
    },
  });
  return context.body(stream, status);
}

/** A JSON text in pieces. */
export function* piecesOf(value: Json, length = PIECE): Generator<string> {
  let piece = "";
  for (const part of partsOf(value, DEPTH)) {
    piece += part;
    if (piece.length < length) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

function* partsOf(value: Json, depth: number): Generator<string> {
  if (depth > 0 && Array.isArray(value)) {
    yield "[";
    for (const [at, each] of value.entries()) {
      if (at > 0) yield ",";
      yield* partsOf(each, depth - 1);
    }
    yield "]";
  } else if (depth > 0 && isObject(value)) {
    yield "{";
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    for (const [at, [key, each]] of entries.entries()) {
      yield `${at > 0 ? "," : ""}${JSON.stringify(key)}:`;
      yield* partsOf(each, depth - 1);
    }
    yield "}";
  } else {
    yield JSON.stringify(value);
  }
}
