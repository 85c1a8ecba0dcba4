import { withDeadline } from "../deadline.ts";
import type { Installation } from "../history/installations.ts";
import type { OfflineAnswer, OfflineEvent } from "../hooks/verdicts.ts";
import type { JsonObject } from "../protocol/json.ts";
import { chosenContent, controlled, wantsIncrement } from "./content.ts";
import { type Addressee, deliveriesOf, isEligible, providerFor } from "./deliveries.ts";
import type { PushProvider } from "./provider.ts";
import { type Delivery, EXPIRY } from "./work.ts";

export interface OfflinePushHost {
  /** The app's say (H-03). Has a deadline and never rejects. */
  ask(event: OfflineEvent): Promise<OfflineAnswer>;
  /** The ways to devices that are set up; without any, nothing is looked for. */
  providers: readonly PushProvider[];
  /** Content for messages that bring none (P-05). */
  template: JsonObject | null;
  /** The devices of these clients (P-13). */
  installationsOf(
    clientIds: readonly string[],
  ): Promise<{ installation: Installation; channels: string[] }[]>;
  /** Adds one to what the icons of these devices show; the new numbers (P-06). */
  incrementBadges(installations: readonly string[]): Promise<Map<string, number>>;
  /** Puts deliveries on the queue. Rejects when it does not take them. */
  queue(deliveries: Delivery[]): Promise<void>;
  now(): number;
}

const LOOKUP_DEADLINE = 8_000; // ms for D1

/**
 * Pushes a message to its recipients who are offline (P-01): to whom and what, the app's hook has the first word
 * (P-10, P-22). Rejects when D1 or the queue does not answer: then it is to be tried again.
 */
export async function pushToOffline(event: OfflineEvent, host: OfflinePushHost): Promise<void> {
  const answer = await host.ask(event);
  if (answer.skip || host.providers.length === 0) return;
  const now = host.now();
  const expiresAt = event.timestamp + EXPIRY;
  const chosen = chosenContent({
    hook: answer.pushMessage,
    pushData: event.pushData,
    template: host.template,
    variables: { convId: event.conversationId, timestamp: now, fromClientId: event.from },
  });
  if (chosen === undefined || expiresAt <= now) return;
  const muted = new Set(answer.force ? [] : event.muted);
  const clientIds = answer.offline.filter((clientId) => !muted.has(clientId));
  if (clientIds.length === 0) return;
  const found = await withDeadline(host.installationsOf(clientIds), LOOKUP_DEADLINE, "devices");
  // A device that two of them are logged in on is pushed to once.
  const addressees: Addressee[] = found
    .filter(({ installation }) => isEligible(installation, now))
    .map(({ installation, channels }) => ({ installation, clientId: channels[0] }));
  const { content, environment, teamId } = controlled(chosen);
  const { messageId, conversationId } = event;
  const cause = { type: "message" as const, conversationId, messageId };
  const push = { id: messageId, cause, content, environment, teamId, topic: undefined, expiresAt };
  const badges = wantsIncrement(content) ? await incremented(addressees, host) : new Map<string, number>();
  const deliveries = deliveriesOf(push, addressees, host.providers, badges);
  if (deliveries.length > 0) await host.queue(deliveries);
}

/** Only Apple's devices have a number on the icon (P-06); others are left as they are. */
async function incremented(
  addressees: readonly Addressee[],
  { providers, incrementBadges }: OfflinePushHost,
): Promise<Map<string, number>> {
  const counted = addressees.filter(
    ({ installation }) => providerFor(installation, providers)?.name === "apns",
  );
  if (counted.length === 0) return new Map();
  const ids = counted.map(({ installation }) => installation.id);
  return withDeadline(incrementBadges(ids), LOOKUP_DEADLINE, "badges");
}
