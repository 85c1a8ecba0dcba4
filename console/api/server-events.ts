import { ApiError, errorOf } from "./api-error.ts";
import { CONSOLE_HEADER } from "./client.ts";
import { EventParser, type ServerEvent } from "./event-parser.ts";
import { sessionEnded } from "./session.ts";

/** The server says something every 10 s. Whoever is silent for this long (ms) is gone. */
const SILENCE = 25_000;

/**
 * Reads a stream of events until it ends. An `EventSource` cannot send the header that the server asks of the console.
 *
 * Throws an `ApiError` where the server refuses, and whatever `fetch` throws where the connection breaks, is silent, or
 * `signal` ends it.
 */
export async function readServerEvents(
  path: string,
  signal: AbortSignal,
  onEvent: (event: ServerEvent) => void,
): Promise<void> {
  const silence = new AbortController();
  const hold = () => setTimeout(() => silence.abort(new Error("The server is silent.")), SILENCE);
  let timer = hold();
  try {
    const response = await fetch(path, {
      headers: CONSOLE_HEADER,
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (response.status === 401) sessionEnded();
    if (!response.ok) throw errorOf(response, await response.json().catch(() => undefined));
    if (response.body === null) throw new ApiError("The server's stream is empty.", { status: 0 });
    const parser = new EventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      clearTimeout(timer);
      timer = hold();
      for (const event of parser.take(piece.value)) onEvent(event);
    }
  } finally {
    clearTimeout(timer);
  }
}
