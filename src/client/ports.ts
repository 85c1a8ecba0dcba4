import type { PresenceChange } from "../app/app-stub.ts";
import type { CatchUp, CatchUpRequest } from "../conversation/catch-up.ts";
import type { Described, DescriptionOptions } from "../conversation/description.ts";
import type { ConversationLimits } from "../conversation/new-conversation.ts";
import type { MissedNotices } from "../conversation/notices.ts";
import type { Started } from "../conversation/started.ts";
import type { Memberships } from "../database/conversations/memberships.ts";
import type { ConversationQuery, QueryRefusal } from "../database/conversations/query.ts";
import type { DeviceBinding, DeviceState } from "../database/installations/device-clients.ts";
import type { Hooks } from "../hooks/events.ts";
import type { AppEvent } from "../model/app-events.ts";
import type { ConversationFound, ConversationRecord, Will } from "../model/records.ts";
import type { SeenVersion } from "../protocol/seen-version.ts";
import type { Settings } from "../settings/schema.ts";
import type { TokenRules, TokenVerdict } from "./json-web-token.ts";
import type { SessionTokens } from "./session-token.ts";

/** What a client's rules ask of the rest of the service. Every call has a deadline and may reject. */
export interface Services {
  appId: string;
  masterKey: string;
  tokens: SessionTokens;
  now(): number;
  /** As last read where D1 does not answer; never rejects. */
  settings(): Promise<Settings>;
  /** By the app's rules for such tokens; rejects where the keys of their issuer cannot be had. */
  checkJsonWebToken(token: string, clientId: string, rules: TokenRules): Promise<TokenVerdict>;
  hooks: Hooks;
  limits(): Promise<ConversationLimits>;
  start(record: ConversationRecord): Promise<Started>;
  /** Those of some ids that may be conversations: of others, no object is to be asked. */
  existing(conversationIds: string[]): Promise<string[]>;
  /** A client logs in for the first time: what it is a member of, or nothing where conversations told it everything. */
  registerClient(clientId: string): Promise<Memberships>;
  /** What a client is a member of, by id, after one of them. */
  conversationsAfter(clientId: string, conversationId: string): Promise<Memberships>;
  /** The newest that a client is a member of, if its first login may not have found them yet. */
  untoldConversations(clientId: string): Promise<string[]>;
  /** As a client may see it. */
  describe(
    conversationId: string,
    viewer: string,
    wanted: DescriptionOptions,
  ): Promise<Described | undefined>;
  /** Of conversations that somebody was shown, those of which D1 has less, or nothing. */
  lagging(shown: readonly SeenVersion[]): Promise<string[]>;
  /** Has a conversation copy to D1 what that lacks; whether it could. */
  copyNow(conversationId: string): Promise<boolean>;
  /** Whether the unique conversation of a record's members is there already. */
  hasUnique(record: ConversationRecord): Promise<boolean>;
  isMember(conversationId: string, clientId: string): Promise<boolean>;
  catchUp(conversationId: string, clientId: string, request: CatchUpRequest): Promise<CatchUp | undefined>;
  missedNotices(conversationId: string, clientId: string, after: number): Promise<MissedNotices>;
  will(conversationId: string, clientId: string, will: Will): Promise<void>;
  /** Rejects with `TooManyQueries` where its turn does not come. */
  query(query: ConversationQuery): Promise<ConversationFound[] | QueryRefusal>;
  /** Those of some clients that are online. */
  online(clientIds: string[]): Promise<string[]>;
  /** Messages of a conversation that a client has not read; 0 where he is no member. */
  unread(conversationId: string, clientId: string): Promise<number>;
  /** A client has sessions, or none any more. Nobody waits for this. */
  tellPresence(change: PresenceChange): void;
  publish(events: AppEvent[]): Promise<void>;
  /** Who is logged in on a device, by the name that its sessions give it. */
  deviceState(device: string): Promise<DeviceState>;
  /** Whether it is done: not where somebody is logged in there by now who was not when it was decided. */
  bindDevice(binding: DeviceBinding): Promise<boolean>;
  unbindDevice(binding: { device: string; clientId: string }): Promise<void>;
  /** Of all devices that are pushed to for a client, but for logins after this time (ms). */
  unbindEverywhere(binding: { clientId: string; at: number }): Promise<void>;
  /** Whether a client has a session on a user's socket. */
  isOnConnection(clientId: string, connectionId: string): Promise<boolean>;
  /** How long a device may take to come back whose connection broke on this side (ms), as set at the moment. */
  returnTime(): number;
  /** Runs once after this many milliseconds, in memory alone; returns how to call it off. */
  timer(milliseconds: number, run: () => void): () => void;
  /** Calls `Client.wake` after this many milliseconds, whatever happens to the object meanwhile. */
  retryAfter(delay: number): void;
}

/** As much of the services as it takes to judge what a login shows: no object is asked. */
export type Judges = Pick<Services, "appId" | "masterKey" | "tokens" | "now" | "checkJsonWebToken">;
