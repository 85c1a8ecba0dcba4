import { Hono } from "hono";
import { cors } from "hono/cors";
import type { Env } from "../bindings.ts";
import { isMasterKeyKnown } from "../demo-mode.ts";
import { meterOf } from "../metrics/meter-of.ts";
import { settingsOf } from "../settings/store.ts";
import { type UsersAt, usersAt } from "../settings/user-settings.ts";
import { credentialHeaders } from "./auth.ts";
import { batchRoutes } from "./batch.ts";
import { conversationRowRoutes } from "./classes/conversations.ts";
import { memberInfoClassRoutes } from "./classes/member-infos.ts";
import { systemMessageRoutes } from "./classes/system-messages.ts";
import { consoleFileRoutes } from "./console/console-files.ts";
import { consoleSessionRoutes } from "./console/sessions.ts";
import { demoRoutes } from "./demo.ts";
import { discoveryRoutes } from "./discovery.ts";
import { documentOf } from "./docs/document.ts";
import { docsRoutes } from "./docs/viewer.ts";
import type { HttpEnv } from "./env.ts";
import { failures, refuse } from "./errors.ts";
import { NoSuchConversation } from "./existing-conversation.ts";
import { FILE_HEADERS_ALLOWED, FILE_HEADERS_EXPOSED, onFileDomain } from "./files/file-domain.ts";
import { fileRoutes } from "./files/files.ts";
import { fileServingRoutes } from "./files/serving.ts";
import { uploadRoutes } from "./files/uploads.ts";
import { CallFailed } from "./object-call.ts";
import { forTheOwner } from "./owner.ts";
import { ownerRoutes } from "./owner-routes.ts";
import { PAGE_FILE, staticFile } from "./page-files.ts";
import { installationRoutes } from "./push/installations.ts";
import { notificationRoutes } from "./push/notifications.ts";
import { pushRoutes } from "./push/push.ts";
import { webPushRoutes } from "./push/web-push.ts";
import { routePath } from "./route-path.ts";
import { appWideRoutes } from "./rtm/app-wide.ts";
import { clientRoutes } from "./rtm/clients.ts";
import { conversationRoutes } from "./rtm/conversation-routes.ts";
import { globalBroadcastRoutes } from "./rtm/global-broadcasts.ts";
import { COMPLETE_SINCE, COMPLETE_UNTIL } from "./rtm/history.ts";
import { legacyClientRoutes } from "./rtm/legacy-clients.ts";
import { legacyMessageRoutes } from "./rtm/legacy-messages.ts";
import { legacyServiceRoutes } from "./rtm/legacy-services.ts";
import { legacySilenceRoutes, listedClientRoutes } from "./rtm/listed-clients.ts";
import { memberInfoRoutes } from "./rtm/member-infos.ts";
import { memberRoutes } from "./rtm/members.ts";
import { IDEMPOTENCY_KEY } from "./rtm/message-requests.ts";
import { messageRoutes } from "./rtm/messages.ts";
import { missedEventRoutes } from "./rtm/missed-events.ts";
import { refusedConversationRoutes } from "./rtm/refused-conversations.ts";
import { roomAudienceRoutes } from "./rtm/room-audience.ts";
import { chatRooms, normalConversations, serviceConversations } from "./rtm/served-kinds.ts";
import { serviceMessageRoutes } from "./rtm/service-messages.ts";
import { subscriberRoutes } from "./rtm/service-subscribers.ts";
import { signingRoutes } from "./rtm/signing.ts";
import { passForeignBatches } from "./upstream/foreign-batches.ts";
import { passThrough } from "./upstream/pass-through.ts";
import { refuseOtherMethods } from "./upstream/served-paths.ts";
import { statisticsRoutes } from "./upstream/statistics.ts";
import { loginRoutes } from "./users/logins.ts";
import { isAboutUsers, userRoutes } from "./users/users.ts";
import { verificationRoutes } from "./users/verification.ts";
import { isForeignName } from "./web-page.ts";

export interface AppOptions {
  /** Handles every request that asks for a WebSocket, on any path. */
  connect(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response>;
}

/** The Worker's entry point, as the runtime calls it. */
export interface App {
  fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response>;
}

/** A server with publicly known keys serves its own machine only, whatever leads there. */
const notForOthers = {
  code: 403,
  error:
    "This server runs with the keys that everybody knows, and answers as localhost or by an address only. " +
    "Set APP_ID, APP_KEY and MASTER_KEY.",
};

/** Old builds send batches with version 1: they pass, but are not served here. */
const BATCHES = ["/1.1/batch", "/1.1/batch/save", "/1/batch", "/1/batch/save"];

/** SDKs in web pages of any origin call this API; they carry keys in headers, never cookies. */
const crossOrigin = cors({
  origin: "*",
  allowMethods: ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"],
  // Uploads have a Cache-Control.
  allowHeaders: [
    "Content-Type",
    "Cache-Control",
    ...credentialHeaders,
    IDEMPOTENCY_KEY.name,
    ...FILE_HEADERS_ALLOWED,
  ],
  exposeHeaders: ["Retry-After", COMPLETE_SINCE, COMPLETE_UNTIL, ...FILE_HEADERS_EXPOSED],
  maxAge: 86_400,
});

/** The Worker's `fetch`: sockets go to `connect`, everything else to the HTTP API or the page. */
export function createApp({ connect }: AppOptions): App {
  const app = httpApp("here");
  // Where users live elsewhere, requests about them go on to the routes behind.
  const elsewhere: { hook?: Hono<HttpEnv>; upstream?: Hono<HttpEnv> } = {};
  const appFor = async (request: Request, env: Env) => {
    if (!isAboutUsers(pathOf(request))) return app;
    const where = usersAt((await settingsOf(env).get()).users);
    if (where === "here") return app;
    elsewhere[where] ??= httpApp(where);
    return elsewhere[where];
  };
  return {
    async fetch(request, env, context) {
      if (isMasterKeyKnown(env) && isForeignName(request))
        return Response.json(notForOthers, { status: 403 });
      const file = await onFileDomain(request, env, context);
      if (file !== undefined) return file;
      if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
        const response = await (await appFor(request, env)).fetch(request, env, context);
        countRequest(request, response, env, context);
        return response;
      }
      // Not through Hono: its middleware would copy the response and lose the socket in it.
      try {
        return await connect(request, env, context);
      } catch (error) {
        console.error("connect", error);
        return Response.json(failures.internal, { status: 500 });
      }
    },
  };
}

/** The console's own address: no page of another origin has a use for it. */
const isOfConsole = (path: string): boolean => path === "/console" || path.startsWith("/console/");

const pathOf = (request: Request): string => routePath(new URL(request.url).pathname);

/** The OpenAPI document as `/openapi.json` has it where users live here. */
export function apiDocument(): object {
  return documentOf(httpApp("here"));
}

/** @param users where they live: all routes are there only if it is here */
function httpApp(users: UsersAt): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>({ getPath: pathOf });
  app.use(async (context, next) => (isOfConsole(context.req.path) ? next() : crossOrigin(context, next)));
  app.use(async (context, next) => {
    await next();
    if (context.req.path === "/") return;
    // Responses hold privileges of keys and a caller's own address: nothing on the way may store or render them. Only
    // files, which are for everybody, say how long they may be kept.
    if (!context.res.headers.has("Cache-Control")) context.header("Cache-Control", "no-store");
    if (!context.res.headers.has("Content-Security-Policy"))
      context.header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    context.header("X-Content-Type-Options", "nosniff");
    context.header("Referrer-Policy", "no-referrer");
  });
  for (const path of ["/", PAGE_FILE])
    app.get(path, async (context, next) => {
      const file = await staticFile(context, context.req.path);
      return file.status === 404 ? next() : file;
    });
  app.route("/", consoleSessionRoutes);
  app.route("/", consoleFileRoutes);
  app.route("/", discoveryRoutes);
  app.route("/", demoRoutes);
  app.route("/", docsRoutes);
  app.route("/", fileServingRoutes);
  app.route("/", missedEventRoutes);
  app.use("/admin/*", forTheOwner);
  for (const routes of ownerRoutes) app.route("/", routes);
  if (users === "here") {
    app.route("/", loginRoutes);
    app.route("/", userRoutes);
    app.route("/", verificationRoutes);
  }
  if (users !== "upstream") app.route("/", signingRoutes);
  for (const served of [normalConversations, chatRooms, serviceConversations])
    app.route("/", conversationRoutes(served));
  for (const served of [normalConversations, chatRooms]) app.route("/", messageRoutes(served));
  for (const served of [normalConversations, chatRooms, serviceConversations])
    app.route("/", listedClientRoutes(served));
  for (const served of [normalConversations, chatRooms]) app.route("/", memberInfoRoutes(served));
  for (const resource of [refusedConversationRoutes, legacySilenceRoutes, memberInfoClassRoutes])
    app.route("/", resource);
  for (const resource of [memberRoutes, clientRoutes, appWideRoutes]) app.route("/", resource);
  app.route("/", roomAudienceRoutes);
  app.route("/", subscriberRoutes);
  app.route("/", serviceMessageRoutes);
  app.route("/", globalBroadcastRoutes);
  app.route("/", legacyServiceRoutes);
  app.route("/", webPushRoutes);
  app.route("/", legacyMessageRoutes);
  app.route("/", legacyClientRoutes);
  app.route("/", conversationRowRoutes);
  app.route("/", systemMessageRoutes);
  app.route("/", pushRoutes);
  app.route("/", notificationRoutes);
  app.route("/", installationRoutes);
  for (const path of BATCHES) app.post(path, passForeignBatches);
  app.route("/", fileRoutes);
  app.route("/", uploadRoutes);
  app.route("/", batchRoutes);
  app.route("/", statisticsRoutes);
  refuseOtherMethods(app);
  for (const version of ["1", "1.1", "1.2"]) app.all(`/${version}/*`, passThrough);
  // Created once: it takes some milliseconds, and anybody may request it.
  const described = once(async () => JSON.stringify(documentOf(app)));
  app.get("/openapi.json", async (context) => {
    return context.body(await described(), 200, { "Content-Type": "application/json" });
  });
  app.notFound((context) => refuse(context, 404, failures.notFound));
  app.onError((error, context) => {
    if (error instanceof NoSuchConversation) return refuse(context, 404, error.failure);
    if (error instanceof CallFailed) {
      console.error(`${context.req.method} ${context.req.path}: ${error.message}`);
      return refuse(context, error.status, error.failure);
    }
    console.error(`${context.req.method} ${context.req.path}`, error);
    return refuse(context, 500, failures.internal);
  });
  return app;
}

/** Paths of the API, but for those that watch the counts. */
const COUNTED = /^\/(?:1|1\.1|1\.2|admin)\/(?!metrics)/;

function countRequest(request: Request, { status }: Response, env: Env, context: ExecutionContext): void {
  if (!COUNTED.test(pathOf(request))) return;
  const meter = meterOf(env);
  meter.count("requests");
  if (status >= 500) meter.count("requests.failed");
  const report = meter.reportIfDue();
  if (report !== undefined) context.waitUntil(report);
}

/** The result of the first successful call. A failure is not remembered. */
function once<Made>(make: () => Promise<Made>): () => Promise<Made> {
  let made: Promise<Made> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
