import { Buffer } from "node:buffer";
import { logOncePerMinute } from "../log-once-per-minute.ts";
import { loggableError } from "../loggable-error.ts";
import type { EventOf } from "../model/app-events.ts";
import type { Installation } from "../model/installation.ts";
import type { JsonObject } from "../model/json.ts";
import { type Addressee, type DeliveryPlanHost, isEligible, planDeliveries } from "./plan-deliveries.ts";
import { type Controlled, chosenContent, controlled } from "./push-content.ts";
import { PUSH_LIFETIME, type Push, type PushDelivery } from "./push-work.ts";

/** Larger than any provider's limit, in bytes of JSON; with its recipients it fits the queue (128 KB). */
const CONTENT_MAX = 32_768;

/**
 * The services that a push to offline members needs. Without providers, no devices are looked up. Every call has a
 * deadline.
 */
export interface OfflinePushHost extends DeliveryPlanHost {
  /** The app's policy (H-03). Never rejects. */
  callHook(event: OfflineEvent): Promise<OfflineAnswer>;
  /** Content for messages without their own (P-05). */
  template: JsonObject | null;
  /** The devices of these clients (P-13). */
  installationsOf(
    clientIds: readonly string[],
  ): Promise<{ installation: Installation; channels: string[] }[]>;
  /** Adds deliveries to the queue. Rejects if the queue does not accept them. */
  queue(deliveries: PushDelivery[]): Promise<void>;
  /** Notes why a message is pushed to none of these. Its failure changes nothing. */
  noteOmitted?(event: OfflineEvent, why: string): Promise<void>;
  now(): number;
}

/**
 * Pushes a message to its offline recipients (P-01). The app's hook decides first about recipients and content (P-10,
 * P-22). Rejects if D1 or the queue fails: then it is retried.
 */
export async function pushToOffline(event: OfflineEvent, host: OfflinePushHost): Promise<void> {
  const answer = await host.callHook(event);
  if (answer.skip) return omitted(event, "the app's hook said not to push", host);
  if (host.providers.length === 0) return omitted(event, "no push provider is set up", host);
  const now = host.now();
  const { messageId } = event;
  const notSent = (why: string) => {
    logOncePerMinute(`push ${why}`, `push ${messageId}: not sent, ${why}`, now);
    return omitted(event, why, host);
  };
  const push = offlinePushOf(event, answer.pushMessage, host.template, now);
  if ("tooLarge" in push) {
    console.warn(`push ${messageId}: not sent, ${push.problem}`);
    return omitted(event, push.problem, host);
  }
  if ("problem" in push) return notSent(push.problem);
  const addressees = await addresseesOf(event, answer, host, now);
  if ("problem" in addressees) return notSent(addressees.problem);
  const deliveries = await planDeliveries(push, addressees, host);
  if (deliveries.length === 0)
    return notSent("no configured provider serves the devices (their deviceType and vendor)");
  await host.queue(deliveries);
}

/** Never rejects. */
async function omitted(event: OfflineEvent, why: string, { noteOmitted }: OfflinePushHost): Promise<void> {
  try {
    await noteOmitted?.(event, why);
  } catch (error) {
    console.warn(`push ${event.messageId}: not in the event log:`, loggableError(error));
  }
}

/** Why nothing is pushed, to follow "not sent, ". */
export interface Problem {
  problem: string;
}

/**
 * The push of a message, whoever receives it; or why there is none.
 *
 * @param hook the content that the app's hook gave
 * @param now ms
 */
export function offlinePushOf(
  event: OfflineEvent,
  hook: string | undefined,
  template: JsonObject | null,
  now: number,
): Push | Problem | (Problem & { tooLarge: true }) {
  const expiresAt = event.timestamp + PUSH_LIFETIME;
  if (expiresAt <= now) return { problem: "its message is over seven days old" };
  const chosen = contentOf(event, hook, template, now);
  if ("problem" in chosen) return chosen;
  const { content, environment, teamId } = chosen;
  const bytes = Buffer.byteLength(JSON.stringify(content));
  // The queue would refuse it at every attempt.
  if (bytes > CONTENT_MAX)
    return { problem: `content of ${bytes} bytes, of ${CONTENT_MAX} at most`, tooLarge: true };
  const { messageId, conversationId } = event;
  const cause = { type: "message" as const, conversationId, messageId };
  return { id: messageId, cause, content, environment, teamId, topic: undefined, expiresAt };
}

/** The content of the push without its control keys. */
function contentOf(
  { conversationId, from, pushData }: OfflineEvent,
  hook: string | undefined,
  template: JsonObject | null,
  now: number,
): Controlled | Problem {
  const variables = { convId: conversationId, timestamp: now, fromClientId: from };
  const chosen = chosenContent({ hook, pushData, template, variables });
  if (chosen === undefined) return { problem: "there is no content: no hook's, no pushData, no push.static" };
  const bare = controlled(chosen);
  return Object.keys(bare.content).length === 0 ? { problem: "its content has control keys alone" } : bare;
}

/** The devices of the offline recipients that did not mute the conversation. */
async function addresseesOf(
  event: OfflineEvent,
  { offline, force }: OfflineAnswer & { skip: false },
  { installationsOf }: OfflinePushHost,
  now: number,
): Promise<Addressee[] | Problem> {
  const muted = new Set(force ? [] : event.muted);
  const clientIds = offline.filter((clientId) => !muted.has(clientId));
  if (clientIds.length === 0) return { problem: "all offline recipients muted it, or the hook left none" };
  const found = await installationsOf(clientIds);
  if (found.length === 0)
    return { problem: "no offline recipient has a device (no installation has their id as a channel)" };
  // A device on which two of them are logged in is pushed to once.
  const addressees = found
    .filter(({ installation }) => isEligible(installation, now))
    .map(({ installation, channels }) => ({ installation, clientIds: channels }));
  if (addressees.length === 0)
    return { problem: "the devices are invalid, inactive for 90 days, or Android's without a vendor" };
  return addressees;
}

export type OfflineEvent = EventOf<"receiversOffline">;

/** The offline recipients to push to, and the content (P-09, P-22). */
export type OfflineAnswer =
  | { skip: true }
  | {
      skip: false;
      offline: string[];
      /** A JSON object; undefined uses the message's push data. */
      pushMessage: string | undefined;
      /** Whether members that muted the conversation are included. */
      force: boolean;
    };
