import type { ImportedMessage, ImportOutcome } from "../log/import-messages.ts";
import type { Log } from "../log/log.ts";
import { timeOfMessageId } from "../messages/ids.ts";
import type { ServiceState } from "./service-state.ts";
import type { Subscriber } from "./subscribers.ts";

/** What the ids of the hosted service's broadcasts to subscribers begin with. */
const BROADCAST = "sb_";

/** What became of an imported subscriber. */
export type SubscriberImport = "added" | "kept" | { refused: string };

/**
 * Adds messages of another service to the log of a service conversation, and indexes for whom each one is. Nobody is
 * notified, and all of them count as read. Who a message is for is known of broadcasts by their ids, and of others by
 * what comes with them; what is not known to be for somebody is for its author alone.
 */
export function importIntoService(
  log: Log,
  service: ServiceState,
  messages: readonly ImportedMessage[],
): ImportOutcome[] {
  const addressed = messages.map((message) => ({ ...message, recipients: recipientsOf(message) }));
  const outcomes = log.import(addressed);
  let newest = 0;
  const placed = outcomes.map((each, at): ImportOutcome => {
    const [given, message] = [messages[at], addressed[at]];
    if (each.outcome === "refused" || given === undefined || message === undefined) return each;
    newest = Math.max(newest, each.place);
    const { recipients, validTill } = message;
    if (each.outcome === "added") {
      const stored = log.at(each.place);
      if (stored !== undefined) service.imported(stored, validTill);
      return { ...each, recipients };
    }
    const isMoved = isKnown(given) && readdress(log, service, each.place, message);
    const outcome = isMoved ? "changed" : each.outcome;
    return { ...each, outcome, recipients: log.at(each.place)?.recipients };
  });
  service.readers.startAt(newest);
  return placed;
}

/** Whom a message is for; undefined for a broadcast. */
function recipientsOf(message: ImportedMessage): string[] | undefined {
  const { id, from, timestamp, recipients, validTill } = message;
  if (validTill !== undefined) return undefined;
  if (recipients !== undefined) return recipients;
  // A message of a Parley tells whom it is for, unless it was broadcast.
  if (id.startsWith(BROADCAST) || timeOfMessageId(id) === timestamp) return undefined;
  return [from];
}

const isKnown = ({ recipients, validTill }: ImportedMessage) =>
  recipients !== undefined || validTill !== undefined;

/** A message came before it was known whom it is for. Returns whether that changed. */
function readdress(
  log: Log,
  service: ServiceState,
  place: number,
  { recipients, validTill }: ImportedMessage,
): boolean {
  const before = log.at(place);
  if (before === undefined || before.patchedAt !== undefined) return false;
  const audience = service.audienceOf(before);
  const isSame =
    validTill === undefined ? sameClients(before.recipients, recipients) : audience === "everybody";
  if (isSame) return false;
  service.forget(before);
  log.importRecipients(place, recipients);
  service.imported({ ...before, recipients }, validTill);
  return true;
}

const sameClients = (some: readonly string[] | undefined, others: readonly string[] | undefined) =>
  JSON.stringify(some) === JSON.stringify(others);

/** Takes over subscribers. Clients that unsubscribed here, or are blocked, are left out. Nobody is notified. */
export function importSubscribers(
  { subscribers, readers }: ServiceState,
  isBlocked: (clientId: string) => boolean,
  given: readonly Subscriber[],
): SubscriberImport[] {
  readers.startAt(0);
  // Added together, their number is written once.
  const wanted = given.filter(({ clientId }) => !isBlocked(clientId) && !subscribers.hasLeft(clientId));
  const added = new Set(subscribers.add(wanted).map(({ clientId }) => clientId));
  return given.map(({ clientId }): SubscriberImport => {
    if (isBlocked(clientId)) return { refused: "subscriber: is blocked here" };
    return added.delete(clientId) ? "added" : "kept";
  });
}

/** Puts the read cursor of a client before the newest messages that are news to it. Returns whether it moved. */
export function importUnreadOfService(
  log: Log,
  { readers, views }: ServiceState,
  clientId: string,
  unread: number,
): boolean {
  const viewer = { clientId, now: 0, globalsAfter: Number.MAX_SAFE_INTEGER };
  const { messages } = unread === 0 ? { messages: [] } : views.newestFromOthers(viewer, 0, log.head, unread);
  const [oldest] = messages;
  return readers.import(clientId, oldest === undefined ? readers.start : oldest.timestamp - 1);
}
