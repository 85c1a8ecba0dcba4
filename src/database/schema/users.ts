import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { StoredPassword } from "../../model/user.ts";
import { json } from "./json-column.ts";

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
