import type { PresenceChange } from "../app/app-stub.ts";
import { onlineAmong } from "../app/online.ts";
import type { Env } from "../bindings.ts";
import { CONVERSATIONS_COUNTED } from "../bounds.ts";
import type { CatchUp, CatchUpRequest } from "../conversation/catch-up.ts";
import type { Described, Wanted } from "../conversation/description.ts";
import { seenClients } from "../conversation/known-clients.ts";
import { knownConversations } from "../conversation/known-conversations.ts";
import type { ConversationLimits } from "../conversation/new-conversation.ts";
import type { MissedNotices } from "../conversation/notices.ts";
import type { Started } from "../conversation/started.ts";
import { lagging } from "../database/archive.ts";
import {
  conversationsAfter,
  type Memberships,
  registerClient,
  undiscoveredConversationsOf,
} from "../database/conversations/memberships.ts";
import {
  type ConversationQuery,
  type QueryRefusal,
  queryConversations,
} from "../database/conversations/query.ts";
import {
  bindDevice,
  type DeviceBinding,
  type DeviceState,
  deviceState,
  unbindDevice,
  unbindEverywhere,
} from "../database/installations/device-clients.ts";
import { withDeadline } from "../deadline.ts";
import type { Hooks } from "../hooks/events.ts";
import { hooksOf } from "../hooks/hooks.ts";
import { eventQueueOf } from "../hooks/queue.ts";
import type { AppEvent } from "../model/app-events.ts";
import type { ConversationFound, ConversationRecord, Will } from "../model/records.ts";
import { outboundOf } from "../outbound/http-client.ts";
import type { SeenVersion } from "../protocol/seen-version.ts";
import { publish } from "../queue/publish.ts";
import type { Settings } from "../settings/schema.ts";
import { settingsOf } from "../settings/store.ts";
import type { Judges } from "./credentials.ts";
import { checkJsonWebToken, type TokenRules, type TokenVerdict } from "./json-web-token.ts";
import { type Fetch, KeySets } from "./key-sets.ts";
import { Presence } from "./presence.ts";
import { QueryQueue } from "./query-queue.ts";
import { SessionTokens } from "./session-token.ts";

/** What a client's rules ask of the rest of the service. Every call has a deadline and may reject. */
export interface Services {
  appId: string;
  masterKey: string;
  tokens: SessionTokens;
  now(): number;
  /** As last read where D1 does not answer; never rejects. */
  settings(): Promise<Settings>;
  /** By the app's rules for such tokens; rejects where the keys of their issuer cannot be had. */
  checkJsonWebToken(token: string, clientId: string, rules: TokenRules): Promise<TokenVerdict>;
  hooks: Hooks;
  limits(): Promise<ConversationLimits>;
  start(record: ConversationRecord): Promise<Started>;
  /** Those of some ids that may be conversations: of others, no object is to be asked. */
  existing(conversationIds: string[]): Promise<string[]>;
  /** A client logs in for the first time: what it is a member of, or nothing where conversations told it everything. */
  registerClient(clientId: string): Promise<Memberships>;
  /** What a client is a member of, by id, after one of them. */
  conversationsAfter(clientId: string, conversationId: string): Promise<Memberships>;
  /** The newest that a client is a member of, if its first login may not have found them yet. */
  untoldConversations(clientId: string): Promise<string[]>;
  /** As a client may see it. */
  describe(conversationId: string, viewer: string, wanted: Wanted): Promise<Described | undefined>;
  /** Of conversations that somebody was shown, those of which D1 has less, or nothing. */
  lagging(shown: readonly SeenVersion[]): Promise<string[]>;
  /** Has a conversation copy to D1 what that lacks; whether it could. */
  copyNow(conversationId: string): Promise<boolean>;
  /** Whether the unique conversation of a record's members is there already. */
  hasUnique(record: ConversationRecord): Promise<boolean>;
  isMember(conversationId: string, clientId: string): Promise<boolean>;
  catchUp(conversationId: string, clientId: string, request: CatchUpRequest): Promise<CatchUp | undefined>;
  missedNotices(conversationId: string, clientId: string, after: number): Promise<MissedNotices>;
  will(conversationId: string, clientId: string, will: Will): Promise<void>;
  /** Rejects with `TooManyQueries` where its turn does not come. */
  query(query: ConversationQuery): Promise<ConversationFound[] | QueryRefusal>;
  /** Those of some clients that are online. */
  online(clientIds: string[]): Promise<string[]>;
  /** Messages of a conversation that a client has not read; 0 where he is no member. */
  unread(conversationId: string, clientId: string): Promise<number>;
  /** A client has sessions, or none any more. Nobody waits for this. */
  tellPresence(change: PresenceChange): void;
  publish(events: AppEvent[]): Promise<void>;
  /** Who is logged in on a device, by the name that its sessions give it. */
  deviceState(device: string): Promise<DeviceState>;
  /** Whether it is done: not where somebody is logged in there by now who was not when it was decided. */
  bindDevice(binding: DeviceBinding): Promise<boolean>;
  unbindDevice(binding: { device: string; clientId: string }): Promise<void>;
  /** Of all devices that are pushed to for a client, but for logins after this time (ms). */
  unbindEverywhere(binding: { clientId: string; at: number }): Promise<void>;
  /** Whether a client has a session on a user's socket. */
  isOnConnection(clientId: string, connectionId: string): Promise<boolean>;
  /** How long a device may take to come back whose connection broke on this side (ms), as set at the moment. */
  returnTime(): number;
  /** Runs once after this many milliseconds, in memory alone; returns how to call it off. */
  timer(milliseconds: number, run: () => void): () => void;
  /** Calls `Client.wake` after this many milliseconds, whatever happens to the object meanwhile. */
  retryAfter(delay: number): void;
}

const OBJECT_DEADLINE = 5_000; // ms for another object to answer, over what that one gives D1
const LOGIN_DEADLINE = 1_500; // ms for each thing that a first login asks D1
const QUERY_DEADLINE = 8_000; // ms for D1; the most impatient SDK, Java, waits 10 s

/** One for everything in this isolate. */
const keySets = new KeySets();
const queries = new QueryQueue();
const presence = new Presence();

/** What it takes to judge a login, in the Worker as in an object. */
export function judgesOf(env: Env): Judges {
  return {
    appId: env.APP_ID,
    masterKey: env.MASTER_KEY,
    tokens: new SessionTokens(env.APP_ID, env.MASTER_KEY),
    now: () => Date.now(),
    checkJsonWebToken: async (token, clientId, rules) => {
      const outbound = outboundOf(env, await settingsOf(env).get());
      const fetch: Fetch = (url, init) => outbound.fetch(url, init);
      return checkJsonWebToken(token, clientId, rules, { keySets, fetch, now: Date.now() });
    },
  };
}

export function servicesOf(env: Env, retryAfter: (delay: number) => void): Services {
  const conversation = (id: string) => env.CONVERSATIONS.getByName(id);
  const app = env.APP.getByName("app");
  const known = knownConversations(env);
  return {
    ...judgesOf(env),
    settings: () => settingsOf(env).get(),
    hooks: hooksOf(env),
    limits: async () => (await settingsOf(env).get()).limits,
    start: async (record) => {
      const starting = conversation(record.id).start(record, "client");
      const started = await withDeadline(starting, OBJECT_DEADLINE, `start of ${record.id}`);
      known.add(started.conversation.id);
      return started;
    },
    existing: (ids) => known.among(ids),
    registerClient: async (clientId) => {
      const registered = registerClient(env.DB, clientId, Date.now());
      const memberships = await withDeadline(registered, LOGIN_DEADLINE, `first login of ${clientId}`);
      seenClients(env.DB).add(clientId);
      return memberships;
    },
    conversationsAfter: (clientId, after) =>
      withDeadline(conversationsAfter(env.DB, clientId, after), LOGIN_DEADLINE, `memberships of ${clientId}`),
    untoldConversations: (clientId) => {
      const untold = undiscoveredConversationsOf(env.DB, clientId, CONVERSATIONS_COUNTED);
      return withDeadline(untold, LOGIN_DEADLINE, `memberships of ${clientId}`);
    },
    describe: (id, viewer, wanted) =>
      withDeadline(conversation(id).describe(viewer, wanted), OBJECT_DEADLINE, `describing ${id}`),
    lagging: (shown) => withDeadline(lagging(env.DB, shown), OBJECT_DEADLINE, "asking D1 what it lacks"),
    copyNow: (id) => withDeadline(conversation(id).copyNow(), OBJECT_DEADLINE, `copying ${id}`),
    hasUnique: ({ id, members }) =>
      withDeadline(conversation(id).hasUnique(members), OBJECT_DEADLINE, `finding ${id}`),
    isMember: (id, clientId) =>
      withDeadline(conversation(id).isMember(clientId), OBJECT_DEADLINE, `members of ${id}`),
    catchUp: (id, clientId, request) =>
      withDeadline(conversation(id).catchUp(clientId, request), OBJECT_DEADLINE, `news of ${id}`),
    missedNotices: (id, clientId, after) =>
      withDeadline(conversation(id).missedNotices(clientId, after), OBJECT_DEADLINE, `notices of ${id}`),
    will: (id, clientId, will) =>
      withDeadline(conversation(id).will(clientId, will), OBJECT_DEADLINE, `will in ${id}`),
    query: (query) =>
      queries.run(() =>
        withDeadline(queryConversations(env.DB, query), QUERY_DEADLINE, "querying conversations"),
      ),
    online: (clientIds) => onlineAmong(env, clientIds),
    unread: async (id, clientId) => {
      const asked = conversation(id).unread(clientId);
      const unread = await withDeadline(asked, OBJECT_DEADLINE, `unread messages of ${id}`);
      return typeof unread === "number" ? unread : 0;
    },
    tellPresence: (change) => {
      presence.changed(change, (changes) =>
        withDeadline(app.presenceChanged(changes), OBJECT_DEADLINE, "presence"),
      );
    },
    publish: (events) => publish(eventQueueOf(env), events),
    deviceState: (device) => withDeadline(deviceState(env.DB, device), QUERY_DEADLINE, "device"),
    bindDevice: (binding) => withDeadline(bindDevice(env.DB, binding), QUERY_DEADLINE, "device"),
    unbindDevice: (binding) => withDeadline(unbindDevice(env.DB, binding), QUERY_DEADLINE, "device"),
    unbindEverywhere: (binding) => withDeadline(unbindEverywhere(env.DB, binding), QUERY_DEADLINE, "devices"),
    isOnConnection: (clientId, connectionId) => {
      const asked = env.CLIENTS.getByName(clientId).isOnConnection(connectionId);
      return withDeadline(asked, OBJECT_DEADLINE, `sessions of ${clientId}`);
    },
    returnTime: () => settingsOf(env).last.limits.returnSeconds * 1000,
    timer: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    retryAfter,
  };
}
