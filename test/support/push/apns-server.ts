import { once } from "node:events";
import {
  constants,
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { text } from "node:stream/consumers";
import { decodeProtectedHeader, exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import type { JsonObject } from "../../../src/model/json.ts";
import type { ApnsKey } from "../../../src/push/apns-key.ts";
import { selfSigned } from "../../server/sdk/certificate.ts";
import { freePort } from "../free-port.ts";

/** A key as Apple gives it to a developer, with what Apple keeps of it. */
export interface AppleKey extends ApnsKey {
  publicKey: CryptoKey;
}

/** What the server does with a push to one device that is well-formed and proves who sends it. */
type Behaviour =
  | "deliver"
  /** Hands it to the device, but breaks the stream before it says so. */
  | "deliver, then break"
  | "break"
  /** Keeps the stream open and says nothing. */
  | "hang"
  /** Answers with a page in place of Apple's JSON, and this status. */
  | { garbage: number }
  /** Refuses as Apple does; `timestamp` (ms) belongs to 410. */
  | { status: number; reason: string; timestamp?: number; retryAfter?: string };

/** A notification that reached a device. */
interface Arrived {
  deviceToken: string;
  topic: string;
  pushType: string;
  priority: string;
  /** Seconds. */
  expiration: number;
  collapseId: string;
  apnsId: string;
  payload: JsonObject;
  /** The team whose key it was sent with. */
  teamId: string;
}

export interface ApnsServer {
  /** To be set as `push.apns.url`. */
  url: string;
  /** To be trusted by who calls: `NODE_EXTRA_CA_CERTS`. Undefined without TLS. */
  certificate: string | undefined;
  /** Everything that reached a device, in order. */
  arrived: Arrived[];
  /** Answers given, as `200`, `403 ExpiredProviderToken`, in order. */
  answers: string[];
  /** The different provider tokens that it was shown, good or bad. */
  tokens: Set<string>;
  /** Connections accepted so far. */
  connections: number;
  /** Calls so far, but for those it refused to look at. */
  calls: number;
  /** The most pushes that were under way at a time. */
  busiest: number;
  /** What a device shows: of those with one collapse id, the last. */
  shownOn(deviceToken: string): Arrived[];
  /** Resolves once so many notifications have reached a device. */
  reached(deviceToken: string, count: number): Promise<Arrived[]>;
  /** Does this with pushes to a device, one after another; the last one from then on. */
  behave(deviceToken: string, ...behaviours: Behaviour[]): void;
  /** Ends every connection as Apple does for maintenance: what is under way is finished. */
  goAway(): void;
  /** Does not look at the next calls, and says that they may be made again. */
  refuseStreams(count: number): void;
  /** Is slow: takes calls, and looks at none of them until `release`. */
  hold(): void;
  release(): void;
  /** Nothing answers at its port until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

interface ApnsServerOptions {
  keys: readonly AppleKey[];
  /** With a certificate for localhost that nobody trusts yet; else HTTP/2 without TLS. */
  tls?: boolean;
  now?: () => number;
}

const HOUR = 3_600; // seconds
const PAYLOAD_MAX = 4_096; // bytes
const PUSH_TYPES = new Set([
  ...["alert", "background", "location", "voip", "complication", "fileprovider", "mdm", "liveactivity"],
  ...["pushtotalk", "widgets", "controls"],
]);

/** A device token as Apple's are: 64 hexadecimal digits, the same for the same name. */
export function deviceTokenOf(name: string): string {
  return Buffer.from(name).toString("hex").padEnd(64, "0");
}

export async function appleKey(teamId: string, keyId: string, topics: string[]): Promise<AppleKey> {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { teamId, keyId, topics, publicKey, privateKey: await exportPKCS8(privateKey) };
}

/** A server that behaves as Apple's two do, as far as tokens, headers and answers go. */
export async function openApnsServer(options: ApnsServerOptions): Promise<ApnsServer> {
  const { keys, tls = false, now = Date.now } = options;
  const identity = tls ? selfSigned() : undefined;
  const behaviours = new Map<string, Behaviour[]>();
  const sessions = new Set<ServerHttp2Session>();
  const waiting = new Set<() => void>();
  const port = await freePort();
  let [underWay, toRefuse] = [0, 0];
  let held: PromiseWithResolvers<void> | undefined;
  let listening = await listen();

  async function listen(): Promise<Http2Server> {
    const server = identity === undefined ? createServer() : createSecureServer(identity);
    server.on("session", (session) => {
      apns.connections += 1;
      sessions.add(session);
      session.on("error", () => {});
      session.on("close", () => sessions.delete(session));
    });
    server.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      answer(stream, headers).catch((error) => {
        console.error(error);
        stream.destroy();
      });
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return server;
  }

  async function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    if (toRefuse > 0) {
      toRefuse -= 1;
      apns.answers.push("REFUSED_STREAM");
      return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    }
    underWay += 1;
    apns.busiest = Math.max(apns.busiest, underWay);
    stream.on("close", () => {
      underWay -= 1;
    });
    const body = await text(stream).catch(() => "");
    apns.calls += 1;
    await held?.promise;
    const push = await read(headers, body);
    if ("reason" in push) return refuse(stream, push);
    const queue = behaviours.get(push.deviceToken) ?? [];
    const behaviour = (queue.length > 1 ? queue.shift() : queue[0]) ?? "deliver";
    if (behaviour === "hang") return;
    if (behaviour === "break") return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    if (typeof behaviour === "object" && "status" in behaviour) return refuse(stream, behaviour);
    if (typeof behaviour === "object") {
      respond(stream, { ":status": behaviour.garbage, "content-type": "text/html" }, "<h1>Bad gateway</h1>");
      return;
    }
    apns.arrived.push(push);
    for (const look of waiting) look();
    if (behaviour === "deliver") return respond(stream, { ":status": 200, "apns-id": push.apnsId }, "");
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  function refuse(stream: ServerHttp2Stream, refusal: Refusal) {
    const { status, reason, timestamp, retryAfter } = refusal;
    const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
    respond(stream, { ":status": status, ...headers }, JSON.stringify({ reason, timestamp }), reason);
  }

  function respond(
    stream: ServerHttp2Stream,
    headers: OutgoingHttpHeaders & { ":status": number },
    body: string,
    reason = "",
  ) {
    apns.answers.push(`${headers[":status"]} ${reason}`.trim());
    if (stream.destroyed) return;
    stream.respond(headers);
    stream.end(body);
  }

  /** Everything that Apple looks at before a device. */
  async function read(headers: IncomingHttpHeaders, body: string): Promise<Arrived | Refusal> {
    if (headers[":method"] !== "POST") return { status: 405, reason: "MethodNotAllowed" };
    const [, deviceToken] = /^\/3\/device\/([^/]*)$/.exec(headers[":path"] ?? "") ?? [];
    if (deviceToken === undefined) return { status: 404, reason: "BadPath" };
    const sender = await senderOf(headers.authorization);
    if ("reason" in sender) return sender;
    const problem = problemOf(headers, body, deviceToken);
    if (problem !== undefined) return problem;
    const topic = headerOf(headers, "apns-topic");
    if (!sender.topics.includes(topic)) return { status: 400, reason: "TopicDisallowed" };
    return {
      deviceToken,
      topic,
      teamId: sender.teamId,
      pushType: headerOf(headers, "apns-push-type"),
      priority: headerOf(headers, "apns-priority"),
      expiration: Number(headerOf(headers, "apns-expiration")),
      collapseId: headerOf(headers, "apns-collapse-id"),
      apnsId: headerOf(headers, "apns-id"),
      payload: JSON.parse(body),
    };
  }

  async function senderOf(authorization = ""): Promise<AppleKey | Refusal> {
    const [, token] = /^bearer (.+)$/.exec(authorization) ?? [];
    if (token === undefined) return { status: 403, reason: "MissingProviderToken" };
    apns.tokens.add(token);
    try {
      const { kid } = decodeProtectedHeader(token);
      const key = keys.find(({ keyId }) => keyId === kid);
      if (key === undefined) return { status: 403, reason: "InvalidProviderToken" };
      const { payload } = await jwtVerify(token, key.publicKey, {
        algorithms: ["ES256"],
        issuer: key.teamId,
        requiredClaims: ["iat"],
        currentDate: new Date(now()),
      });
      const age = now() / 1_000 - (payload.iat ?? 0);
      return age > HOUR ? { status: 403, reason: "ExpiredProviderToken" } : key;
    } catch {
      return { status: 403, reason: "InvalidProviderToken" };
    }
  }

  const apns: ApnsServer = {
    url: `${tls ? "https" : "http"}://localhost:${port}`,
    certificate: identity?.cert,
    arrived: [],
    answers: [],
    tokens: new Set(),
    connections: 0,
    calls: 0,
    busiest: 0,
    shownOn: (device) => [
      ...new Map(
        apns.arrived
          .filter(({ deviceToken }) => deviceToken === device)
          .map((notification) => [notification.collapseId, notification]),
      ).values(),
    ],
    reached: (device, count) =>
      new Promise((resolve) => {
        const look = () => {
          const here = apns.arrived.filter(({ deviceToken }) => deviceToken === device);
          if (here.length < count) return;
          waiting.delete(look);
          resolve(here);
        };
        waiting.add(look);
        look();
      }),
    behave: (device, ...next) => {
      behaviours.set(device, next);
    },
    goAway: () => {
      for (const session of sessions) session.close();
    },
    refuseStreams: (count) => {
      toRefuse = count;
    },
    hold: () => {
      held ??= Promise.withResolvers();
    },
    release: () => {
      held?.resolve();
      held = undefined;
    },
    down: async () => {
      const closed = once(listening, "close");
      listening.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
    up: async () => {
      listening = await listen();
    },
    close: async () => {
      if (listening.listening) await apns.down();
    },
  };
  return apns;
}

type Refusal = Exclude<Behaviour, string | { garbage: number }>;

function headerOf(headers: IncomingHttpHeaders, name: string): string {
  return String(headers[name] ?? "");
}

function problemOf(headers: IncomingHttpHeaders, body: string, deviceToken: string): Refusal | undefined {
  const bad = (reason: string): Refusal => ({ status: 400, reason });
  if (!/^([0-9a-f]{2}){32,100}$/i.test(deviceToken)) return bad("BadDeviceToken");
  const header = (name: string) => headerOf(headers, name);
  if (header("apns-topic") === "") return bad("MissingTopic");
  const pushType = header("apns-push-type");
  if (!PUSH_TYPES.has(pushType)) return bad("InvalidPushType");
  if (!/^(10|5|1)$/.test(header("apns-priority"))) return bad("BadPriority");
  if (pushType === "background" && header("apns-priority") === "10") return bad("BadPriority");
  if (!/^\d{1,10}$/.test(header("apns-expiration"))) return bad("BadExpirationDate");
  if (Buffer.byteLength(header("apns-collapse-id")) > 64) return bad("BadCollapseId");
  if (!/^\w{8}(-\w{4}){3}-\w{12}$/.test(header("apns-id"))) return bad("BadMessageId");
  if (body === "") return bad("PayloadEmpty");
  if (Buffer.byteLength(body) > PAYLOAD_MAX) return { status: 413, reason: "PayloadTooLarge" };
  return undefined;
}
