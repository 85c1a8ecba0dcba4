import type { SubscribedService } from "../../src/client/subscribed-services.ts";
import type { CatchUp, CatchUpRequest } from "../../src/conversation/conversation-catch-up.ts";
import type { CopyPace } from "../../src/conversation/copy/copy-pace.ts";
import type { StartResult } from "../../src/conversation/creation/start-result.ts";
import type { Wake, WakeAnswer } from "../../src/conversation/delivery/wake.ts";
import type { MissedNotices } from "../../src/conversation/notices.ts";
import type { ConversationRecord, Will } from "../../src/model/records.ts";
import type { ErrorName } from "../../src/protocol/errors.ts";
import type {
  RelayAudience,
  RelayBatch,
  RelayedOutcome,
  RelayedPosition,
  RelayedReplay,
  RelayedSubscriber,
  RelayRegistered,
  RelayReport,
  TooFarBehind,
} from "../../src/protocol/relay-calls.ts";
import type { Settings } from "../../src/settings/schema.ts";
import type { Faults } from "./faults.ts";
import type { Network } from "./network.ts";
import type { Database } from "./simulated-database.ts";

/** What the object of a client or of a conversation finds around it. */
export interface Environment {
  readonly network: Network;
  readonly faults: Faults;
  readonly database: Database;
  /** Clients known to have logged in without asking D1. */
  readonly known: Set<string>;
  readonly copyPace: CopyPace;
  /** The app's. */
  readonly settings: Settings;
  /** The object of an id, whether or not it has a conversation. */
  conversation(id: string): ConversationCalls;
  /** The same, if it has a conversation. */
  existing(id: string): ConversationCalls | undefined;
  client(clientId: string): ClientCalls;
  newConversationId(): string;
  /** The relay of a conversation by its number. */
  relay(conversationId: string, relay: number): RelayObjectCalls;
  /** Subscriptions that one object serves before relays do. */
  readonly socketsPerRelay: number;
}

/** The calls that a conversation makes to its relays. */
export interface RelayObjectCalls {
  deliver(batch: RelayBatch): RelayReport;
  close(): void;
  audience(limit: number): RelayAudience;
  part(parts: number): string[];
  presentAmong(clientIds: readonly string[]): string[];
}

/** The calls that other objects make to a conversation's. */
export interface ConversationCalls {
  start(record: ConversationRecord): Promise<StartResult>;
  startHere(record: ConversationRecord): Promise<StartResult | undefined>;
  hasUnique(members: string[]): Promise<boolean>;
  isOf(members: string[]): boolean;
  isMember(clientId: string): boolean;
  writeRefusal(clientId: string): ErrorName | undefined;
  catchUp(clientId: string, request: CatchUpRequest): Promise<CatchUp | undefined>;
  missedNotices(clientId: string, after: number): MissedNotices;
  will(from: string, will: Will): Promise<void>;
  registerRelay(relay: number, registration: string): RelayRegistered | undefined;
  relayReported(relay: number, report: RelayReport): void;
  replayRelayed(
    subscriber: RelayedSubscriber,
    lacked: RelayedPosition,
  ): RelayedReplay | TooFarBehind | undefined;
  mayEnter(subscriber: RelayedSubscriber): boolean;
  carryOutRelayed(subscriber: RelayedSubscriber, frame: Uint8Array): Promise<RelayedOutcome | undefined>;
}

/** The calls that conversations make to a client's object. */
export interface ClientCalls {
  wake(conversationId: string, wake: Wake): WakeAnswer;
  subscribe(service: SubscribedService, exceptSession: string | undefined): void;
  unsubscribe(service: SubscribedService): void;
}
