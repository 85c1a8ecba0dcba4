/**
 * The two published JavaScript SDKs behind one interface. Their own declarations leave out what is used here
 * (anonymous login, `pause`, `resume`, an array of message classes) and disagree with each other.
 */

/** The arguments of listeners, by event. */
export type ArgumentLists<Events> = { [Name in keyof Events]: unknown[] };

/** A node of eventemitter3, which both SDKs build on. */
export interface Emitter<Events extends ArgumentLists<Events>> {
  /** Never there: only lets the compiler tell one emitter's events from another's. */
  readonly eventTypes?: Events;
  on<Name extends keyof Events>(event: Name, listener: (...args: Events[Name]) => void): unknown;
  off<Name extends keyof Events>(event: Name, listener: (...args: Events[Name]) => void): unknown;
}

interface ConnectionEvents {
  disconnect: [];
  reconnect: [];
  offline: [];
  online: [];
}

export interface ClientEvents extends ConnectionEvents {
  invited: [{ invitedBy: string }, Conversation];
  kicked: [{ kickedBy: string }, Conversation];
  membersjoined: [{ members: string[]; invitedBy: string }, Conversation];
  membersleft: [{ members: string[]; kickedBy: string }, Conversation];
  muted: [{ mutedBy: string }, Conversation];
  membersmuted: [{ members: string[]; mutedBy: string }, Conversation];
  unmuted: [{ unmutedBy: string }, Conversation];
  membersunmuted: [{ members: string[]; unmutedBy: string }, Conversation];
  blocked: [{ blockedBy: string }, Conversation];
  membersblocked: [{ members: string[]; blockedBy: string }, Conversation];
  unblocked: [{ unblockedBy: string }, Conversation];
  membersunblocked: [{ members: string[]; unblockedBy: string }, Conversation];
  memberinfoupdated: [{ member: string; memberInfo: MemberInfo; updatedBy: string }, Conversation];
  conversationinfoupdated: [{ attributes: Record<string, unknown>; updatedBy: string }, Conversation];
  message: [Message, Conversation];
  messageupdate: [Message, Conversation, PatchReason?];
  messagerecall: [Message, Conversation, PatchReason?];
  unreadmessagescountupdate: [Conversation[]];
  close: [{ code: number }];
  conflict: [{ reason: string }];
  reconnecterror: [Error];
}

/** Why the system changed a message; absent when its sender did. */
export interface PatchReason {
  code: number;
  detail: string;
}

/** The role of a member, as the SDK has it. */
export interface MemberInfo {
  memberId: string;
  role: string;
  isOwner: boolean;
}

export interface ConversationEvents {
  invited: [{ invitedBy: string }];
  kicked: [{ kickedBy: string }];
  membersjoined: [{ members: string[]; invitedBy: string }];
  membersleft: [{ members: string[]; kickedBy: string }];
  infoupdated: [{ attributes: Record<string, unknown>; updatedBy: string }];
  message: [Message];
  messageupdate: [Message, PatchReason?];
  messagerecall: [Message, PatchReason?];
  lastdeliveredatupdate: [];
  lastreadatupdate: [];
}

export interface RealtimeOptions {
  appId: string;
  appKey: string;
  server?: string;
  RTMServers?: string;
  noBinary?: boolean;
  /** 4.x only: the `.1` sub-protocol. */
  pushOfflineMessages?: boolean;
  plugins?: object[];
}

export interface LoginOptions {
  tag?: string;
  signatureFactory?: (clientId: string) => Promise<SdkSignature>;
  /** The conversation is none yet where it is to be created. */
  conversationSignatureFactory?: (
    conversationId: string | null | undefined,
    clientId: string,
    targetIds: string[],
    action: string,
  ) => Promise<SdkSignature>;
  /** Client and conversation: in 4.x in this order, in 5.x in the other. */
  blacklistSignatureFactory?: (
    first: string,
    second: string,
    targetIds: string[],
    action: string,
  ) => Promise<SdkSignature>;
}

/** A user of the storage SDK, as far as these look at one. */
export interface SdkUser {
  id: string;
  getSessionToken(): string;
}

/** A signature that an app's server makes for its SDKs. */
export interface SdkSignature {
  signature: string;
  timestamp: number;
  nonce: string;
}

export interface SendOptions {
  transient?: boolean;
  receipt?: boolean;
  will?: boolean;
  priority?: number;
  pushData?: object;
}

export interface Realtime extends Emitter<ConnectionEvents> {
  createIMClient(id?: string | SdkUser, options?: LoginOptions): Promise<ImClient>;
  register(messageClasses: MessageClass[]): void;
  pause(): void;
  resume(): void;
}

export interface ImClient extends Emitter<ClientEvents> {
  id: string;
  close(): Promise<void>;
  createConversation(options: {
    members: string[];
    name?: string;
    unique?: boolean;
    [property: string]: unknown;
  }): Promise<Conversation>;
  createChatRoom(options: { name: string }): Promise<ChatRoom>;
  getChatRoomQuery(): ConversationQuery;
  createTemporaryConversation(options: { members: string[]; ttl?: number }): Promise<TemporaryConversation>;
  getConversation(id: string, noCache?: boolean): Promise<Conversation | null>;
  getQuery(): ConversationQuery;
  ping(clientIds: string[]): Promise<string[]>;
}

/** One that ends. */
export interface ChatRoom extends Conversation {
  transient: boolean;
}

export interface ServiceConversation extends Conversation {
  system: boolean;
  subscribe(): Promise<Conversation>;
  unsubscribe(): Promise<Conversation>;
}

export interface TemporaryConversation extends Conversation {
  expired: boolean;
  expiredAt: Date;
}

export interface Conversation extends Emitter<ConversationEvents> {
  id: string;
  name?: string;
  creator: string;
  members: string[];
  muted: boolean;
  mutedMembers?: string[];
  createdAt: Date;
  updatedAt: Date;
  lastMessage?: Message;
  lastMessageAt?: Date;
  unreadMessagesCount: number;
  unreadMessagesMentioned?: boolean;
  /** Absent in conversations of more than two. */
  lastDeliveredAt?: Date | null;
  lastReadAt?: Date | null;
  get(key: string): unknown;
  set(key: string, value: unknown): Conversation;
  save(): Promise<Conversation>;
  fetch(): Promise<Conversation>;
  add(clientIds: string[]): Promise<PartialSuccess>;
  remove(clientIds: string[]): Promise<PartialSuccess>;
  join(): Promise<Conversation>;
  quit(): Promise<Conversation>;
  updateMemberRole(memberId: string, role: string): Promise<Conversation>;
  getAllMemberInfo(options?: { noCache: boolean }): Promise<MemberInfo[]>;
  getMemberInfo(memberId: string): Promise<MemberInfo>;
  muteMembers(clientIds: string | string[]): Promise<PartialSuccess>;
  unmuteMembers(clientIds: string | string[]): Promise<PartialSuccess>;
  queryMutedMembers(page?: ListPage): Promise<{ results: string[]; next?: string | null }>;
  blockMembers(clientIds: string | string[]): Promise<PartialSuccess>;
  unblockMembers(clientIds: string | string[]): Promise<PartialSuccess>;
  queryBlockedMembers(page?: ListPage): Promise<{ results: string[]; next?: string | null }>;
  mute(): Promise<Conversation>;
  unmute(): Promise<Conversation>;
  count(): Promise<number>;
  read(): Promise<Conversation>;
  send(message: Message, options?: SendOptions): Promise<Message>;
  update(message: MessagePlace, newMessage: Message): Promise<Message>;
  recall(message: MessagePlace): Promise<Message>;
  fetchReceiptTimestamps(): Promise<Conversation>;
  queryMessages(options?: HistoryOptions): Promise<Message[]>;
  createMessagesIterator(options: { limit?: number; beforeTime?: Date; beforeMessageId?: string }): {
    next(): Promise<{ value: Message[]; done: boolean }>;
  };
}

interface ListPage {
  limit?: number;
  next?: string;
}

export interface PartialSuccess {
  successfulClientIds: string[];
  failures: { clientIds: string[]; code?: number }[];
}

export interface HistoryOptions {
  startTime?: Date;
  startMessageId?: string;
  startClosed?: boolean;
  endTime?: Date;
  endMessageId?: string;
  endClosed?: boolean;
  limit?: number;
  type?: number;
  direction?: number;
}

export interface ConversationQuery {
  equalTo(key: string, value: unknown): this;
  notEqualTo(key: string, value: unknown): this;
  lessThan(key: string, value: unknown): this;
  lessThanOrEqualTo(key: string, value: unknown): this;
  greaterThan(key: string, value: unknown): this;
  greaterThanOrEqualTo(key: string, value: unknown): this;
  containedIn(key: string, values: unknown[]): this;
  notContainsIn(key: string, values: unknown[]): this;
  containsAll(key: string, values: unknown[]): this;
  exists(key: string): this;
  doesNotExist(key: string): this;
  contains(key: string, text: string): this;
  startsWith(key: string, text: string): this;
  endsWith(key: string, text: string): this;
  matches(key: string, pattern: RegExp): this;
  sizeEqualTo(key: string, size: number): this;
  containsMembers(clientIds: string[]): this;
  withMembers(clientIds: string[], includeSelf?: boolean): this;
  ascending(key: string): this;
  descending(key: string): this;
  addAscending(key: string): this;
  addDescending(key: string): this;
  limit(count: number): this;
  skip(count: number): this;
  compact(enabled?: boolean): this;
  withLastMessagesRefreshed(enabled?: boolean): this;
  find(): Promise<Conversation[]>;
  /** 5.x only. */
  first?(): Promise<Conversation | undefined>;
}

/** The position of a message. */
export interface MessagePlace {
  id: string;
  timestamp: Date;
}

export interface Message extends MessagePlace {
  cid: string;
  from: string;
  /** Time of the last edit, of the message itself without one. */
  updatedAt: Date;
  deliveredAt?: Date;
  status: symbol;
  mentionList: string[];
  mentionedAll: boolean;
  /** Whether the recipient is mentioned. */
  mentioned: boolean;
  setMentionList(clientIds: string[]): this;
  mentionAll(): this;
  /** A plain message's text, or the parsed JSON of a typed one. */
  content?: unknown;
}

export interface TypedMessage extends Message {
  readonly type: number;
  text: string;
  attributes: Record<string, unknown>;
  setText(text: string): this;
  setAttributes(attributes: Record<string, unknown>): this;
}

export interface BinaryMessage extends Message {
  buffer: ArrayBuffer;
}

export type MessageClass = new () => Message;

/** The package's exports that tests use. */
export interface SdkExports {
  Realtime: new (options: RealtimeOptions) => Realtime;
  Message: new (content: string) => Message;
  TypedMessage: new () => TypedMessage;
  TextMessage: new (text: string) => TypedMessage;
  BinaryMessage: new (buffer: ArrayBuffer) => BinaryMessage;
  RecalledMessage: new () => TypedMessage;
  MessageStatus: { NONE: symbol; SENDING: symbol; SENT: symbol; DELIVERED: symbol; FAILED: symbol };
  MessagePriority: { HIGH: number; NORMAL: number; LOW: number };
  messageType(type: number): (target: MessageClass) => void;
  messageField(fields: string[]): (target: MessageClass) => void;
  MessageQueryDirection: { NEW_TO_OLD: number; OLD_TO_NEW: number };
  /** 5.x only. */
  ConversationQuery?: {
    and(...queries: ConversationQuery[]): ConversationQuery;
    or(...queries: ConversationQuery[]): ConversationQuery;
  };
}

export interface Sdk {
  version: string;
  major: 4 | 5;
  /** Set when conversations are unique unless the app says otherwise. */
  uniqueByDefault: boolean;
  /** A fresh copy of the package: 5.x allows one Realtime per app and copy. */
  load(): SdkExports;
}
