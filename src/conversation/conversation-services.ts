import type { Env } from "../bindings.ts";
import { copyDelayOf } from "../database/messages/copy-delay.ts";
import { withDeadline } from "../deadline.ts";
import { hooksOf } from "../hooks/before/app-hooks.ts";
import { eventQueueOf } from "../hooks/events/event-queue.ts";
import { meterOf } from "../metrics/meter-of.ts";
import { filtered } from "../moderation/filter.ts";
import { keywordFilterOf } from "../moderation/word-list-store.ts";
import { lastTimeOf, verifyMembershipSignature } from "../protocol/signatures.ts";
import type { OfflineEvent } from "../push/offline-push.ts";
import { publish } from "../queue/publish.ts";
import { relayName } from "../relay/tree.ts";
import { settingsOf } from "../settings/store.ts";
import { conversationOf } from "./conversation-of.ts";
import type { ConversationServices } from "./conversation-ports.ts";
import { copyCallsOf } from "./copy/copy-calls.ts";
import { CopyPace } from "./copy/copy-pace.ts";
import type { RelayCalls } from "./delivery/relay-calls.ts";
import { knownClients } from "./known-clients.ts";
import { newConversationId } from "./messages/ids.ts";
import { mirrorCallsOf } from "./mirror/mirror-calls.ts";
import { DirectCalls } from "./push/direct-calls.ts";
import { announcementCalls } from "./service/announcement-calls.ts";
import { subscriptionLists } from "./service/subscription-lists.ts";

const WAKE_DEADLINE = 5_000; // ms for a client's object to answer
const SIGNATURE_DEADLINE = 2_000; // ms for a client's object to say whether a signature is void
const RELAY_DEADLINE = 5_000; // ms for a relay to hand over what is new
const START_DEADLINE = 4_000; // ms for another conversation; less than the caller of this one waits

/** Shared by all conversations of this isolate. */
const copyPace = new CopyPace();
const directCalls = new DirectCalls();

/** Pushes to offline recipients without a queue. Resolves to why it is not settled, if it is not. */
export type DirectPusher = (event: OfflineEvent) => Promise<string | undefined>;

function relayCallsOf({ RELAYS }: Env): RelayCalls {
  // A new stub for each call: one that is kept would keep both objects from hibernating.
  const relay = (id: string, number: number) => RELAYS.getByName(relayName(id, number));
  return {
    deliver: async (id, number, batch) =>
      structuredClone(await withDeadline(relay(id, number).deliver(batch), RELAY_DEADLINE, `relay of ${id}`)),
    close: (id, number) => withDeadline(relay(id, number).close(), RELAY_DEADLINE, `relay of ${id}`),
    audience: async (id, number, limit) =>
      structuredClone(
        await withDeadline(relay(id, number).audience(limit), RELAY_DEADLINE, `relay of ${id}`),
      ),
    part: async (id, number, parts) =>
      structuredClone(await withDeadline(relay(id, number).part(parts), RELAY_DEADLINE, `relay of ${id}`)),
    presentAmong: async (id, number, clientIds) =>
      structuredClone(
        await withDeadline(relay(id, number).presentAmong(clientIds), RELAY_DEADLINE, `relay of ${id}`),
      ),
  };
}

/** @param push the Worker's own way to push without a queue */
export function conversationServices(env: Env, push: DirectPusher): ConversationServices {
  const settings = settingsOf(env);
  const conversation = (id: string) => conversationOf(env, id);
  return {
    settings: () => settings.last,
    refreshSettings: () => (settings.peek() === undefined ? settings.get() : undefined),
    hooks: hooksOf(env),
    filtered: async (content) => {
      const words = await keywordFilterOf(env).get(settings.last.keywords.version);
      return words && filtered(content, words)?.content;
    },
    isSigned: async (change) => {
      const { APP_ID: appId, MASTER_KEY: masterKey } = env;
      const { clientId, signature } = change;
      const isGenuine = await verifyMembershipSignature({ ...change, appId, masterKey, now: Date.now() });
      if (!isGenuine || signature === undefined) return false;
      // Nobody but the client's object knows of a kick, which makes it void.
      const asking = env.CLIENTS.getByName(clientId).signatureRefusal(lastTimeOf(signature));
      return (await withDeadline(asking, SIGNATURE_DEADLINE, `kicks of ${clientId}`)) === undefined;
    },
    copyCalls: copyCallsOf(env),
    copyDelay: copyDelayOf(env),
    copyPace,
    knownClients: knownClients(env.DB),
    wake: async (clientId, conversationId, wake) => {
      const waking = env.CLIENTS.getByName(clientId).wake(conversationId, wake);
      const answer = await withDeadline(waking, WAKE_DEADLINE, `wake of ${clientId}`);
      // A clone: the RPC result itself would keep the other object from hibernating (seen 2026-11-28).
      return structuredClone(answer);
    },
    ...subscriptionLists(env),
    ...announcementCalls(env),
    startThere: async (record) => {
      // Its creator does not know its id before the reply, which may be lost, so they are notified like every member.
      const starting = conversation(record.id).startHere(record, "server");
      const started = await withDeadline(starting, START_DEADLINE, `start of ${record.id}`);
      // A clone: the RPC result itself would keep the other object from hibernating (seen 2026-11-28).
      return structuredClone(started);
    },
    hasMembers: (id, members) =>
      withDeadline(conversation(id).isOf(members), START_DEADLINE, `members of ${id}`),
    newId: () => newConversationId(Date.now()),
    relays: relayCallsOf(env),
    mirror: mirrorCallsOf(env),
    retentionDeleted: (what) => {
      const meter = meterOf(env);
      if (typeof what === "number") meter.deleted(what);
      else meter.count("retention.conversations");
      void meter.reportIfDue();
    },
    publish: (events) => publish(eventQueueOf(env), events),
    rowsAreFree: env.SINGLE_MACHINE === "1",
    pushNow: (event) => directCalls.run(() => push(event)),
  };
}
