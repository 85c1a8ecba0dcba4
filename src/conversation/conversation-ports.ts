import type { Alarm } from "../alarm.ts";
import type { CopyDelay } from "../database/messages/copy-delay.ts";
import type { AppEvent, EventOf } from "../model/app-events.ts";
import type { ConversationRecord } from "../model/records.ts";
import type { ConversationTables } from "./conversation-tables.ts";
import type { CopyPace } from "./copy/copy-pace.ts";
import type { CopyCalls } from "./copy/outbox.ts";
import type { Removal } from "./copy/removal.ts";
import type { StartResult } from "./creation/start-result.ts";
import type { RelayCalls } from "./delivery/relay-calls.ts";
import type { Wake, WakeAnswer } from "./delivery/wake.ts";
import type { KnownClients } from "./known-clients.ts";
import type { MirrorCalls } from "./mirror/mirror-host.ts";
import type { PolicyHost } from "./policy.ts";
import type { AnnouncementsHost } from "./service/announcements.ts";
import type { FirstLogins, SubscribingHost } from "./service/subscribing.ts";

/** The object around a conversation: its storage, alarm, clock and timers. */
export interface ConversationPlatform {
  tables: ConversationTables;
  alarm: Alarm;
  /** Milliseconds. */
  now(): number;
  /** Calls `run` once after this many milliseconds, in memory only. Returns a function that cancels it. */
  timer(delay: number, run: () => void): () => void;
  /** Calls `run` in a later turn, even if the clock stands still. */
  inNextTurn(run: () => void): void;
  /** Resolves in a later turn of the thread, even if the clock stands still. Never rejects. */
  turn(): Promise<void>;
  /** Deletes everything that is stored. */
  deleteAll(): Promise<void>;
}

/** The rest of the service, as a conversation calls it. Every call has a deadline and may reject. */
export interface ConversationServices
  extends Omit<PolicyHost, "now">,
    FirstLogins,
    Omit<SubscribingHost, "now">,
    Omit<AnnouncementsHost, "now" | "announceWithin" | "inNextTurn"> {
  /** Reads the settings again if they may be stale; undefined if they are fresh. Never rejects. */
  refreshSettings(): Promise<unknown> | undefined;
  copyCalls: CopyCalls & Removal;
  copyDelay: CopyDelay;
  copyPace: CopyPace;
  knownClients: Pick<KnownClients, "has" | "mayHaveLoggedIn">;
  /** Wakes the sessions of a client that have no subscription to a conversation. */
  wake(clientId: string, conversationId: string, wake: Wake): Promise<WakeAnswer>;
  /** `ConversationLifecycle.startHere` of another object, the one of the record's id. */
  startThere(record: ConversationRecord): Promise<StartResult | undefined>;
  /** Whether the members of another conversation are exactly these. */
  hasMembers(conversationId: string, members: string[]): Promise<boolean>;
  newId(): string;
  relays: RelayCalls;
  mirror: MirrorCalls;
  /** Messages were deleted because they were too old, or the whole conversation because it was idle. */
  retentionDeleted(what: number | "conversation"): void;
  /** Hands events to their queue. */
  publish(events: AppEvent[]): Promise<void>;
  /** Pushes without a queue; undefined if there is no room (`OfflinePushesHost.pushNow`). */
  pushNow(event: EventOf<"receiversOffline">): Promise<void> | undefined;
  /** Whether rows written cost nothing, as on a single machine. */
  rowsAreFree: boolean;
}
