import type { PresenceChange } from "./app/presence.ts";
import type { MissedEvents as ClientNotices } from "./client/missed-events.ts";
import type { TokenRefused } from "./client/token-check.ts";
import type { CatchUp, CatchUpRequest } from "./conversation/conversation.ts";
import type { MissedNotices } from "./conversation/conversation-object.ts";
import type { RelayOutcome } from "./conversation/delivery-state.ts";
import type { Described, Wanted } from "./conversation/description.ts";
import type { HistoryRequest } from "./conversation/log.ts";
import type { Will } from "./conversation/messages.ts";
import type { RowChange, RowChanged } from "./conversation/row-change.ts";
import type { Started } from "./conversation/started.ts";
import type { ConversationRecord } from "./database/records.ts";
import type { QueuedEvent } from "./hooks/events.ts";
import type { ErrorName } from "./protocol/errors.ts";
import type { JsonObject } from "./protocol/json.ts";
import type { HistoryMessage } from "./protocol/replies.ts";
import type { Accepted, NumberedNotification, ScheduledNotification } from "./push/schedule.ts";
import type { PushWork } from "./push/work.ts";

/** What wrangler.toml and the secrets give the Worker and both object classes. */
export interface Env {
  /** The one app this deployment serves. */
  APP_ID: string;
  /** Secret: lets an app's clients call the HTTP API. */
  APP_KEY: string;
  /** Secret: full rights over HTTP, and the key under session tokens and signatures. */
  MASTER_KEY: string;
  /** "1" turns editing and recalling on by default (`npm start -- --demo`). */
  DEMO?: string;
  CLIENTS: Objects<ClientStub>;
  CONVERSATIONS: Objects<ConversationStub>;
  /** One object, named `app`. */
  APP: Objects<AppStub>;
  DB: D1Database;
  /** What happened, for hooks, webhooks and the event log. Sent as "v8": JSON would spoil binary content. */
  EVENTS: Queue<QueuedEvent>;
  /** In place of it on one's own box: one object, named `events`. */
  EVENT_QUEUE: Objects<QueueStub<QueuedEvent>>;
  /** What is to be pushed to devices. */
  PUSHES: Queue<PushWork>;
  /** In place of it on one's own box: an object for each provider, and one named `selections`. */
  PUSH_QUEUE: Objects<QueueStub<PushWork>>;
  /** One object, named `push`. */
  PUSH: Objects<PushStub>;
  /** `loopback` in tests alone, which play push services on this machine; no setting reaches it. */
  TEST_PUSH_SERVICES?: string;
  /** "1" under `npm start`. */
  OWN_BOX?: string;
  /** On one's own box: how many proxies of the owner's stand before it, as a number in text. */
  PROXIES?: string;
  /** "1" on one's own box where only this machine can connect. */
  LOOPBACK?: string;
  /** On one's own box: calls that cannot leave for a private network, whatever a name resolves to. */
  PUBLIC_NETWORK?: Fetcher;
  /** On one's own box, whose runtime speaks no HTTP/2: calls to Apple. */
  HTTP2?: Fetcher;
  /** On one's own box: how the process around the runtime is, as JSON. */
  HOST?: Fetcher;
}

/** A namespace of objects, each found by its name. */
export interface Objects<Stub> {
  getByName(name: string): Stub;
}

/**
 * What the rest of the service may ask of a ClientObject. Written out, since the platform's derived stub types
 * cannot follow a recursive type such as JSON.
 */
export interface ClientStub {
  fetch(request: Request): Promise<Response>;
  deliver(conversationId: string, frame: Uint8Array): Promise<RelayOutcome>;
  isOnline(): Promise<boolean>;
  /** Whether the client has a session on this user's socket. */
  isOnConnection(connectionId: string): Promise<boolean>;
  goAway(): Promise<number>;
  missedNotices(clientId: string, token: string, after: number): Promise<ClientNotices | TokenRefused>;
  /**
   * Whether a session token is one of this client's that still counts; undefined if so. Not for logging in: for
   * calls over HTTP that show one.
   */
  checkToken(clientId: string, token: string): Promise<TokenRefused | undefined>;
  /** The same, for who has to know what its session calls its device. */
  deviceOf(clientId: string, token: string): Promise<{ device: string } | TokenRefused>;
  /** Whether something signed for the client at a time (ms) is void: he was kicked since. */
  signatureRefusal(signedAt: number): Promise<ErrorName | undefined>;
  /** Messages unread in all conversations together (Y-22). */
  unreadCount(clientId: string): Promise<number>;
  /** Ends every session with 4115; what was signed before is void. How many sessions there were. */
  kick(clientId: string, reason: string): Promise<number>;
  /** Refuses logins with 4106 and ends every session, or takes it back. */
  ban(clientId: string, reason: string): Promise<void>;
  unban(): Promise<void>;
}

/** What the rest of the service may ask of a ConversationObject. */
export interface ConversationStub {
  fetch(request: Request): Promise<Response>;
  /** @param origin who asked: `client` is told by his own object, as with everything else he asks it for */
  start(record: ConversationRecord, origin: "client" | "server"): Promise<Started>;
  /** The same in this object alone; undefined where the members of a unique one are others by now. */
  startHere(record: ConversationRecord, origin: "client" | "server"): Promise<Started | undefined>;
  /** Whether the unique conversation of exactly these people is there; of the object whose id follows from them. */
  hasUnique(members: string[]): Promise<boolean>;
  /** Whether exactly these people are in it. */
  isOf(members: string[]): Promise<boolean>;
  /** @param viewer who asks; undefined for the app's server, which sees all of it */
  describe(viewer: string | undefined, wanted?: Wanted): Promise<Described | undefined>;
  /** Copies to D1 what it lacks; whether D1 has it then. */
  copyNow(): Promise<boolean>;
  isMember(clientId: string): Promise<boolean>;
  catchUp(clientId: string, request: CatchUpRequest): Promise<CatchUp | undefined>;
  missedNotices(clientId: string, after: number): Promise<MissedNotices>;
  will(from: string, will: Will): Promise<void>;
  // For the app's own server (http-api §2): by no client, whatever the settings allow clients to do.
  members(): Promise<{ members: string[]; muted: string[] } | Refused>;
  addMembers(clientIds: string[]): Promise<Changed | Refused>;
  removeMembers(clientIds: string[]): Promise<Changed | Refused>;
  setMuted(clientIds: string[], muted: boolean): Promise<Changed | Refused>;
  /** `changes` by column path, values or operations, as clients send them. */
  change(changes: JsonObject): Promise<Changed | Refused>;
  /** Changes a row of the class: members, mutes and columns together, if a condition holds at that moment. */
  changeRow(change: RowChange): Promise<RowChanged>;
  /** Deletes it with its history, for everybody. */
  remove(): Promise<undefined | Refused>;
  sendAsServer(message: ServerMessage): Promise<{ messageId: string; timestamp: number } | Refused>;
  /** @param viewer who looks; undefined for the app's server, which sees what is for some only */
  history(request: HistoryRequest, viewer: string | undefined): Promise<HistoryMessage[] | Refused>;
  /** Edits or recalls; with `silent` only the stored copy changes. */
  patch(patch: PatchByServer): Promise<undefined | Refused>;
  deleteMessage(place: MessageLocation): Promise<undefined | Refused>;
  /** Of these clients those who may see a message and have not read it; nobody once it is recalled or gone. */
  stillNewTo(message: Omit<MessageLocation, "from">, clientIds: string[]): Promise<string[]>;
  /** Undefined for who is no member. */
  unread(clientId: string): Promise<number | undefined | Refused>;
}

/** What the rest of the service may ask of an object that stands in for a queue. */
export interface QueueStub<Body> {
  add(bodies: Body[], delaySeconds: number): Promise<void>;
  /** How many messages it holds. */
  length(): Promise<number>;
}

/** What the rest of the service may ask of the PushObject. */
export interface PushStub extends PushTokens, PushSchedule {}

/** Proofs of who we are, for providers: kept in one place, since Apple refuses who makes them too often. */
interface PushTokens {
  /** The token for one of the app's APNs keys; undefined where there is no such key. */
  apnsToken(teamId: string, keyId: string): Promise<string | undefined>;
  /** The access token for FCM; undefined where no service account is set. */
  fcmToken(): Promise<string | undefined>;
  /** A provider did not take this token: the next one asked for is another. */
  tokenRefused(token: string): Promise<void>;
}

/** Notifications from when they were asked for until all their devices were found (N-06, N-12). */
interface PushSchedule {
  /** What was answered to this request in the last five minutes; undefined if it is new. */
  answered(requestId: string): Promise<Accepted | undefined>;
  /**
   * Has a notification sent at its time. A request that is known changes nothing and is answered as before. `full`
   * where as many wait as may.
   */
  accept(notification: ScheduledNotification, requestId: string | undefined): Promise<Accepted | "full">;
  /** The notifications that wait for their time, the next one first. Not `scheduled`: the platform keeps that name. */
  waiting(): Promise<NumberedNotification[]>;
  /** The one under a number; undefined when all its devices were found, or it was taken back. */
  notification(number: number): Promise<NumberedNotification | undefined>;
  /** Forgets one: all its devices were found, or it was taken back. */
  remove(number: number): Promise<void>;
  /** Takes back whatever is on its way under this id. */
  removeAll(notificationId: string): Promise<void>;
  /** Forgets those that expired on their way. */
  removeExpired(): Promise<void>;
}

/** What the rest of the service may ask of the AppObject. */
export interface AppStub {
  /** Takes one from a quota, or says after how many seconds there is more (L-10). */
  spend(quota: string, perMinute: number, count?: number): Promise<{ retryAfter: number } | undefined>;
  /** Which clients are online now, and which are not any more: at most `PRESENCE_AT_ONCE`, each once. */
  presenceChanged(changes: PresenceChange[]): Promise<void>;
  /** Those of some clients that are online, as far as their objects have told: one of them may be late. */
  onlineAmong(clientIds: string[]): Promise<string[]>;
  /** Clients online now, and those that were today (UTC). */
  presence(): Promise<{ online: number; today: number }>;
  /** A conversation could not copy to D1 what was said in it after a time (ms). */
  archiveBehind(conversationId: string, since: number): Promise<void>;
  archiveCaughtUp(conversationId: string): Promise<void>;
  /** Those of some conversations that are behind, or that D1 has not heard of at all. */
  archiveBehindAmong(conversationIds: string[]): Promise<string[]>;
  /** Up to when (ms) D1 has everything that was said. */
  archivedUntil(): Promise<number>;
  /** The overrides as last stored in D1, for when D1 does not answer: nobody may get in by that. */
  keepSettings(overrides: string): Promise<void>;
  keptSettings(): Promise<string | undefined>;
}

/** An operation that did not happen, and why. */
export interface Refused {
  refused: ErrorName;
  detail?: string;
}

export interface Changed {
  /** The conversation's `updatedAt` after it (ms). */
  updatedAt: number;
}

/** A message of the app's server (http-api §2.2). */
export interface ServerMessage {
  from: string;
  content: string | Uint8Array;
  transient: boolean;
  /** Leave out the sender's own devices. */
  noSync: boolean;
  mentionAll: boolean;
  mentions: string[];
  /** JSON, for who is offline. */
  pushData: string | undefined;
  /** The same from the same sender is the same message (I3). */
  dedupeToken: string | undefined;
}

export interface MessageLocation {
  messageId: string;
  timestamp: number;
  /** Who sent it; undefined to take it as it is. */
  from: string | undefined;
}

export type PatchByServer = MessageLocation & { silent: boolean } & (
    | { recall: true }
    | { recall: false; content: string | Uint8Array }
  );
