import { type SQL, sql } from "drizzle-orm";
import { deviceClients, installationChannels, installations } from "../schema.ts";
import { statement } from "../statement.ts";

/** Who is logged in on a device, and whether there is an installation by the name its sessions give it. */
export interface DeviceState {
  clients: DeviceClient[];
  installed: boolean;
}

export interface DeviceClient {
  clientId: string;
  /** A login of his there: the last one, or one of the day before it (ms). */
  at: number;
}

/** How often it is noted that a device was heard of, in milliseconds: its row is billed every time. */
export const LAST_SEEN_INTERVAL = 24 * 60 * 60 * 1_000;

/** D1 failing throws. */
export async function deviceState(db: D1Database, device: string): Promise<DeviceState> {
  const query = sql`SELECT
    (SELECT json_group_array(json_object('clientId', ${deviceClients.clientId}, 'at', ${deviceClients.at}))
      FROM ${deviceClients} WHERE ${deviceClients.device} = ${device}) AS clients,
    EXISTS (SELECT 1 FROM ${installations} WHERE ${called(device)}) AS installed`;
  const state = await statement(db, query).first<{ clients: string; installed: number }>();
  return { clients: state === null ? [] : JSON.parse(state.clients), installed: state?.installed === 1 };
}

export interface DeviceBinding {
  device: string;
  clientId: string;
  /** Who was logged in there and is not any more. */
  leaving: readonly string[];
  /** Who was logged in there when that was decided, those who leave among them. */
  known: readonly string[];
  /** When he logged in (ms). */
  now: number;
}

/**
 * A client logged in on a device, and others of before are not there any more: its installation's channels say so from
 * now on, also where the installation comes later (C-12, P-12). Whether that is done: not where somebody is logged in
 * there by now who was not when it was decided, also if D1 only comes to it long after that.
 */
export async function bindDevice(db: D1Database, binding: DeviceBinding): Promise<boolean> {
  const { device, clientId, known, now } = binding;
  const leaving = binding.leaving.filter((id) => id !== clientId);
  const expected = listed([...known, clientId]);
  const asDecided = sql`NOT EXISTS (SELECT 1 FROM ${deviceClients}
    WHERE ${deviceClients.device} = ${device} AND ${deviceClients.clientId} NOT IN ${expected})`;
  const changes = [
    sql`SELECT ${asDecided} AS done`,
    recordLogin({ device, clientId, now }, asDecided),
    ...(leaving.length > 0 ? [sql`${deletionOf(device, leaving)} AND ${asDecided}`] : []),
    ...updateChannels(device, leaving, now),
  ];
  const [first] = await db.batch<{ done: number }>(changes.map((query) => statement(db, query)));
  return first?.results[0]?.done === 1;
}

/** A client logged out on a device. */
export async function unbindDevice(
  db: D1Database,
  { device, clientId }: { device: string; clientId: string },
): Promise<void> {
  // Nothing is known of the time; that the row changed is told by one millisecond more.
  const changes = [deletionOf(device, [clientId]), ...updateChannels(device, [clientId], 0)];
  await db.batch(changes.map((query) => statement(db, query)));
}

/**
 * A client was turned out everywhere: of the devices that are pushed to for him, he is logged in only where that came
 * after this time (ms).
 */
export async function unbindEverywhere(
  db: D1Database,
  { clientId, at }: { clientId: string; at: number },
): Promise<void> {
  const his = sql`SELECT ${installationChannels.installation} FROM ${installationChannels}
    WHERE ${installationChannels.channel} = ${clientId}`;
  const names = sql`SELECT ${installations.deviceToken} FROM ${installations} WHERE ${installations.id} IN (${his})
    UNION ALL SELECT ${installations.installationId} FROM ${installations} WHERE ${installations.id} IN (${his})`;
  const changes = [
    sql`DELETE FROM ${deviceClients} WHERE ${deviceClients.clientId} = ${clientId}
      AND ${deviceClients.at} <= ${at} AND ${deviceClients.device} IN (${names})`,
    ...removeFromChannels(sql`${installations.id} IN (${his})`, [clientId], 0),
  ];
  await db.batch(changes.map((query) => statement(db, query)));
}

/** Notes that a client is logged in on a device, if a condition holds. */
export function recordLogin(
  { device, clientId, now }: { device: string; clientId: string; now: number },
  condition = sql`true`,
): SQL {
  return sql`INSERT INTO ${deviceClients} (device, client_id, at)
    SELECT ${device}, ${clientId}, ${now} WHERE ${condition}
    ON CONFLICT (device, client_id) DO UPDATE SET at = excluded.at WHERE excluded.at > ${deviceClients.at}`;
}

/**
 * A device is called otherwise from now on, if a condition holds: who is logged in there by its former name is so by
 * the new one, unless somebody logged in by that already.
 */
export function renameDevice({ from, to }: { from: string; to: string }, condition: SQL): SQL[] {
  const nobodyYet = sql`NOT EXISTS (SELECT 1 FROM ${deviceClients} WHERE ${deviceClients.device} = ${to})`;
  return [
    sql`INSERT INTO ${deviceClients} (device, client_id, at)
      SELECT ${to}, ${deviceClients.clientId}, ${deviceClients.at} FROM ${deviceClients}
      WHERE ${deviceClients.device} = ${from} AND ${nobodyYet} AND ${condition}`,
    sql`DELETE FROM ${deviceClients} WHERE ${deviceClients.device} = ${from} AND ${condition}`,
  ];
}

function deletionOf(device: string, clientIds: readonly string[]): SQL {
  return sql`DELETE FROM ${deviceClients} WHERE ${deviceClients.device} = ${device}
    AND ${deviceClients.clientId} IN ${listed(clientIds)}`;
}

/**
 * A list of channels, given as a SELECT of `value`, with the clients added that are logged in on devices by these
 * names: JSON. Worked out where it is written, so that no login at the same moment is lost.
 */
export function withClients(channels: SQL, devices: SQL): SQL {
  return sql`(SELECT json_group_array(value) FROM (${channels} UNION ALL
    SELECT DISTINCT ${deviceClients.clientId} FROM ${deviceClients}
    WHERE ${deviceClients.device} IN ${devices} AND ${deviceClients.clientId} NOT IN (${channels})))`;
}

export const listed = (texts: readonly string[]): SQL =>
  sql`(SELECT value FROM json_each(${JSON.stringify(texts)}))`;

/** The installations that sessions on a device name so. */
const called = (device: string): SQL =>
  sql`(${installations.deviceToken} = ${device} OR ${installations.installationId} = ${device})`;

const installationNames = sql`(${installations.deviceToken}, ${installations.installationId})`;

/** Makes a device's channels those of before without these, unless they are still logged in by its other name. */
function updateChannels(device: string, leaving: readonly string[], now: number): SQL[] {
  const come = sql`INSERT OR IGNORE INTO ${installationChannels} (channel, installation)
    SELECT ${deviceClients.clientId}, ${installations.id} FROM ${installations}, ${deviceClients}
    WHERE ${called(device)} AND ${deviceClients.device} IN ${installationNames}`;
  return [...removeFromChannels(called(device), leaving, now), come];
}

/** The same for the installations of a condition, of those who leave. */
function removeFromChannels(which: SQL, leaving: readonly string[], now: number): SQL[] {
  const kept = sql`SELECT value FROM json_each(${installations.channels}) WHERE value NOT IN ${listed(leaving)}`;
  const channels = withClients(kept, installationNames);
  const row = sql`UPDATE ${installations}
    SET channels = ${channels}, updated_at = max(${now}, ${installations.updatedAt} + 1)
    WHERE ${which}
      AND (${installations.channels} <> ${channels} OR ${installations.updatedAt} <= ${now - LAST_SEEN_INTERVAL})`;
  const gone = sql`DELETE FROM ${installationChannels}
    WHERE ${installationChannels.channel} IN ${listed(leaving)}
      AND ${installationChannels.installation} IN (SELECT ${installations.id} FROM ${installations} WHERE ${which})
      AND NOT EXISTS (SELECT 1 FROM ${installations}, json_each(${installations.channels}) AS channel
        WHERE ${installations.id} = ${installationChannels.installation}
          AND channel.value = ${installationChannels.channel})`;
  return [row, ...(leaving.length > 0 ? [gone] : [])];
}
