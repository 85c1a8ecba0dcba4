import { eq, or, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { getTableColumns } from "drizzle-orm/utils";
import type { Installation } from "../../model/installation.ts";
import { installationIn } from "../rows-to-records.ts";
import { deviceClients, installationChannels, installations } from "../schema/push.ts";
import { statement } from "../statement.ts";
import { textList, withClients } from "./device-clients.ts";

/** The names that identify an installation. */
export interface InstallationNames {
  id?: string | undefined;
  deviceToken?: string | undefined;
  installationId?: string | undefined;
  registrationId?: string | undefined;
}

/** An installation as it was read, and the clients that are logged in there. */
export interface InstallationMatch {
  installation: Installation;
  clientIds: string[];
}

/** Attempts of a change while others change the same rows. */
const ATTEMPTS = 8;

/** Repeats an attempt that returns undefined after a conflict. Throws if every attempt conflicts. */
export async function retryOnConflict<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
    const outcome = await attempt();
    if (outcome !== undefined) return outcome;
  }
  throw new Error(`installations: changed by others ${ATTEMPTS} times`);
}

/** The installations that have any of these names. Throws if D1 fails. */
export async function installationsNamed(
  db: D1Database,
  names: InstallationNames,
): Promise<InstallationMatch[]> {
  const condition = hasAny(names);
  if (condition === undefined) return [];
  const rows = await drizzle(db)
    .select({
      ...getTableColumns(installations),
      clientIds: sql<string>`(SELECT json_group_array(DISTINCT ${deviceClients.clientId}) FROM ${deviceClients}
        WHERE ${deviceClients.device} IN (${installations.deviceToken}, ${installations.installationId}))`,
    })
    .from(installations)
    .where(condition);
  return rows.map(({ clientIds, ...row }) => ({
    installation: installationIn(row),
    clientIds: JSON.parse(clientIds),
  }));
}

/** An installation's names, and when it was last changed (ms). */
export interface KnownNames extends InstallationNames {
  updatedAt: number;
}

/** What is known under any of the names of these: of several devices in one query. Throws if D1 fails. */
export async function namesKnown(
  db: D1Database,
  devices: readonly InstallationNames[],
): Promise<KnownNames[]> {
  const having = (["id", "deviceToken", "installationId", "registrationId"] as const).map((name) => {
    const texts = devices.map((each) => each[name]).filter((text) => text !== undefined);
    return sql`SELECT ${installations.id} FROM ${installations} WHERE ${installations[name]} IN ${textList(texts)}`;
  });
  const { id, deviceToken, installationId, registrationId, updatedAt } = installations;
  const rows = await drizzle(db)
    .select({ id, deviceToken, installationId, registrationId, updatedAt })
    .from(installations)
    .where(sql`${id} IN (${sql.join(having, sql` UNION `)})`);
  return rows.map((row) => ({
    ...row,
    deviceToken: row.deviceToken ?? undefined,
    installationId: row.installationId ?? undefined,
    registrationId: row.registrationId ?? undefined,
  }));
}

function hasAny({ id, deviceToken, installationId, registrationId }: InstallationNames): SQL | undefined {
  return or(
    id === undefined ? undefined : eq(installations.id, id),
    deviceToken === undefined ? undefined : eq(installations.deviceToken, deviceToken),
    installationId === undefined ? undefined : eq(installations.installationId, installationId),
    registrationId === undefined ? undefined : eq(installations.registrationId, registrationId),
  );
}

export interface InstallationWrite {
  /** The row as it was read; undefined for a new one. */
  before: Installation | undefined;
  /** Rows as they were read that are merged into it. */
  joined: readonly Installation[];
  /** The new state. Clients that are logged in on the device are added to its channels. */
  after: Installation;
  /** No other row may have any of these names. */
  names: InstallationNames;
  /**
   * Further statements that run first, each only if the condition holds: it tests that the rows are as they were read.
   */
  beside?(condition: SQL): SQL[];
}

/** Writes the installation and its channels. Undefined, and nothing written, if the rows are not as they were read. */
export async function writeInstallation(
  db: D1Database,
  write: InstallationWrite,
): Promise<Installation | undefined> {
  const { before, joined, after, names, beside } = write;
  const read = [...(before === undefined ? [] : [before]), ...joined];
  const unchanged = allOf([
    ...read.map(
      ({ id, updatedAt }) => sql`EXISTS (SELECT 1 FROM ${installations}
      WHERE ${installations.id} = ${id} AND ${installations.updatedAt} = ${updatedAt})`,
    ),
    noOther(names, read),
  ]);
  const first = beside?.(unchanged) ?? [];
  if (joined.length > 0) {
    const ids = joined.map(({ id }) => id);
    first.push(
      sql`DELETE FROM ${installations} WHERE ${installations.id} IN ${textList(ids)} AND ${unchanged}`,
    );
  }
  const row = before === undefined ? insertionOf(after, unchanged) : updateOf(db, before, write);
  const changes = [...first, row, ...read.map(deleteOldChannels), insertChannels([after.id])];
  const results = await db.batch<{ channels: string }>(changes.map((query) => statement(db, query)));
  const [written] = results[first.length]?.results ?? [];
  return written && { ...after, channels: JSON.parse(written.channels) };
}

/**
 * Adds the installations of whose names no row has any: all that can be, in one transaction. Returns the ids of those
 * that were added. Throws, and nothing is written, if D1 fails.
 */
export async function insertInstallations(
  db: D1Database,
  added: readonly Installation[],
): Promise<Set<string>> {
  if (added.length === 0) return new Set();
  const rows = added.map((each) => insertionOf(each, noOther(each, [])));
  const queries = [...rows, insertChannels(added.map(({ id }) => id))];
  const results = await db.batch(queries.map((query) => statement(db, query)));
  return new Set(added.filter((_, at) => (results[at]?.results.length ?? 0) > 0).map(({ id }) => id));
}

function noOther(names: InstallationNames, than: readonly Installation[]): SQL {
  const ids = than.map(({ id }) => id);
  return sql`NOT EXISTS (SELECT 1 FROM ${installations}
    WHERE ${hasAny(names) ?? sql`false`} AND ${installations.id} NOT IN ${textList(ids)})`;
}

const allOf = (conditions: SQL[]): SQL => sql.join(conditions, sql` AND `);

function channelsOf({ channels, deviceToken, installationId }: Installation): SQL {
  const names = [deviceToken, installationId].filter((name) => name !== undefined);
  return withClients(sql`SELECT value FROM json_each(${JSON.stringify(channels)})`, textList(names));
}

function insertionOf(after: Installation, condition: SQL): SQL {
  const { id, deviceType, deviceToken = null, installationId = null, registrationId = null } = after;
  const { vendor = null, valid, badge, subscription, fields, createdAt, updatedAt } = after;
  const subscribed = subscription === undefined ? null : JSON.stringify(subscription);
  return sql`INSERT INTO ${installations} (id, device_type, device_token, installation_id, registration_id, vendor,
      channels, valid, badge, subscription, fields, created_at, updated_at)
    SELECT ${id}, ${deviceType}, ${deviceToken}, ${installationId}, ${registrationId}, ${vendor},
      ${channelsOf(after)}, ${Number(valid)}, ${badge}, ${subscribed}, ${JSON.stringify(fields)}, ${createdAt}, ${updatedAt}
    WHERE ${condition} RETURNING channels`;
}

/** The merged rows are deleted by now, or this statement changes nothing either. */
function updateOf(db: D1Database, before: Installation, { joined, after, names }: InstallationWrite): SQL {
  const { deviceToken = null, installationId = null, registrationId = null } = after;
  const { deviceType, vendor = null, subscription = null, valid, badge, fields, updatedAt } = after;
  const mine = [
    eq(installations.id, before.id),
    eq(installations.updatedAt, before.updatedAt),
    noOther(names, [before]),
    ...joined.map(
      ({ id }) => sql`NOT EXISTS (SELECT 1 FROM ${installations} WHERE ${installations.id} = ${id})`,
    ),
  ];
  return drizzle(db)
    .update(installations)
    .set({
      deviceType,
      vendor,
      subscription,
      valid,
      fields,
      updatedAt,
      channels: channelsOf(after),
      // Setting an indexed column writes the index, changed or not.
      ...(after.deviceToken !== before.deviceToken && { deviceToken }),
      ...(after.installationId !== before.installationId && { installationId }),
      ...(after.registrationId !== before.registrationId && { registrationId }),
      // Pushes increment it meanwhile.
      ...(badge !== before.badge && { badge }),
    })
    .where(allOf(mine))
    .returning({ channels: installations.channels })
    .getSQL();
}

/** Deletes the former channels that the row no longer has. */
function deleteOldChannels({ id, channels }: Installation): SQL {
  return sql`DELETE FROM ${installationChannels}
    WHERE ${installationChannels.installation} = ${id} AND ${installationChannels.channel} IN ${textList(channels)}
      AND ${installationChannels.channel} NOT IN (${channelsInRow(id)})`;
}

function insertChannels(ids: readonly string[]): SQL {
  return sql`INSERT OR IGNORE INTO ${installationChannels} (channel, installation)
    SELECT channel.value, ${installations.id} FROM ${installations}, json_each(${installations.channels}) AS channel
    WHERE ${installations.id} IN ${textList(ids)}`;
}

const channelsInRow = (id: string): SQL => sql`SELECT channel.value FROM ${installations},
  json_each(${installations.channels}) AS channel WHERE ${installations.id} = ${id}`;
