import { CLIENTS_REMEMBERED } from "../../bounds.ts";
import type { MessageRecord } from "../../model/records.ts";
import type { Refused } from "../../protocol/outcome.ts";
import type { ConversationTables } from "../conversation-tables.ts";
import type { Log } from "../log/log.ts";
import { EVERYBODY, SUBSCRIBERS } from "./audiences.ts";
import { GlobalBroadcasts } from "./global-broadcasts.ts";
import { Readers } from "./readers.ts";
import { ServiceViews } from "./service-views.ts";
import { Subscribers } from "./subscribers.ts";

/** Who a broadcast of the app's server is for. */
export type Broadcast = { to: "subscribers" } | { to: "everybody"; validTill: number };

/** The clients of an entry of the log, or all that are subscribed, or everybody. */
export type EntryAudience = readonly string[] | "subscribers" | "everybody";

/** What a service conversation has beside its log: its subscribers, and for each client what it sees and has read. */
export class ServiceState {
  readonly subscribers: Subscribers;
  readonly readers: Readers;
  readonly globals: GlobalBroadcasts;
  readonly views: ServiceViews;
  /** Recipients that had no device online at the last try. In memory: what is pending after a crash is tried again. */
  readonly #away = new Set<string>();

  constructor(tables: ConversationTables, log: Log) {
    this.subscribers = new Subscribers(tables);
    this.readers = new Readers(tables);
    this.globals = new GlobalBroadcasts(tables);
    this.views = new ServiceViews(tables, log, this.subscribers, this.globals);
  }

  /** Indexes a message that was just appended. */
  added(message: MessageRecord, broadcast: Broadcast | undefined): void {
    const { timestamp, id: messageId } = message;
    this.views.audiences.add(audiencesOf(message, broadcast?.to), { at: timestamp, timestamp });
    if (broadcast?.to === "everybody")
      this.globals.add({ timestamp, messageId, validTill: broadcast.validTill });
  }

  /** Indexes a message of another service. @param validTill when a broadcast to everybody ends (ms) */
  imported(message: MessageRecord, validTill: number | undefined): void {
    const { timestamp, id: messageId, recipients } = message;
    const broadcast = validTill === undefined ? "subscribers" : "everybody";
    const audiences = audiencesOf(message, recipients === undefined ? broadcast : undefined);
    this.views.audiences.add(audiences, { at: timestamp, timestamp });
    if (validTill !== undefined) this.globals.addOld({ timestamp, messageId, validTill });
  }

  /** Takes a message out of the index. */
  forget(message: MessageRecord): void {
    const audience = this.audienceOf(message);
    const broadcast = typeof audience === "string" ? audience : undefined;
    for (const each of audiencesOf(message, broadcast)) this.views.audiences.remove(each, message.timestamp);
  }

  /** Indexes a change that was just made to a message. */
  patched(message: MessageRecord & { patchedAt: number }): void {
    const audience = this.audienceOf(message);
    // Devices that have a broadcast to everybody keep it as they got it.
    if (audience === "everybody") return;
    const broadcast = audience === "subscribers" ? audience : undefined;
    const place = { at: message.patchedAt, timestamp: message.timestamp };
    this.views.audiences.add(audiencesOf(message, broadcast), place);
  }

  /** Who may see a message. */
  audienceOf(message: MessageRecord): EntryAudience {
    if (message.recipients !== undefined) return audiencesOf(message, undefined);
    const { timestamp } = message;
    const isForSubscribers = this.views.audiences.endOf(SUBSCRIBERS, timestamp) === timestamp;
    return isForSubscribers ? "subscribers" : "everybody";
  }

  /** The entry before a new one that its readers must have: of what others see, none. @param end of the log (ms) */
  previousOf(audience: EntryAudience, end: number): number {
    return audience === "subscribers" ? this.views.audiences.endOf(SUBSCRIBERS, end) : 0;
  }

  /** Why the app's server may not change a message like that; undefined if it may (V-07). */
  patchRefusal(
    message: MessageRecord,
    { recall, silent, toClients }: { recall: boolean; silent: boolean; toClients?: string[] },
  ): Refused | undefined {
    const audience = this.audienceOf(message);
    if (silent) return undefined;
    if (typeof audience === "string") {
      if (toClients !== undefined) return { refused: "MESSAGE_NOT_FOUND", detail: "it was broadcast" };
      if (audience === "everybody" && recall)
        return {
          refused: "CONVERSATION_OPERATION_UNAUTHORIZED",
          detail: "a broadcast to everybody is not recalled",
        };
      return undefined;
    }
    const { recipients = [] } = message;
    if (recipients.length > 0 && toClients === undefined)
      return { refused: "MESSAGE_NOT_FOUND", detail: "to_clients: it was sent to some clients" };
    const isForAll = recipients.every((clientId) => toClients?.includes(clientId));
    if (isForAll) return undefined;
    return { refused: "MESSAGE_NOT_FOUND", detail: "to_clients: it was sent to others as well" };
  }

  isAway(clientId: string): boolean {
    return this.#away.has(clientId);
  }

  setAway(clientId: string, away: boolean): void {
    if (this.#away.size >= CLIENTS_REMEMBERED) this.#away.clear();
    if (away) this.#away.add(clientId);
    else this.#away.delete(clientId);
  }
}

function audiencesOf({ from, recipients }: MessageRecord, broadcast: Broadcast["to"] | undefined): string[] {
  if (broadcast === "subscribers") return [SUBSCRIBERS];
  if (broadcast === "everybody") return [EVERYBODY];
  // An imported message may have no author, and an empty name stands for all subscribers.
  return [...new Set([from, ...(recipients ?? [])])].filter((clientId) => clientId !== "");
}
