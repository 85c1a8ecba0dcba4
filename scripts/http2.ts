import { type LookupAddress, lookup } from "node:dns";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { LookupFunction } from "node:net";
import { withDeadline } from "../src/deadline.ts";
import { loggableError } from "../src/loggable-error.ts";
import { addressClassOf } from "../src/outbound/address-class.ts";
import { ANY_ADDRESS, UNANSWERED } from "../src/push/http2.ts";

/** The deadline of a call, in milliseconds. */
const DEADLINE = 30_000;
/** An idle connection is closed after so many milliseconds. */
const IDLE = 60_000;
/** A longer answer is a mistake, in bytes. */
const ANSWER_MAX = 1_000_000;

/** Headers of one connection, or of HTTP/1.1. Compressed content would need its header on the way back. */
const NOT_PASSED_ON = new Set([
  ...["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "host"],
  ...["content-length", "accept-encoding", ANY_ADDRESS],
]);

/** The used part of a request: Miniflare has its own class. */
export interface BridgedRequest {
  url: string;
  method: string;
  headers: Iterable<[string, string]>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

type Resolve = (
  host: string,
  options: { all: true },
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

interface Call {
  url: URL;
  headers: Record<string, string>;
  body: Uint8Array;
  anyAddress: boolean;
}

/** The other side has not processed the call: a repetition cannot run it twice. */
class NotProcessed extends Error {
  override name = "NotProcessed";
}

/**
 * Makes HTTP/2 calls for the Worker, whose runtime on a single machine cannot (workerd, November 2026): `https:` like
 * browsers, `http:` without negotiation. One connection per origin carries many calls.
 *
 * Only the Worker can reach it, and the Worker's `Outbound` decides which URLs may be called (I12). If only public
 * hosts are allowed, the address of a host's name is checked here, as `PUBLIC_NETWORK` does for other calls.
 */
export class Http2Bridge {
  readonly #connections = new Map<string, Connection>();
  readonly #resolve: Resolve;

  constructor(resolve: Resolve = lookup) {
    this.#resolve = resolve;
  }

  /** Never rejects: a missing response becomes a 502 with a header that explains it. */
  async fetch(request: BridgedRequest): Promise<Response> {
    const giveUp = new AbortController();
    try {
      const call = await callOf(request);
      return await withDeadline(this.#call(call, giveUp.signal), DEADLINE, call.url.host);
    } catch (error) {
      const why = encodeURIComponent(loggableError(error));
      return new Response(null, { status: 502, headers: { [UNANSWERED]: why } });
    } finally {
      giveUp.abort();
    }
  }

  /** Ends every connection at once. */
  close(): void {
    for (const connection of this.#connections.values()) connection.destroy();
  }

  async #call(call: Call, signal: AbortSignal): Promise<Response> {
    try {
      return await this.#connectionTo(call).send(call, signal);
    } catch (error) {
      if (!(error instanceof NotProcessed) || signal.aborted) throw error;
      return this.#connectionTo(call).send(call, signal);
    }
  }

  #connectionTo({ url, anyAddress }: Call): Connection {
    if (!anyAddress && addressClassOf(url) !== "public") throw new Error(`${url.host} is not public`);
    const key = `${anyAddress ? "any" : "public"} ${url.origin}`;
    const open = this.#connections.get(key);
    if (open?.usable) return open;
    const find = lookupBy(this.#resolve, anyAddress ? () => true : isPublic);
    const connection = new Connection(url.origin, find, () => {
      if (this.#connections.get(key) === connection) this.#connections.delete(key);
    });
    this.#connections.set(key, connection);
    return connection;
  }
}

class Connection {
  readonly #session: ClientHttp2Session;
  /** The last stream that the other side processes before it closes the connection. */
  #lastProcessed = Number.POSITIVE_INFINITY;

  constructor(origin: string, find: LookupFunction, onClose: () => void) {
    // Not among the types of `connect`, which hands its options on to `net.connect`.
    const options: object = { lookup: find };
    this.#session = connect(origin, options);
    this.#session.on("goaway", (_code, lastProcessed) => {
      this.#lastProcessed = lastProcessed;
    });
    // The call's own stream reports it.
    this.#session.on("error", () => {});
    this.#session.on("close", onClose);
    this.#session.setTimeout(IDLE, () => this.#session.close());
  }

  get usable(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  destroy(): void {
    this.#session.destroy();
  }

  /** One call and its whole response. A call that is given up retires its connection, which may be dead. */
  async send(call: Call, signal: AbortSignal): Promise<Response> {
    const stream = this.#open(call, signal);
    try {
      return await answerOn(stream);
    } catch (error) {
      if (signal.aborted) this.#session.close();
      const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
      const left = (stream.id ?? 0) > this.#lastProcessed;
      throw refused || left ? new NotProcessed(loggableError(error)) : error;
    }
  }

  #open({ headers, body }: Call, signal: AbortSignal): ClientHttp2Stream {
    const stream = this.#session.request(headers, { endStream: body.length === 0, signal });
    if (body.length > 0) stream.end(body);
    return stream;
  }
}

async function callOf(request: BridgedRequest): Promise<Call> {
  const url = new URL(request.url);
  const passedOn = [...request.headers].filter(([name]) => !NOT_PASSED_ON.has(name));
  const headers = {
    ...Object.fromEntries(passedOn),
    [constants.HTTP2_HEADER_METHOD]: request.method,
    [constants.HTTP2_HEADER_PATH]: url.pathname + url.search,
  };
  const anyAddress = [...request.headers].some(([name]) => name === ANY_ADDRESS);
  return { url, headers, body: new Uint8Array(await request.arrayBuffer()), anyAddress };
}

function answerOn(stream: ClientHttp2Stream): Promise<Response> {
  return new Promise((resolve, reject) => {
    const headers = new Headers();
    const chunks: Uint8Array[] = [];
    let [status, length] = [0, 0];
    let failure: unknown;
    stream.on("response", ({ ":status": code, ...rest }) => {
      status = code ?? 0;
      for (const [name, value] of Object.entries(rest)) {
        if (name !== "content-length" && value !== undefined) headers.set(name, String(value));
      }
    });
    stream.on("data", (chunk: Uint8Array) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > ANSWER_MAX) stream.destroy(new Error(`an answer of more than ${ANSWER_MAX} bytes`));
    });
    stream.on("error", (error) => {
      failure = error;
    });
    stream.on("close", () => {
      const { rstCode } = stream;
      if (failure !== undefined || status === 0 || rstCode !== constants.NGHTTP2_NO_ERROR) {
        return reject(failure ?? new Error(`the stream was reset: ${rstCode}`));
      }
      resolve(new Response(length === 0 ? null : Buffer.concat(chunks), { status, headers }));
    });
  });
}

/** A look-up that finds only addresses of a kind. */
function lookupBy(resolve: Resolve, isAllowed: (found: LookupAddress) => boolean): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, "");
      const [first, ...others] = found.filter(isAllowed);
      if (first === undefined) return callback(new Error(`${host} leads to no public address`), "");
      if (options.all) return callback(null, [first, ...others]);
      callback(null, first.address, first.family);
    });
  };
}

function isPublic({ address, family }: LookupAddress): boolean {
  const url = family === 6 ? `https://[${address}]` : `https://${address}`;
  return URL.canParse(url) && addressClassOf(new URL(url)) === "public";
}
