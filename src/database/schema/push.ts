import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { WebPushSubscription } from "../../model/installation.ts";
import type { JsonObject } from "../../model/json.ts";
import { json } from "./json-column.ts";

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
