import { WAKES_AT_ONCE } from "../bounds.ts";
import { EventOutbox } from "../hooks/events/event-outbox.ts";
import { LimitedCalls } from "../limited-calls.ts";
import { hasListeners } from "../settings/schema.ts";
import { Conversation } from "./conversation.ts";
import type { ConversationPlatform, ConversationServices } from "./conversation-ports.ts";
import { Outbox } from "./copy/outbox.ts";
import { Delivery } from "./delivery/delivery.ts";
import type { ClientsToServe, DeliveryHost, PendingSince } from "./delivery/delivery-host.ts";
import { memberClients } from "./delivery/member-clients.ts";
import { recentEntries } from "./delivery/relayed-frames.ts";
import { NEVER_LOGGED_IN } from "./delivery/served-client.ts";
import type { Subscription } from "./delivery/subscription.ts";
import { UnseenMembers } from "./delivery/unseen-members.ts";
import { Mirror } from "./mirror/mirror.ts";
import { MirrorRecords } from "./mirror/mirror-records.ts";
import { keptFrom } from "./retention/kept-from.ts";
import { Downstream } from "./room/downstream.ts";
import { roomClients } from "./room/room-clients.ts";
import { serviceClients } from "./service/service-clients.ts";
import type { ConversationState } from "./state.ts";

/** ms: longer than any call in flight, so that the alarm only finds what a crash left. */
export const PENDING_DELAY = 10_000;

/** A conversation with everything that serves it. */
export interface OpenConversation {
  state: ConversationState;
  delivery: Delivery;
  conversation: Conversation;
  outbox: Outbox;
  mirror: Mirror;
  unseen: UnseenMembers;
}

/**
 * Gives the rules of a conversation to each other.
 *
 * @param subscriptions those that survived hibernation
 * @param pending what was pending when the object hibernated or died
 */
export function assembleConversation(
  state: ConversationState,
  pending: PendingSince | undefined,
  subscriptions: readonly Subscription[],
  platform: ConversationPlatform,
  services: ConversationServices,
): OpenConversation {
  const { alarm, now, inNextTurn } = platform;
  state.log.readableFrom.follow(() => keptFrom(state, services.settings(), now()));
  const outbox = outboxOf(state, platform, services);
  const unseen = new UnseenMembers(state, {
    now,
    mayHaveLoggedIn: (clientId) => services.knownClients.mayHaveLoggedIn(clientId),
    appeared: (clientId, since) => delivery.appeared(clientId, since),
    lookWithin: (delay) => alarm.within(delay),
  });
  const delivery = deliveryOf(state, pending, subscriptions, { outbox, unseen }, platform, services);
  const mirror = new Mirror(state, new MirrorRecords(platform.tables), {
    ...services.mirror,
    now,
    sendAfter: (delay) => alarm.within(delay),
  });
  const conversation = new Conversation(
    state,
    delivery,
    subscriptions,
    outbox,
    new EventOutbox(platform.tables),
    new Downstream(platform.tables, {
      now,
      messagesPerSecond: () => services.settings().rooms.messagesPerSecond,
    }),
    {
      now,
      inNextTurn,
      turn: platform.turn,
      timer: platform.timer,
      archiveSoon: () => {
        outbox.scheduleCopy();
        unseen.lookSoon();
      },
      mirror: (message) => mirror.stored(message),
      mirrorChange: (message) => mirror.changed(message),
      settings: services.settings,
      refreshSettings: services.refreshSettings,
      hooks: services.hooks,
      filtered: services.filtered,
      isSigned: services.isSigned,
      hasListeners: () => hasListeners(services.settings()),
      isLogged: () => services.settings().events.logDays > 0,
      hasServiceHook: () => services.settings().serviceHook.url !== null,
      publish: services.publish,
      pushNow: services.pushNow,
      rowsAreFree: services.rowsAreFree,
      list: services.list,
      unlist: services.unlist,
      saveUnexpired: services.saveUnexpired,
      onlineAfter: services.onlineAfter,
      announce: services.announce,
      announceWithin: (delay) => alarm.within(delay),
      publishAfter: (delay) => alarm.within(delay),
    },
  );
  return { state, delivery, conversation, outbox, mirror, unseen };
}

function outboxOf(
  state: ConversationState,
  { alarm, now, inNextTurn, timer }: ConversationPlatform,
  { copyCalls, copyDelay, copyPace }: ConversationServices,
): Outbox {
  const host = {
    now,
    inNextTurn,
    timer: (delay: number, run: () => void) => void timer(delay, run),
    drainWithin: (delay: number) => alarm.within(delay),
    copyDelay,
  };
  return new Outbox(state, copyCalls, host, copyPace);
}

function clientsOf(
  state: ConversationState,
  settings: ConversationServices["settings"],
  now: () => number,
): ClientsToServe {
  if (state.service !== undefined) return serviceClients(state, state.service, now);
  return state.rules.isRoom ? roomClients(state, settings) : memberClients(state, settings, now);
}

function relaysOf(
  state: ConversationState,
  { alarm, now, tables, timer }: ConversationPlatform,
  { relays }: ConversationServices,
): DeliveryHost["relays"] {
  const { id } = state.facts;
  return {
    now,
    end: () => state.log.end,
    lastNotice: () => state.notices.last,
    entry: () => ({
      isRoom: state.rules.isRoom,
      isFree: state.rules.isRoom && state.permissions.blacklist.size === 0,
      updatedAt: state.facts.updatedAt,
    }),
    entriesAfter: (time) => recentEntries(state, time),
    stored: () => {
      const rows = tables.read<{ relay: number; registration: string }>("relays", "SELECT * FROM relays");
      return new Map(rows.map(({ relay, registration }) => [relay, registration]));
    },
    store: (relay, registration) =>
      tables.add("relays", "INSERT OR REPLACE INTO relays VALUES (?, ?)", relay, registration),
    unstore: (relay) => tables.change("relays", "DELETE FROM relays WHERE relay = ?", relay),
    deliver: (relay, batch) => relays.deliver(id, relay, batch),
    close: (relay) => relays.close(id, relay),
    audience: (relay, limit) => relays.audience(id, relay, limit),
    part: (relay, parts) => relays.part(id, relay, parts),
    presentAmong: (relay, clientIds) => relays.presentAmong(id, relay, clientIds),
    retryAfter: (delay) => alarm.within(delay),
    pause: () => new Promise((resolve) => void timer(0, resolve)),
  };
}

function deliveryOf(
  state: ConversationState,
  pending: PendingSince | undefined,
  subscriptions: readonly Subscription[],
  { outbox, unseen }: { outbox: Outbox; unseen: UnseenMembers },
  platform: ConversationPlatform,
  services: ConversationServices,
): Delivery {
  const { alarm, now, timer } = platform;
  const { knownClients, settings, wake } = services;
  const { id } = state.facts;
  // A single command may add 500 members, and each call may create an object.
  const calls = new LimitedCalls(WAKES_AT_ONCE, () => new Promise((resolve) => void timer(0, resolve)));
  return new Delivery(
    {
      now,
      relays: relaysOf(state, platform, services),
      end: () => state.log.end,
      endAt: (time) => state.log.upTo(time),
      lastNotice: () => state.notices.last,
      ...clientsOf(state, settings, now),
      markPending: (since) => {
        if (state.pendingSince === undefined) alarm.within(PENDING_DELAY);
        state.markPending(since);
      },
      clearPending: () => state.clearPending(),
      wake: async (clientId, what) => {
        // At a client's first login, D1's list of members is the only way to find this conversation.
        const isUnknown = !knownClients.has(clientId) && (await outbox.index());
        const hasNeverLoggedIn = async () => isUnknown && !(await knownClients.mayHaveLoggedIn(clientId));
        let isUnseen = await hasNeverLoggedIn();
        if (isUnseen && state.service !== undefined) {
          // D1 does not list whom a service writes to. They may log in for the first time meanwhile.
          await services.keepForFirstLogin(clientId, id);
          isUnseen = await hasNeverLoggedIn();
        }
        if (isUnseen) {
          if (!state.rules.isCopied) unseen.add(clientId);
          return { sessions: { ids: [], asOf: NEVER_LOGGED_IN } };
        }
        return calls.run(() => wake(clientId, id, what));
      },
      retryAfter: (delay) => alarm.within(delay),
    },
    [...subscriptions],
    pending,
  );
}
