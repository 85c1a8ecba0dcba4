import type { PresenceChange } from "../app/app-stub.ts";
import type { CatchUp, CatchUpRequest } from "../conversation/conversation-catch-up.ts";
import type { ConversationLimits } from "../conversation/creation/new-conversation.ts";
import type { StartResult } from "../conversation/creation/start-result.ts";
import type { Described, DescriptionOptions } from "../conversation/description.ts";
import type { MissedNotices } from "../conversation/notices.ts";
import type { Memberships, RegisteredClient } from "../database/conversations/memberships.ts";
import type { ConversationQuery, QueryRefusal } from "../database/conversations/query.ts";
import type { DeviceBinding, DeviceState } from "../database/installations/device-clients.ts";
import type { Hooks } from "../hooks/before/hook-question.ts";
import type { AppEvent } from "../model/app-events.ts";
import type { ConversationFound, ConversationRecord, Will } from "../model/records.ts";
import type { ErrorName } from "../protocol/errors.ts";
import type { Refused } from "../protocol/outcome.ts";
import type { SeenVersion } from "../protocol/seen-version.ts";
import type { TemporaryIds } from "../protocol/temporary-ids.ts";
import type { Settings } from "../settings/schema.ts";
import type { TokenRules, TokenVerdict } from "./json-web-token.ts";
import type { SessionTokens } from "./session-token.ts";

/** The services that the rules of a client need. Every call has a deadline and may reject. */
export interface ClientServices {
  appId: string;
  masterKey: string;
  tokens: SessionTokens;
  temporaryIds: TemporaryIds;
  now(): number;
  /** The settings as last read, if D1 does not answer. Never rejects. */
  settings(): Promise<Settings>;
  /** Checks a token by the app's rules. Rejects if the keys of their issuer cannot be read. */
  checkJsonWebToken(token: string, clientId: string, rules: TokenRules): Promise<TokenVerdict>;
  hooks: Hooks;
  limits(): Promise<ConversationLimits>;
  start(record: ConversationRecord): Promise<StartResult>;
  /** Those of some ids that may be conversations. The others need no call to an object. */
  existing(conversationIds: string[]): Promise<string[]>;
  /**
   * A client logs in for the first time. Resolves to its conversations, or to none if conversations have relayed
   * everything, and to the services that it was subscribed to before.
   */
  registerClient(clientId: string): Promise<RegisteredClient>;
  /** The conversations of a client, by id, after one of them. */
  conversationsAfter(clientId: string, conversationId: string): Promise<Memberships>;
  /** The newest conversations of a client, if its first login may not have found them yet. */
  undiscoveredConversations(clientId: string): Promise<string[]>;
  /** A conversation as a client may see it; undefined if it does not exist. */
  describe(
    conversationId: string,
    viewer: string,
    wanted: DescriptionOptions,
  ): Promise<Described | undefined>;
  /** Those of some conversations of which D1 has an older state than a client has seen, or none. */
  lagging(shown: readonly SeenVersion[]): Promise<string[]>;
  /** Has a conversation copy its missing state to D1. Resolves to whether it could. */
  copyNow(conversationId: string): Promise<boolean>;
  /** Whether the unique conversation of a record's members exists already. */
  hasUnique(record: ConversationRecord): Promise<boolean>;
  isMember(conversationId: string, clientId: string): Promise<boolean>;
  /** Why a client may not be heard in a conversation now; undefined if it may. */
  writeRefusal(conversationId: string, clientId: string): Promise<ErrorName | undefined>;
  /** Has a conversation note that a client refuses to be added to it, or does not any more. */
  setRefused(conversationId: string, clientId: string, refused: boolean): Promise<undefined | Refused>;
  catchUp(conversationId: string, clientId: string, request: CatchUpRequest): Promise<CatchUp | undefined>;
  missedNotices(conversationId: string, clientId: string, after: number): Promise<MissedNotices>;
  will(conversationId: string, clientId: string, will: Will): Promise<void>;
  /** Rejects with `TooManyQueries` if it cannot run in time. */
  query(query: ConversationQuery): Promise<ConversationFound[] | QueryRefusal>;
  /** Those of some clients that are online. */
  online(clientIds: string[]): Promise<string[]>;
  /**
   * The number of unread messages of a client in a conversation; 0 if it is not a member.
   *
   * @param globalsAfter broadcasts to everybody after this time (ms) count
   */
  unread(conversationId: string, clientId: string, globalsAfter: number | undefined): Promise<number>;
  /** Reports that a client has sessions, or none any more. Nothing waits for this. */
  reportPresence(change: PresenceChange): void;
  publish(events: AppEvent[]): Promise<void>;
  /** Which clients are logged in on a device, by the name that its sessions give it. */
  deviceState(device: string): Promise<DeviceState>;
  /** Binds a device. Resolves to whether it is done: not if another client has logged in there since it was decided. */
  bindDevice(binding: DeviceBinding): Promise<boolean>;
  unbindDevice(binding: { device: string; clientId: string }): Promise<void>;
  /** Unbinds all devices of a client, except for logins after this time (ms). */
  unbindEverywhere(binding: { clientId: string; at: number }): Promise<void>;
  /** Whether a client has a session on a user's socket. */
  isOnConnection(clientId: string, connectionId: string): Promise<boolean>;
  /** The time (ms) that a device has to come back after its connection broke on the server's side, as set now. */
  returnTime(): number;
  /** The time (ms) that a device may be lost before it is not put back into its room, as set now. */
  roomReturnTime(): number;
  /** Calls `run` once after this many milliseconds, in memory only. Returns a function that cancels it. */
  timer(milliseconds: number, run: () => void): () => void;
  /** Calls `Client.retry` after this many milliseconds, even if the object hibernates meanwhile. */
  retryAfter(delay: number): void;
}

/** The services needed to check the credentials of a login. No object is called. */
export type CredentialServices = Pick<
  ClientServices,
  "appId" | "masterKey" | "tokens" | "now" | "checkJsonWebToken"
>;
