import { loggableError } from "../loggable-error.ts";
import type { Outbound } from "../outbound/http-client.ts";
import { headersToClient } from "./passed-headers.ts";

/** A request as it leaves for the upstream. */
export interface PassedRequest {
  url: string;
  method: string;
  headers: Headers;
  /** Null without one. */
  body: ReadableStream<Uint8Array> | null;
  /** Bytes of the body; undefined where the client did not say. */
  length: number | undefined;
}

/** Bytes in either direction, and ms: without a byte, and in total. */
export interface ExchangeLimits {
  bytes: number;
  silence: number;
  longest: number;
}

/** What a finished exchange came to. */
export interface ExchangeReport {
  /** Of the answer; undefined if there was none. */
  status: number | undefined;
  /** Why it did not end well; undefined if it did. */
  failure: ExchangeFailure | undefined;
  /** Bytes of the bodies. */
  sent: number;
  received: number;
}

/**
 * `left` is the client: nobody reads the answer. `broken` is everything that an upstream can do wrong: it cannot be
 * reached, closes too early, or answers with no HTTP.
 */
export type ExchangeFailure =
  | "silent"
  | "too long"
  | "request too large"
  | "answer too large"
  | "broken"
  | "left";

export interface ExchangeHost {
  outbound: Pick<Outbound, "fetch">;
  now(): number;
  /** Bytes moved. */
  moved(): void;
  /** Called once, at the end of the answer's body at the latest. */
  ended(report: ExchangeReport): void;
}

/** An upstream's answer, whose body is still on its way; or the reason that there is none. */
export type ExchangeOutcome = { response: Response } | { failure: ExchangeFailure; detail: string };

/** Statuses without a body. */
const BODILESS = [204, 205, 304];

/**
 * One request passed on, and its answer passed back. No body is held: bytes are taken from one side when the other
 * takes them. It ends when neither side moved a byte for a while, however far it is.
 */
export class Exchange {
  readonly #limits: ExchangeLimits;
  readonly #host: ExchangeHost;
  readonly #startedAt: number;
  readonly #giveUp = new AbortController();
  readonly #report: ExchangeReport = { status: undefined, failure: undefined, sent: 0, received: 0 };
  #movedAt: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(limits: ExchangeLimits, host: ExchangeHost) {
    this.#limits = limits;
    this.#host = host;
    this.#startedAt = host.now();
    this.#movedAt = this.#startedAt;
  }

  /** Sends the request and resolves when the head of the answer is there. Never rejects. */
  async start(request: PassedRequest): Promise<ExchangeOutcome> {
    const { url, method, headers } = request;
    if ((request.length ?? 0) > this.#limits.bytes) return this.#failed("request too large");
    this.#watch();
    const init = {
      method,
      headers,
      body: request.body === null ? null : this.#outgoing(request.body, request.length),
      redirect: "manual" as const,
      signal: this.#giveUp.signal,
      // The body stays as the upstream encoded it.
      encodeResponseBody: "manual" as const,
      // On Cloudflare, an answer for one user must not be kept for the next.
      cf: { cacheTtl: -1 },
    };
    try {
      return this.#answer(await this.#host.outbound.fetch(url, init), method);
    } catch (error) {
      return this.#failed(this.#report.failure ?? "broken", loggableError(error));
    }
  }

  #answer(answer: Response, method: string): ExchangeOutcome {
    if (this.#isOver) return { failure: this.#report.failure ?? "left", detail: "" };
    this.#moved();
    const { status, statusText } = answer;
    this.#report.status = status;
    if (status < 200 || status > 599) return this.#failed("broken", `it answered with the status ${status}`);
    const headers = headersToClient(answer.headers);
    const announced = lengthIn(answer.headers);
    if (method === "HEAD" || BODILESS.includes(status) || answer.body === null) {
      if (announced !== undefined && method === "HEAD") headers.set("Content-Length", `${announced}`);
      this.#end();
      return { response: new Response(null, { status, statusText, headers }) };
    }
    if ((announced ?? 0) > this.#limits.bytes) return this.#failed("answer too large");
    const body = this.#incoming(answer.body, announced);
    return { response: new Response(body, { status, statusText, headers, encodeBody: "manual" }) };
  }

  #outgoing(body: ReadableStream<Uint8Array>, length: number | undefined): ReadableStream<Uint8Array> {
    return relayed(body, length, {
      take: (bytes) => {
        this.#moved();
        this.#report.sent += bytes;
        return this.#report.sent <= this.#limits.bytes || this.#stop("request too large");
      },
      done: () => {},
      broken: () => this.#stop("left"),
      left: () => {},
    });
  }

  #incoming(body: ReadableStream<Uint8Array>, length: number | undefined): ReadableStream<Uint8Array> {
    return relayed(body, length, {
      take: (bytes) => {
        this.#moved();
        this.#report.received += bytes;
        return this.#report.received <= this.#limits.bytes || this.#stop("answer too large");
      },
      done: () => this.#end(),
      broken: () => this.#stop("broken"),
      left: () => this.#stop("left"),
    });
  }

  #moved(): void {
    this.#movedAt = this.#host.now();
    this.#host.moved();
  }

  #watch(): void {
    const { silence, longest } = this.#limits;
    const due = Math.min(this.#movedAt + silence, this.#startedAt + longest);
    const left = due - this.#host.now();
    if (left > 0) {
      this.#timer = setTimeout(() => this.#watch(), left);
      return;
    }
    this.#stop(this.#host.now() - this.#movedAt >= silence ? "silent" : "too long");
  }

  #failed(failure: ExchangeFailure, detail = ""): ExchangeOutcome {
    this.#stop(failure);
    return { failure: this.#report.failure ?? failure, detail };
  }

  /** Ends both sides. Always false, for those who ask whether to go on. */
  #stop(failure: ExchangeFailure): false {
    if (this.#isOver) return false;
    this.#report.failure = failure;
    this.#giveUp.abort();
    this.#end();
    return false;
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#host.ended(this.#report);
  }
}

/** The length of a body as its headers announce it, in bytes; undefined if they do not. */
export function lengthIn(headers: Headers): number | undefined {
  const text = headers.get("Content-Length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

interface Relay {
  /** Whether these bytes may pass. */
  take(bytes: number): boolean;
  done(): void;
  /** The side that the bytes come from failed. */
  broken(): void;
  /** The side that the bytes go to does not want them any more. */
  left(): void;
}

/** The same bytes as they are asked for, each chunk only when the last one was taken. */
function relayed(
  from: ReadableStream<Uint8Array>,
  length: number | undefined,
  relay: Relay,
): ReadableStream<Uint8Array> {
  const reader = from.getReader();
  return new ReadableStream<Uint8Array>(
    {
      // The runtime frames the body by it; otherwise in chunks.
      ...(length === undefined ? {} : { expectedLength: length }),
      async pull(to) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            relay.done();
            return to.close();
          }
          if (!relay.take(value.byteLength)) throw new Error("too many bytes");
          to.enqueue(value);
        } catch {
          relay.broken();
          // Breaks the connection. The runtime prints it; `scripts/runtime-log.ts` knows this text.
          to.error(new Error("passed on no further"));
        }
      },
      async cancel(reason) {
        relay.left();
        await reader.cancel(reason).catch(() => {});
      },
    },
    { highWaterMark: 0 },
  );
}
