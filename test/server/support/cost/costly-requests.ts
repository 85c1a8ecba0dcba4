import type { Random } from "../random.ts";
import { someOrder, someWhere } from "./costly-queries.ts";
import { attributes, HEAVY, type Heavy, OWNER } from "./heavy-data.ts";

/** Costly requests over HTTP, with the app key, without a key, and with the master key. */

export interface Asked {
  path: string;
  method?: "GET" | "POST" | "PUT";
  headers?: Record<string, string>;
  body?: unknown;
}

type Make = (random: Random, heavy: Heavy) => Asked;

const APP = { "X-LC-Id": "parley-dev", "X-LC-Key": "parley-dev-key" };

const query = (parameters: Record<string, string | number>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");

function installation(random: Random, channels: number): Record<string, unknown> {
  return {
    deviceType: "android",
    installationId: `made up ${random.below(200)}`,
    vendor: "fcm",
    channels: Array.from({ length: channels }, (_, at) => `c${at}`),
    ...attributes(random, 8_000),
  };
}

export const requests: Record<string, Make> = {
  "unread count": (random) => ({
    path: `/1.2/rtm/clients/${random.pick([...HEAVY, "popular"])}/unread-count`,
    headers: APP,
  }),
  "unread count of one": (random, { long, fat }) => ({
    path: `/1.2/rtm/clients/popular/unread-count?conv_id=${random.pick([long, fat])}`,
    headers: APP,
  }),
  "saving an installation": (random) => ({
    path: "/1.1/installations",
    method: "POST",
    headers: APP,
    body: installation(random, 1_000),
  }),
  "a batch of installations": (random) => ({
    path: "/1.1/batch",
    method: "POST",
    headers: APP,
    body: {
      requests: Array.from({ length: 25 }, () => {
        return { method: "POST", path: "/1.1/installations", body: installation(random, 50) };
      }),
    },
  }),
  "a batch of anything": (random) => ({
    path: "/1.1/batch",
    method: "POST",
    headers: APP,
    body: {
      requests: Array.from({ length: 25 }, () => {
        return {
          method: "GET",
          path: `/1.1/installations/${`d${random.below(9_999).toString(16).padStart(23, "0")}`}`,
        };
      }),
    },
  }),
  "installations without the right": (random, heavy) => ({
    path: `/1.1/installations?${query({ where: JSON.stringify(someWhere(random, heavy, "popular")).slice(0, 8_000) })}`,
    headers: APP,
  }),
  "a deep body": (random) => ({
    path: "/1.1/installations",
    method: "POST",
    headers: APP,
    body: JSON.parse(
      random.pick(["[".repeat(900) + "]".repeat(900), `${'{"a":'.repeat(900)}1${"}".repeat(900)}`]),
    ),
  }),
  "a body of numbers": () => ({
    path: "/1.1/installations",
    method: "POST",
    headers: APP,
    body: { deviceType: "ios", numbers: Array.from({ length: 6_000 }, (_, at) => at + 0.25) },
  }),
  "a push without the right": () => ({
    path: "/1.1/push",
    method: "POST",
    headers: APP,
    body: { data: { alert: "x".repeat(3_000) } },
  }),
  "a wrong signature": (random) => ({
    path: "/1.2/rtm/clients/popular/unread-count",
    headers: { "X-LC-Id": "parley-dev", "X-LC-Sign": `${"0".repeat(32)},${random.below(1e9)},master` },
  }),
  "notifications with a forged token": () => ({
    path: "/1.1/rtm/notifications?client_id=popular&start_ts=0",
    headers: { ...APP, "X-LC-IM-Session-Token": "a".repeat(4_000) },
  }),
  "history without a signature": (_, { long }) => ({
    path: `/1.1/rtm/messages/history?convid=${long}&limit=1000&peerid=popular&nonce=n&signature_ts=1&signature=${"0".repeat(40)}`,
    headers: APP,
  }),
  documents: (random) => ({
    path: random.pick(["/docs", "/openapi.json", "/healthz", "/", "/demo/config", "/1.1/nothing"]),
  }),
  routes: () => ({ path: "/2/route?appId=parley-dev" }),
  roles: () => ({ path: "/1.1/classes/_ConversationMemberInfo?client_id=popular", headers: APP }),
};

export const ownersRequests: Record<string, Make> = {
  "the owner's history of a conversation": (random, { long, fat }) => ({
    path: `/1.2/rtm/conversations/${random.pick([long, fat])}/messages?limit=1000`,
    headers: OWNER,
  }),
  "the owner's history of everything": () => ({ path: "/1.2/rtm/messages?limit=1000", headers: OWNER }),
  "the owner's conversations": (random, heavy) => ({
    path: `/1.1/classes/_Conversation?${query({
      where: JSON.stringify(someWhere(random, heavy, "popular")).slice(0, 12_000),
      count: 1,
      limit: 1_000,
      order: someOrder(random),
    })}`,
    headers: OWNER,
  }),
  "the owner's finds in a batch": (random, heavy) => ({
    path: "/1.1/batch",
    method: "POST",
    headers: OWNER,
    body: {
      requests: Array.from({ length: 3 }, () => ({
        method: "GET",
        path: "/1.1/classes/_Conversation",
        params: {
          where: JSON.stringify(someWhere(random, heavy, "popular")).slice(0, 12_000),
          limit: "1000",
          order: someOrder(random),
        },
      })),
    },
  }),
  "the owner's count of lists": (random) => ({
    path: `/1.1/classes/_Conversation?${query({
      where: JSON.stringify({
        $or: Array.from({ length: 8 }, () => ({ "attr.list": `none ${random.below(100)}` })),
      }),
      count: 1,
      limit: 0,
    })}`,
    headers: OWNER,
  }),
  "the owner's installations": (random) => ({
    path: `/1.1/installations?${query({
      where: JSON.stringify({
        [random.pick(["list", "text", "channels", "deep.a.b.c.words"])]: { $ne: "w1" },
      }),
      limit: 1_000,
      count: 1,
    })}`,
    headers: OWNER,
  }),
  "the owner's installations by pattern": () => ({
    path: `/1.1/installations?${query({ where: JSON.stringify({ text: { $regex: "a.*b.*a.*c" } }), limit: 1_000 })}`,
    headers: OWNER,
  }),
};
