import { appOf } from "../app/app.ts";
import { onlineAmong } from "../app/online.ts";
import type { Env } from "../bindings.ts";
import { conversationOf } from "../conversation/conversation-of.ts";
import { knownConversations } from "../conversation/creation/known-conversations.ts";
import { seenClients } from "../conversation/known-clients.ts";
import { conversationsAfter, undiscoveredConversationsOf } from "../database/conversations/memberships.ts";
import { queryConversations } from "../database/conversations/query.ts";
import {
  bindDevice,
  deviceState,
  unbindDevice,
  unbindEverywhere,
} from "../database/installations/device-clients.ts";
import { archiveOf } from "../database/messages/archive.ts";
import { lagging } from "../database/messages/archive-progress.ts";
import { withDeadline } from "../deadline.ts";
import { hooksOf } from "../hooks/before/app-hooks.ts";
import { eventQueueOf } from "../hooks/events/event-queue.ts";
import { outboundOf } from "../outbound/http-client.ts";
import { endOf, TemporaryIds } from "../protocol/temporary-ids.ts";
import { publish } from "../queue/publish.ts";
import { CONVERSATIONS_COUNTED } from "../request-bounds.ts";
import { settingsOf } from "../settings/store.ts";
import type { ServicesBesideAlarm } from "./assemble-client.ts";
import type { CredentialServices } from "./client-ports.ts";
import { checkJsonWebToken } from "./json-web-token.ts";
import { type FetchKeys, KeySets } from "./key-sets.ts";
import { PresenceReporters } from "./presence-reporter.ts";
import { QueryQueue } from "./query-queue.ts";
import { SessionTokens } from "./session-token.ts";

const OBJECT_DEADLINE = 5_000; // ms for another object to answer: more than that one gives D1
const LOGIN_DEADLINE = 1_500; // ms for each call of a first login to D1
const QUERY_DEADLINE = 8_000; // ms for D1; the most impatient SDK, Java, waits 10 s

/** Shared by everything in this isolate. */
const keySets = new KeySets();
const queries = new QueryQueue();
const presence = new PresenceReporters();

/** The services that check the credentials of a login, in the Worker as in an object. */
export function credentialServicesOf(env: Env): CredentialServices {
  return {
    appId: env.APP_ID,
    masterKey: env.MASTER_KEY,
    tokens: new SessionTokens(env.APP_ID, env.MASTER_KEY),
    now: () => Date.now(),
    checkJsonWebToken: async (token, clientId, rules) => {
      const outbound = outboundOf(env, await settingsOf(env).get());
      const fetch: FetchKeys = (url, init) => outbound.fetch(url, init);
      return checkJsonWebToken(token, clientId, rules, { keySets, fetch, now: Date.now() });
    },
  };
}

export function clientServicesOf(env: Env): ServicesBesideAlarm {
  const conversation = (id: string) => conversationOf(env, id);
  const app = appOf(env);
  const known = knownConversations(env);
  /** Of a temporary conversation that is over, nobody is asked. */
  const isOver = (id: string) => (endOf(id) ?? Number.POSITIVE_INFINITY) <= Date.now();
  return {
    ...credentialServicesOf(env),
    temporaryIds: new TemporaryIds(env.APP_ID, env.MASTER_KEY),
    settings: () => settingsOf(env).get(),
    hooks: hooksOf(env),
    limits: async () => (await settingsOf(env).get()).limits,
    start: async (record) => {
      const starting = conversation(record.id).start(record, "client");
      const started = await withDeadline(starting, OBJECT_DEADLINE, `start of ${record.id}`);
      known.add(started.conversation);
      return started;
    },
    existing: (ids) => known.among(ids),
    registerClient: async (clientId) => {
      const registered = app.registerClient(clientId);
      const memberships = await withDeadline(registered, LOGIN_DEADLINE, `first login of ${clientId}`);
      seenClients(env.DB).add(clientId);
      return memberships;
    },
    conversationsAfter: (clientId, after) =>
      withDeadline(conversationsAfter(env.DB, clientId, after), LOGIN_DEADLINE, `memberships of ${clientId}`),
    undiscoveredConversations: (clientId) => {
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
    writeRefusal: (id, clientId) =>
      withDeadline(conversation(id).writeRefusal(clientId), OBJECT_DEADLINE, `silences of ${id}`),
    setRefused: (id, clientId, refused) =>
      withDeadline(conversation(id).setRefused(clientId, refused), OBJECT_DEADLINE, `refusal of ${id}`),
    catchUp: async (id, clientId, request) =>
      isOver(id)
        ? undefined
        : withDeadline(conversation(id).catchUp(clientId, request), OBJECT_DEADLINE, `news of ${id}`),
    missedNotices: async (id, clientId, after) =>
      isOver(id)
        ? { events: [], complete: true }
        : withDeadline(conversation(id).missedNotices(clientId, after), OBJECT_DEADLINE, `notices of ${id}`),
    will: (id, clientId, will) =>
      withDeadline(conversation(id).will(clientId, will), OBJECT_DEADLINE, `will in ${id}`),
    query: (query) =>
      queries.run(() =>
        withDeadline(
          queryConversations(env.DB, { ...query, archive: archiveOf(env) }),
          QUERY_DEADLINE,
          "querying conversations",
        ),
      ),
    online: (clientIds) => onlineAmong(env, clientIds),
    unread: async (id, clientId, globalsAfter) => {
      if (isOver(id)) return 0;
      const count = conversation(id).unread(clientId, globalsAfter);
      const unread = await withDeadline(count, OBJECT_DEADLINE, `unread messages of ${id}`);
      return typeof unread === "number" ? unread : 0;
    },
    reportPresence: (change) => {
      const shard = app.shardOf(change.clientId);
      presence
        .of(shard)
        .changed(change, (changes) =>
          withDeadline(app.presenceChanged(shard, changes), OBJECT_DEADLINE, "presence"),
        );
    },
    publish: (events) => publish(eventQueueOf(env), events),
    deviceState: (device) => withDeadline(deviceState(env.DB, device), QUERY_DEADLINE, "device"),
    bindDevice: (binding) => withDeadline(bindDevice(env.DB, binding), QUERY_DEADLINE, "device"),
    unbindDevice: (binding) => withDeadline(unbindDevice(env.DB, binding), QUERY_DEADLINE, "device"),
    unbindEverywhere: (binding) => withDeadline(unbindEverywhere(env.DB, binding), QUERY_DEADLINE, "devices"),
    isOnConnection: (clientId, connectionId) => {
      const answer = env.CLIENTS.getByName(clientId).isOnConnection(connectionId);
      return withDeadline(answer, OBJECT_DEADLINE, `sessions of ${clientId}`);
    },
    roomReturnTime: () => settingsOf(env).last.rooms.returnMinutes * 60_000,
    returnTime: () => settingsOf(env).last.limits.returnSeconds * 1000,
    timer: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
  };
}
