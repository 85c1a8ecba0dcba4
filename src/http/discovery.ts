import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import * as v from "valibot";
import type { HttpEnv } from "./env.ts";
import { failures, refuse } from "./errors.ts";
import { operation, takes } from "./operation.ts";
import { hostOf, isSecure } from "./own-address.ts";
import * as schema from "./schemas.ts";

/** Seconds for which an SDK may cache the response. */
const TIME_TO_LIVE = 3_600;

/** A 404 with this code makes the Swift and Objective-C SDKs stop asking; any other failure is retried. */
const forOurApp = createMiddleware<HttpEnv>(async (context, next) => {
  if (context.req.query("appId") !== context.env.APP_ID) return refuse(context, 404, failures.unknownApp);
  await next();
});

/** SDKs send further parameters, which are ignored. */
const query = v.looseObject({
  appId: v.optional(
    v.pipe(v.string(), v.description("The app: 404 for any other."), v.examples(["parley-dev"])),
  ),
});

const timeToLive = v.pipe(
  v.number(),
  v.integer(),
  v.description("Seconds the answer may be kept."),
  v.examples([TIME_TO_LIVE]),
);
const url = v.pipe(
  v.string(),
  v.description("Of the socket, `ws:` or `wss:`."),
  v.examples(["wss://im.example.com/rtm"]),
);
const host = v.pipe(v.string(), v.examples(["im.example.com"]));
const socket = v.object({
  groupId: v.pipe(v.string(), v.examples(["g0"])),
  groupUrl: url,
  server: url,
  secondary: url,
  ttl: timeToLive,
});
const hosts = v.object({
  rtm_router_server: host,
  push_server: host,
  api_server: host,
  engine_server: host,
  stats_server: host,
  ttl: timeToLive,
});

const date = v.pipe(
  v.object({ __type: v.literal("Date"), iso: schema.isoTime() }),
  schema.shown({ __type: "Date", iso: "2023-11-14T22:13:20.000Z" }),
);

/** What SDKs look up: the socket's address before they connect, the hosts that serve an app, the time. */
export const discoveryRoutes = new Hono<HttpEnv>()
  .get(
    "/v1/route",
    operation({
      id: "findSocket",
      tag: "SDKs",
      summary: "Find the socket",
      access: "anyone",
      answer: socket,
    }),
    takes("query", query),
    forOurApp,
    (context) => {
      // The URL has no query string: some adapters append `?subprotocol=` unchecked.
      const url = `${isSecure(context) ? "wss" : "ws"}://${hostOf(context)}/rtm`;
      return context.json({ groupId: "g0", groupUrl: url, server: url, secondary: url, ttl: TIME_TO_LIVE });
    },
  )
  .get(
    "/2/route",
    operation({
      id: "findHosts",
      tag: "SDKs",
      summary: "Find the app's hosts",
      access: "anyone",
      answer: hosts,
    }),
    takes("query", query),
    forOurApp,
    (context) => {
      const host = hostOf(context);
      return context.json({
        rtm_router_server: host,
        push_server: host,
        api_server: host,
        engine_server: host,
        stats_server: host,
        ttl: TIME_TO_LIVE,
      });
    },
  )
  .get(
    "/1.1/date",
    operation({
      id: "readDate",
      tag: "SDKs",
      summary: "Read the server's time",
      description: "For apps that do not trust the clock of their device.",
      access: "app",
      answer: date,
    }),
    (context) => context.json({ __type: "Date", iso: new Date().toISOString() }),
  );
