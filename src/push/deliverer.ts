import type { NotificationCounts } from "../database/notifications.ts";
import { withDeadline } from "../deadline.ts";
import { loggableError } from "../loggable-error.ts";
import type { Installation } from "../model/installation.ts";
import type { ProviderName } from "../model/provider-name.ts";
import type { SettledPush } from "../model/settled-push.ts";
import type { Outcome, PushProvider, Target } from "./provider.ts";
import {
  type MessageCause,
  PUSH_LIFETIME,
  type Push,
  type PushDelivery,
  type Recipient,
} from "./push-work.ts";

export interface DelivererHost {
  providers: readonly PushProvider[];
  installations(ids: readonly string[]): Promise<Installation[]>;
  /**
   * The clients among these to which the message is still new: the message exists, and they may see it and have not
   * read it. Rejects if that is unknown.
   */
  stillNewTo(message: MessageCause, sentAt: number, clientIds: readonly string[]): Promise<readonly string[]>;
  /** Removes devices that no longer exist. */
  remove(ids: readonly string[]): Promise<void>;
  /** Adds to a notification's record. */
  count(notificationId: string, counts: NotificationCounts): Promise<void>;
  /** Notes what became of a message's pushes; undefined if nothing is to be noted. Its failure changes nothing. */
  note?: ((pushes: SettledPush[]) => Promise<void>) | undefined;
  now(): number;
}

/** Recipients to retry after an attempt, with the delay (ms) if the provider named one. */
export interface PushRetry {
  recipients: Recipient[];
  retryAfter: number | undefined;
}

/** Attempts while the settings have no such provider: other isolates may have newer settings for some seconds. */
const ATTEMPTS_WITHOUT_PROVIDER = 3;

const STORE_DEADLINE = 8_000; // ms for D1
const CONVERSATION_DEADLINE = 8_000; // ms for an object
/** A provider that took so long (ms) without any success is not called for a while. */
const HANGING = 25_000;
const REST = 60_000; // ms

/**
 * Carries out deliveries. One per isolate: it remembers which provider does not respond, so that pushes of the others
 * do not wait behind it (I11).
 */
export class Deliverer {
  readonly #restingUntil = new Map<ProviderName, number>();

  /**
   * Makes one attempt, and never repeats a recipient that was served. Resolves to the recipients to retry. Rejects if
   * D1 fails before anything was sent.
   *
   * @param attempts this one included
   */
  async deliver(delivery: PushDelivery, attempts: number, host: DelivererHost): Promise<PushRetry[]> {
    const { push, provider: name, recipients } = delivery;
    if (push.expiresAt <= host.now()) {
      return this.#giveUp(delivery, host, `not delivered before it expired, by ${name}`);
    }
    const provider = host.providers.find((each) => each.name === name);
    if (provider === undefined) {
      if (attempts < ATTEMPTS_WITHOUT_PROVIDER) return [{ recipients, retryAfter: undefined }];
      return this.#giveUp(delivery, host, `${name} is not set up any more`);
    }
    const resting = (this.#restingUntil.get(name) ?? 0) - host.now();
    if (resting > 0) return [{ recipients, retryAfter: resting }];
    const targets = await targetsOf(await stillWanted(delivery, host), host);
    // Counted for a notification, so that its record becomes complete.
    const missing = push.cause.type === "notification" ? recipients.length - targets.length : 0;
    if (missing > 0 && push.cause.type === "notification") {
      await counted(push.cause.notificationId, { gone: missing }, host);
    }
    if (targets.length === 0) return [];
    const startedAt = host.now();
    const outcomes = await provider.send(
      push,
      targets.map(({ target }) => target),
    );
    const results = targets.map((target, at) => ({ ...target, outcome: outcomes[at] ?? noOutcome }));
    const retries = retriesOf(results);
    const late = retries.reduce((sum, each) => sum + each.recipients.length, 0);
    // Each browser's subscription names its push service, and others may well respond.
    const isOne = name !== "webPush";
    if (isOne && late === results.length && host.now() - startedAt >= HANGING) {
      this.#restingUntil.set(name, host.now() + REST);
    }
    await settle(delivery, results, host);
    return retries;
  }

  async #giveUp({ push, recipients }: PushDelivery, host: DelivererHost, why: string): Promise<PushRetry[]> {
    console.warn(`push ${push.id}: ${recipients.length} recipients given up: ${why}`);
    const counts = { failed: recipients.length, lastError: why };
    if (push.cause.type === "notification") await counted(push.cause.notificationId, counts, host);
    return [];
  }
}

interface Addressed {
  recipient: Recipient;
  target: Target;
}

type Result = Addressed & { outcome: Outcome };

const noOutcome: Outcome = { outcome: "failed", why: "the provider said nothing of it" };

/** Groups recipients by their delay, so that a service with a long delay does not hold up the others. */
function retriesOf(results: readonly Result[]): PushRetry[] {
  const late = results.flatMap(({ recipient, outcome }) =>
    outcome.outcome === "later" ? [{ recipient, retryAfter: outcome.retryAfter }] : [],
  );
  const groups = Map.groupBy(late, ({ retryAfter }) => retryAfter);
  return Array.from(groups, ([retryAfter, some]) => ({
    recipients: some.map(({ recipient }) => recipient),
    retryAfter,
  }));
}

/**
 * The recipients that still need the push. They are looked up before each attempt, because a message may be recalled,
 * deleted or read meanwhile, and a member removed. An edit changes nothing, since the app chose the content of the
 * push.
 */
async function stillWanted(
  { push, recipients }: PushDelivery,
  host: DelivererHost,
): Promise<readonly Recipient[]> {
  const { cause, expiresAt } = push;
  if (cause.type !== "message") return recipients;
  const clientIds = [...new Set(recipients.flatMap((recipient) => recipient.clientIds))];
  const answer = host.stillNewTo(cause, expiresAt - PUSH_LIFETIME, clientIds);
  const still = new Set(await withDeadline(answer, CONVERSATION_DEADLINE, "a message's conversation"));
  return recipients.flatMap((recipient) => {
    const left = recipient.clientIds.filter((clientId) => still.has(clientId));
    return left.length === 0 ? [] : [{ ...recipient, clientIds: left }];
  });
}

/**
 * The devices in their current state: a device that is gone, or on which its client logged out, receives no push
 * (C-12).
 */
async function targetsOf(recipients: readonly Recipient[], host: DelivererHost): Promise<Addressed[]> {
  const ids = recipients.map(({ installation }) => installation);
  const found = await withDeadline(host.installations(ids), STORE_DEADLINE, "devices");
  const byId = new Map(found.map((installation) => [installation.id, installation]));
  return recipients.flatMap((recipient) => {
    const { clientIds } = recipient;
    const installation = byId.get(recipient.installation);
    if (installation === undefined || !installation.valid) return [];
    const clientId = clientIds.find((each) => installation.channels.includes(each));
    if (clientIds.length > 0 && clientId === undefined) return [];
    return [{ recipient, target: { installation, clientId } }];
  });
}

/** Never rejects: a sent push must not be repeated because D1 fails now. */
async function settle(
  { push, provider }: PushDelivery,
  results: readonly Result[],
  host: DelivererHost,
): Promise<void> {
  const gone = results.filter(({ outcome }) => outcome.outcome === "gone");
  // A device that registered again since then is a new one for the provider.
  const dead = gone.flatMap(({ outcome, target: { installation } }) => {
    const since = outcome.outcome === "gone" ? outcome.since : undefined;
    return since !== undefined && installation.updatedAt > since ? [] : [installation.id];
  });
  const whys = results.flatMap(({ outcome }) => ("why" in outcome ? [outcome.why] : []));
  const lastError = whys.at(-1);
  if (lastError !== undefined) {
    console.warn(
      `push ${push.id} by ${provider}: ${whys.length} of ${results.length} not sent: ${lastError}`,
    );
  }
  try {
    if (dead.length > 0) await withDeadline(host.remove(dead), STORE_DEADLINE, "dead devices");
  } catch (error) {
    console.warn("dead devices stay until the next push:", loggableError(error));
  }
  if (push.cause.type !== "notification") return noted(push, push.cause, provider, results, host);
  const sent = results.filter(({ outcome }) => outcome.outcome === "sent").length;
  const failed = results.filter(({ outcome }) => outcome.outcome === "failed").length;
  const counts = { sent: { [provider]: sent }, gone: gone.length, failed, lastError };
  await counted(push.cause.notificationId, counts, host);
}

/** Never rejects. */
async function noted(
  { id: pushId }: Push,
  { conversationId, messageId }: MessageCause,
  provider: ProviderName,
  results: readonly Result[],
  host: DelivererHost,
): Promise<void> {
  if (host.note === undefined || results.length === 0) return;
  const at = host.now();
  const settled = results.map(({ recipient, outcome }): SettledPush => {
    const { installation, clientIds: clients } = recipient;
    const why = "why" in outcome ? outcome.why : null;
    // Not of the device and the time: two messages may reach it in one millisecond.
    const id = `push-${crypto.randomUUID()}`;
    const about = { at, id, conversationId, messageId, clients, provider, installation };
    return { ...about, outcome: outcome.outcome, why };
  });
  try {
    await withDeadline(host.note(settled), STORE_DEADLINE, "event log");
  } catch (error) {
    console.warn(`push ${pushId}: not in the event log:`, loggableError(error));
  }
}

async function counted(
  notificationId: string,
  counts: NotificationCounts,
  host: DelivererHost,
): Promise<void> {
  try {
    await withDeadline(host.count(notificationId, counts), STORE_DEADLINE, "notification's record");
  } catch (error) {
    console.warn(`notification ${notificationId}: not counted:`, loggableError(error));
  }
}
