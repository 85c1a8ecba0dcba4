import type { Installation } from "../model/installation.ts";
import type { ConversationRecord, MessageRecord } from "../model/records.ts";
import type { User } from "../model/user.ts";
import type { conversations } from "./schema/conversations.ts";
import type { messages } from "./schema/messages.ts";
import type { installations } from "./schema/push.ts";
import type { users } from "./schema/users.ts";

/** D1 has null where the records leave a field out. */
export function conversationIn(row: typeof conversations.$inferSelect): ConversationRecord {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name ?? undefined,
    creator: row.creator,
    members: row.members,
    muted: row.muted,
    attributes: row.attributes,
    columns: row.columns,
    unique: row.unique,
    uniqueId: row.uniqueId ?? undefined,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    lastMessageAt: row.lastMessageAt ?? undefined,
    timeToLive: row.timeToLive ?? undefined,
  };
}

export function messageIn(row: typeof messages.$inferSelect): MessageRecord {
  return {
    timestamp: row.timestamp,
    id: row.id,
    from: row.sender,
    content: row.binary === null ? (row.content ?? "") : new Uint8Array(row.binary),
    mentionAll: row.mentionAll,
    mentions: row.mentions,
    receipt: row.receipt,
    patchedAt: row.patchedAt ?? undefined,
    recalled: row.recalled,
    recipients: row.recipients ?? undefined,
    address: row.address ?? undefined,
    deleted: false,
    ...(row.sentAt === null ? {} : { sentAt: row.sentAt }),
  };
}

export function installationIn(row: typeof installations.$inferSelect): Installation {
  return {
    ...row,
    deviceToken: row.deviceToken ?? undefined,
    installationId: row.installationId ?? undefined,
    registrationId: row.registrationId ?? undefined,
    vendor: row.vendor ?? undefined,
    subscription: row.subscription ?? undefined,
  };
}

export function userIn(row: typeof users.$inferSelect): User {
  return {
    ...row,
    email: row.email ?? undefined,
    phone: row.phone ?? undefined,
    emailVerified: row.emailVerified ?? undefined,
    phoneVerified: row.phoneVerified ?? undefined,
    password: row.password ?? undefined,
    acl: row.acl ?? undefined,
  };
}
