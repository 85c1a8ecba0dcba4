import type { Env } from "../bindings.ts";
import { credentialServicesOf } from "../client/client-services.ts";
import { checkLogin } from "../client/credentials.ts";
import type { ProvenRequest } from "../client/session.ts";
import { closeQuietly } from "../close-quietly.ts";
import { conversationOf } from "../conversation/conversation-of.ts";
import { knownConversations } from "../conversation/creation/known-conversations.ts";
import { withDeadline } from "../deadline.ts";
import { meterOf } from "../metrics/meter-of.ts";
import { errors } from "../protocol/errors.ts";
import type { SubscriptionRequest } from "../protocol/link-controls.ts";
import { relayName } from "../relay/tree.ts";
import { settingsOf } from "../settings/store.ts";
import { frontOf, senderOf } from "./address.ts";
import { Gateway } from "./gateway.ts";
import type { GatewayServices } from "./gateway-services.ts";
import { AllowancesByAddress } from "./limits/address-allowances.ts";
import { Backlog } from "./limits/backlog.ts";
import { SocketsBeforeLogin } from "./limits/sockets-before-login.ts";
import { dialThroughRelays, RelayLevels, type ServedElsewhere } from "./relay-dial.ts";
import { JoinedLink, type JoinedLinkHost } from "./session/joined-link.ts";
import type { LinkEvents, LinkRefusal, LinkSocket } from "./session/link-socket.ts";
import { negotiate } from "./sub-protocol.ts";
import { isOriginAllowed } from "./web-origin.ts";

const DIAL_DEADLINE = 8_000; // ms

/** Accepts a user's socket and starts its gateway; 400 for an unsupported sub-protocol. */
export async function connect(request: Request, env: Env): Promise<Response> {
  const query = new URL(request.url).searchParams.get("subprotocol");
  const agreed = negotiate(request.headers.get("sec-websocket-protocol"), query);
  if (agreed === undefined) return new Response("no sub-protocol in common", { status: 400 });
  const settings = await settingsOf(env).get();
  const sender = senderOf(request.headers, frontOf(env));
  const leave = socketsBeforeLogin.enter(sender.countedAs);
  if (leave === undefined) return new Response("too many sockets that are not logged in", { status: 429 });
  const { 0: client, 1: server } = new WebSocketPair();
  server.binaryType = "arraybuffer";
  server.accept();
  const headers = new Headers();
  if (agreed.echo !== undefined) headers.set("sec-websocket-protocol", agreed.echo);
  const answer = new Response(null, { status: 101, webSocket: client, headers });
  if (!isOriginAllowed(request.headers.get("origin"), settings.security.origins)) {
    // A page cannot read why a handshake was refused.
    server.close(errors.INVALID_ORIGIN.code, "INVALID_ORIGIN");
    leave();
    return answer;
  }
  const meter = meterOf(env);
  meter.connected();
  const connection = {
    socket: server,
    protocol: agreed.protocol,
    address: sender.address,
    countedAs: sender.countedAs,
    allowances: allowances.of(sender.countedAs, Date.now()),
    loggedIn: leave,
  };
  const gateway = new Gateway(connection, servicesOf(env), settings.limits.loginSeconds * 1000);
  const lost = () => gateway.lost();
  server.addEventListener("message", ({ data }) => {
    if (typeof data !== "string" && !(data instanceof ArrayBuffer)) return;
    meter.received(sizeOf(data));
    gateway.receive(data);
    void meter.reportIfDue();
  });
  let isOver = false;
  const over = () => {
    leave();
    lost();
    if (!isOver) meter.disconnected();
    isOver = true;
    void meter.reportIfDue();
  };
  server.addEventListener("close", (event) => {
    over();
    closeQuietly(server, event.code >= 3000 ? event.code : 1000);
  });
  server.addEventListener("error", over);
  return answer;
}

const sizeOf = (data: ArrayBuffer | string) => (typeof data === "string" ? data.length : data.byteLength);

/** The sends of this isolate that wait for an answer. */
const backlog = new Backlog();
/** The allowances of addresses in this isolate. */
const allowances = new AllowancesByAddress();
const socketsBeforeLogin = new SocketsBeforeLogin();
const relayLevels = new RelayLevels(() => Date.now());

/** The services of this isolate, which all sockets share. */
const services = new WeakMap<D1Database, GatewayServices>();

function servicesOf(env: Env): GatewayServices {
  const known = services.get(env.DB);
  if (known !== undefined) return known;
  const created = newServices(env);
  services.set(env.DB, created);
  return created;
}

function newServices(env: Env): GatewayServices {
  const conversations = knownConversations(env);
  return {
    appId: env.APP_ID,
    hasPlatformLimits: env.SINGLE_MACHINE !== "1",
    now: () => Date.now(),
    meter: meterOf(env),
    timer: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    settings: settingsOf(env),
    // Keys that are being derived cannot be shared: a promise belongs to one request.
    judge: (clientId, command, security) =>
      checkLogin(clientId, command, security, credentialServicesOf(env)),
    backlog,
    dialSession: (request, events) => dialSession(env.CLIENTS.getByName(request.clientId), request, events),
    dialConversation: dialThroughRelays(async (request, events) => {
      const { conversationId, relay } = request;
      const stub =
        relay === undefined
          ? conversationOf(env, conversationId)
          : env.RELAYS.getByName(relayName(conversationId, relay));
      const outcome = await dialLink(stub, request, events);
      return typeof outcome === "object" && "send" in outcome ? new JoinedLink(outcome, links) : outcome;
    }, relayLevels),
    kinds: (conversationIds) => conversations.kindsAmong(conversationIds),
  };
}

const links: JoinedLinkHost = {
  now: () => Date.now(),
  // The cheapest way to a later turn of the thread: 10 µs (workerd, November 2026). A timer takes a millisecond.
  turn: async () => {
    await new Response("-").arrayBuffer();
  },
};

interface Linkable {
  fetch(request: Request): Promise<Response>;
}

async function dialSession(stub: Linkable, request: ProvenRequest, events: LinkEvents) {
  const outcome = await dialLink(stub, request, events);
  if (typeof outcome === "object" && "level" in outcome) throw new Error("a client has no relays");
  return outcome;
}

async function dialLink(
  stub: Linkable,
  request: ProvenRequest | SubscriptionRequest,
  events: LinkEvents,
): Promise<LinkSocket | LinkRefusal | ServedElsewhere> {
  const headers = { upgrade: "websocket", "parley-link": encodeURIComponent(JSON.stringify(request)) };
  const answer = stub.fetch(new Request("https://object/link", { headers }));
  let response: Response;
  try {
    response = await withDeadline(answer, DIAL_DEADLINE, "link");
  } catch (error) {
    // If it opens after the deadline, it is closed again.
    answer.then(({ webSocket }) => webSocket && abandon(webSocket)).catch(() => {});
    throw error;
  }
  if (response.status === 404) return "missing";
  if (response.status === 409) return "too far behind";
  const level = response.headers.get("parley-relay");
  if (level !== null) return { level: Number(level) };
  const socket = response.webSocket;
  if (socket === null) throw new Error(`link refused with status ${response.status}`);
  return linkSocket(socket, events);
}

function linkSocket(socket: WebSocket, events: LinkEvents): LinkSocket {
  let closedByUs = false;
  const gone = () => {
    if (closedByUs) return;
    closedByUs = true;
    events.closed();
  };
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    if (data instanceof ArrayBuffer) events.frame(new Uint8Array(data));
  });
  socket.addEventListener("close", () => {
    gone();
    closeQuietly(socket, 1000);
  });
  socket.addEventListener("error", gone);
  socket.accept();
  return {
    send: (data) => {
      try {
        socket.send(data);
      } catch {
        gone();
      }
    },
    close: (code) => {
      closedByUs = true;
      closeQuietly(socket, code);
    },
  };
}

function abandon(socket: WebSocket): void {
  socket.accept();
  closeQuietly(socket, 1000);
}
