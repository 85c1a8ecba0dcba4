import { sql } from "drizzle-orm";
import {
  blob,
  customType,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import { loggedNames } from "../model/event-names.ts";
import type { WebPushSubscription } from "../model/installation.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { memberRoles } from "../model/records.ts";
import type { StoredPassword } from "../model/user.ts";
import { readAsWritten } from "../protocol/written-number.ts";

/*
 * D1's tables. D1 bills every row and every index entry written, so tables keyed by text are WITHOUT ROWID
 * (the key is the table, not an index beside it). Drizzle cannot say that: the generated SQL in migrations/
 * is edited by hand, and a regenerated migration must be edited again.
 */

/** JSON of apps, whose numbers are kept as they were written. */
const json = customType<{ data: JsonObject; driverData: string }>({
  dataType: () => "text",
  toDriver: (value) => JSON.stringify(value),
  fromDriver: readAsWritten,
});

/**
 * Copies of the conversations; temporary ones are not copied.
 *
 * The table keeps its rowid: rows with many members are large, which suits a WITHOUT ROWID tree badly, and only
 * creating one writes the extra entry. `last_message_at` changes with every message and must stay unindexed.
 */
export const conversations = sqliteTable(
  "conversations",
  {
    id: text("id").primaryKey(),
    kind: text("kind", { enum: ["normal", "room", "temporary", "system"] }).notNull(),
    name: text("name"),
    creator: text("creator").notNull(),
    members: text("members", { mode: "json" }).$type<string[]>().notNull(),
    muted: text("muted", { mode: "json" }).$type<string[]>().notNull(),
    attributes: json("attributes").notNull(),
    columns: json("columns").notNull(),
    unique: integer("is_unique", { mode: "boolean" }).notNull(),
    uniqueId: text("unique_id"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    lastMessageAt: integer("last_message_at"),
    timeToLive: integer("time_to_live"),
    /**
     * How far `messages` follows the conversation's log: the times (ms) of the newest message and of the newest patch
     * that it was given. Null for none.
     */
    archivedAt: integer("archived_at"),
    archivedPatchAt: integer("archived_patch_at"),
  },
  (table) => [
    // The name is the one common condition that neither members nor ids narrow down.
    index("conversations_by_name").on(table.name).where(sql`${table.name} IS NOT NULL`),
    // Rooms and system conversations are few; normal ones cost nothing here.
    index("conversations_by_kind").on(table.kind).where(sql`${table.kind} <> 'normal'`),
  ],
);

/** The clients of `conversations.members`, a row each, to find the conversations of a client. WITHOUT ROWID. */
export const members = sqliteTable(
  "members",
  { clientId: text("client_id").notNull(), conversationId: text("conversation_id").notNull() },
  (table) => [primaryKey({ columns: [table.clientId, table.conversationId] })],
);

/** Copies of the roles that clients were given in conversations: the class `_ConversationMemberInfo`. WITHOUT ROWID. */
export const memberInfos = sqliteTable(
  "member_infos",
  {
    id: text("id").primaryKey(),
    conversationId: text("conversation_id").notNull(),
    clientId: text("client_id").notNull(),
    role: text("role", { enum: memberRoles }).notNull(),
    /** Milliseconds. */
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [index("member_infos_by_conversation").on(table.conversationId, table.clientId)],
);

/** Subscriptions to service conversations of clients that have not logged in yet, for their first login. WITHOUT ROWID. */
export const earlySubscriptions = sqliteTable(
  "early_subscriptions",
  {
    clientId: text("client_id").notNull(),
    conversationId: text("conversation_id").notNull(),
    /** When it was made (ms). */
    since: integer("since").notNull(),
  },
  (table) => [primaryKey({ columns: [table.clientId, table.conversationId] })],
);

/**
 * What clients wrote to service conversations: the class `_SysMessage`. One row and one index entry per message. WITHOUT
 * ROWID.
 */
export const systemMessages = sqliteTable(
  "system_messages",
  {
    id: text("id").primaryKey(),
    conversationId: text("conversation_id").notNull(),
    messageId: text("message_id").notNull(),
    sender: text("sender").notNull(),
    address: text("address"),
    /** Base64 if `binary`. */
    data: text("data").notNull(),
    binary: integer("binary", { mode: "boolean" }).notNull(),
    /** Milliseconds, like those below. */
    timestamp: integer("timestamp").notNull(),
    acknowledgedAt: integer("acknowledged_at"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [uniqueIndex("system_messages_by_conversation").on(table.conversationId, table.messageId)],
);

/**
 * Clients that have ever logged in. `since` is 0 for clients that were members before this table existed. WITHOUT
 * ROWID.
 */
export const clients = sqliteTable("clients", {
  clientId: text("client_id").primaryKey(),
  /** Milliseconds. */
  since: integer("since").notNull(),
});

/**
 * The archive of the conversations' logs in the order of time, since the app's server reads it across conversations.
 * Each conversation reads its own log. One row and one index entry per message. WITHOUT ROWID.
 */
export const messages = sqliteTable(
  "messages",
  {
    timestamp: integer("timestamp").notNull(),
    conversationId: text("conversation_id").notNull(),
    id: text("id").notNull(),
    sender: text("sender").notNull(),
    /** Exactly one of `content` and `binary` is set. */
    content: text("content"),
    binary: blob("binary", { mode: "buffer" }),
    mentionAll: integer("mention_all", { mode: "boolean" }).notNull(),
    mentions: text("mentions", { mode: "json" }).$type<string[]>().notNull(),
    receipt: integer("receipt", { mode: "boolean" }).notNull(),
    patchedAt: integer("patched_at"),
    recalled: integer("recalled", { mode: "boolean" }).notNull(),
    /** Null means everybody. */
    recipients: text("recipients", { mode: "json" }).$type<string[]>(),
    address: text("address"),
    /** When it was sent (ms), if that is not its place in the log: an import may bring two of one millisecond. */
    sentAt: integer("sent_at"),
  },
  (table) => [
    primaryKey({ columns: [table.timestamp, table.conversationId] }),
    index("messages_by_sender").on(table.sender, table.timestamp, table.conversationId),
    index("messages_by_time_sent").on(table.sentAt, table.id).where(sql`${table.sentAt} IS NOT NULL`),
  ],
);

/**
 * The event log (G-05), off by default. An event is one row, plus one index entry for each of client, conversation and
 * message that it names. WITHOUT ROWID.
 */
export const events = sqliteTable(
  "events",
  {
    at: integer("at").notNull(),
    id: text("id").notNull(),
    name: text("name", { enum: loggedNames }).notNull(),
    /** The client that caused the event. */
    clientId: text("client_id"),
    conversationId: text("conversation_id"),
    messageId: text("message_id"),
    detail: text("detail", { mode: "json" }).$type<JsonObject>().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.at, table.id] }),
    index("events_by_client")
      .on(table.clientId, table.at, table.id)
      .where(sql`${table.clientId} IS NOT NULL`),
    index("events_by_conversation")
      .on(table.conversationId, table.at, table.id)
      .where(sql`${table.conversationId} IS NOT NULL`),
    index("events_by_message")
      .on(table.messageId, table.at, table.id)
      .where(sql`${table.messageId} IS NOT NULL`),
  ],
);

/** The list of banned clients. Each client's object refuses its logins. WITHOUT ROWID. */
export const bans = sqliteTable("bans", {
  clientId: text("client_id").primaryKey(),
  reason: text("reason").notNull(),
  at: integer("at").notNull(),
});

/** The app's settings. WITHOUT ROWID. */
export const settings = sqliteTable("settings", {
  key: text("key").primaryKey(),
  value: text("value", { mode: "json" }).$type<Json>().notNull(),
});

/**
 * Devices that receive mobile pushes (N-01). The table keeps its rowid, since rows hold the apps' own data. Every value
 * that an upsert or a push selects by has a column; the rest is in `fields`.
 */
export const installations = sqliteTable(
  "installations",
  {
    id: text("id").primaryKey(),
    deviceType: text("device_type").notNull(),
    /** Apple's token. */
    deviceToken: text("device_token"),
    /** Chosen by the device itself. */
    installationId: text("installation_id"),
    /** A vendor's token. */
    registrationId: text("registration_id"),
    vendor: text("vendor"),
    channels: text("channels", { mode: "json" }).$type<string[]>().notNull(),
    valid: integer("valid", { mode: "boolean" }).notNull(),
    badge: integer("badge").notNull(),
    /** A browser's push subscription. */
    subscription: text("subscription", { mode: "json" }).$type<WebPushSubscription>(),
    fields: json("fields").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    uniqueIndex("installations_by_token").on(table.deviceToken).where(sql`${table.deviceToken} IS NOT NULL`),
    uniqueIndex("installations_by_installation_id")
      .on(table.installationId)
      .where(sql`${table.installationId} IS NOT NULL`),
    index("installations_by_registration")
      .on(table.registrationId)
      .where(sql`${table.registrationId} IS NOT NULL`),
  ],
);

/**
 * The channels of `installations.channels`, a row each, to find the devices for a push (P-13). WITHOUT ROWID.
 */
export const installationChannels = sqliteTable(
  "installation_channels",
  { channel: text("channel").notNull(), installation: text("installation").notNull() },
  (table) => [primaryKey({ columns: [table.channel, table.installation] })],
);

/**
 * The clients that are logged in on a device, by the device's name in their sessions: a token or an installation id
 * (C-12). A row may exist before the installation does. WITHOUT ROWID.
 */
export const deviceClients = sqliteTable(
  "device_clients",
  {
    device: text("device").notNull(),
    clientId: text("client_id").notNull(),
    at: integer("at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.device, table.clientId] }),
    index("device_clients_by_client").on(table.clientId, table.device),
  ],
);

/** Notifications requested over HTTP, and their results (N-11). WITHOUT ROWID. */
export const notifications = sqliteTable(
  "notifications",
  {
    id: text("id").primaryKey(),
    status: text("status", { enum: ["scheduled", "in-queue", "done", "failed"] }).notNull(),
    data: text("data", { mode: "json" }).$type<JsonObject>().notNull(),
    where: text("where", { mode: "json" }).$type<JsonObject>(),
    environment: text("environment", { enum: ["dev", "prod"] }).notNull(),
    pushAt: integer("push_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    createdAt: integer("created_at").notNull(),
    /** Installations that were found for the notification so far. */
    devices: integer("devices").notNull(),
    /** Devices for which a provider accepted the push. */
    successes: integer("successes").notNull(),
    /** The same number for each provider, by its name. */
    providers: text("providers", { mode: "json" }).$type<Record<string, number>>().notNull(),
    /** Devices that no longer exist; they were removed. */
    invalidTokens: integer("invalid_tokens").notNull(),
    /** Devices for which the push failed or was given up. */
    errors: integer("errors").notNull(),
    /** The last error, as a sentence. */
    lastError: text("last_error"),
  },
  (table) => [index("notifications_by_time").on(table.createdAt)],
);

/**
 * Rows of `_File`. The table keeps its rowid: rows hold the apps' own data. What a row is for is in `state`
 * (`FileContent` of `model/stored-file.ts` says which of the columns after it belong to which).
 */
export const files = sqliteTable(
  "files",
  {
    id: text("id").primaryKey(),
    /** The path of the bytes under the address of files; null for a file that stays elsewhere. */
    key: text("key"),
    name: text("name").notNull(),
    mimeType: text("mime_type").notNull(),
    metaData: json("meta_data").notNull(),
    acl: json("acl"),
    /** The app's own fields. */
    fields: json("fields").notNull(),
    state: text("state", { enum: ["awaiting", "stored", "external"] }).notNull(),
    /** Null once the client has confirmed the upload. */
    token: text("token"),
    tokenExpiresAt: integer("token_expires_at"),
    /** The name of the bytes in the bucket. */
    object: text("object"),
    /** Bytes. */
    size: integer("size"),
    /** Where an external file is, and where an imported one was. */
    url: text("url"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    uniqueIndex("files_by_key").on(table.key).where(sql`${table.key} IS NOT NULL`),
    uniqueIndex("files_by_token").on(table.token).where(sql`${table.token} IS NOT NULL`),
    index("files_awaiting").on(table.createdAt).where(sql`${table.state} = 'awaiting'`),
  ],
);

/**
 * Objects of the bucket that belong to no file: of uploads in progress, and of files that are gone. A name is here
 * before its bytes can be, so that a server that dies leaves none behind. WITHOUT ROWID.
 */
export const unclaimedObjects = sqliteTable(
  "unclaimed_objects",
  {
    object: text("object").primaryKey(),
    /** Milliseconds. */
    since: integer("since").notNull(),
  },
  (table) => [index("unclaimed_objects_by_time").on(table.since)],
);

/**
 * Users of the app: LeanCloud's `_User`, as far as messaging needs it (C-05). The table keeps its rowid, since rows hold
 * the app's own data. Names are unique as they are written, capitals included.
 */
export const users = sqliteTable(
  "users",
  {
    id: text("id").primaryKey(),
    username: text("username").notNull(),
    email: text("email"),
    phone: text("phone"),
    emailVerified: integer("email_verified", { mode: "boolean" }),
    phoneVerified: integer("phone_verified", { mode: "boolean" }),
    /** The password's hash with all that is needed to check it; null for a user without a password. */
    password: text("password", { mode: "json" }).$type<StoredPassword>(),
    /** SHA-256 of the session token, by which it is found. */
    tokenHash: text("token_hash").notNull(),
    /** The token itself, encrypted under a key that is not in the database. */
    sealedToken: text("sealed_token").notNull(),
    /** By platform: what the platform says about the user. */
    authData: json("auth_data").notNull(),
    acl: json("acl"),
    fields: json("fields").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    uniqueIndex("users_by_username").on(table.username),
    uniqueIndex("users_by_email").on(table.email).where(sql`${table.email} IS NOT NULL`),
    uniqueIndex("users_by_phone").on(table.phone).where(sql`${table.phone} IS NOT NULL`),
    uniqueIndex("users_by_token").on(table.tokenHash),
  ],
);

/** The users' ids on other platforms, from `users.auth_data`: each belongs to one user. WITHOUT ROWID. */
export const userIdentities = sqliteTable(
  "user_identities",
  {
    platform: text("platform").notNull(),
    uid: text("uid").notNull(),
    userId: text("user_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.platform, table.uid] }),
    index("user_identities_by_user").on(table.userId),
  ],
);

/** Users who were deleted here, so that a repeated import does not bring them back. WITHOUT ROWID. */
export const deletedUsers = sqliteTable("deleted_users", {
  id: text("id").primaryKey(),
  /** Milliseconds. */
  deletedAt: integer("deleted_at").notNull(),
});

/** How far conversations are mirrored to and from LeanCloud, a row for each that had a message meanwhile. WITHOUT ROWID. */
export const mirrorProgress = sqliteTable(
  "mirror_progress",
  {
    conversationId: text("conversation_id").primaryKey(),
    /** Messages that went there, and that came from there. */
    sent: integer("sent").notNull(),
    received: integer("received").notNull(),
    /** Messages that cannot go there, and why the last of them could not. */
    leftOut: integer("left_out").notNull(),
    leftOutWhy: text("left_out_why"),
    /** Messages that wait; the time of the oldest (ms), and what the last attempt met. */
    waiting: integer("waiting").notNull(),
    waitingSince: integer("waiting_since"),
    problem: text("problem"),
    /** Milliseconds. */
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    index("mirror_progress_by_waiting").on(table.waitingSince).where(sql`${table.waitingSince} IS NOT NULL`),
  ],
);
