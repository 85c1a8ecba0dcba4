import { type SQL, sql } from "drizzle-orm";
import { deviceClients, installationChannels, installations } from "../schema/push.ts";
import { statement } from "../statement.ts";

/** The clients that are logged in on a device, and whether an installation with the device's name exists. */
export interface DeviceState {
  clients: DeviceClient[];
  installed: boolean;
}

export interface DeviceClient {
  clientId: string;
  /** A recent login of the client there (ms): the last one, or one of the day before it. */
  at: number;
}

/** How often a device's last activity is written, in milliseconds: every write is billed. */
export const LAST_SEEN_INTERVAL = 24 * 60 * 60 * 1_000;

/** The state of a device. Throws if D1 fails. */
export async function deviceState(db: D1Database, device: string): Promise<DeviceState> {
  const query = sql`SELECT
    (SELECT json_group_array(json_object('clientId', ${deviceClients.clientId}, 'at', ${deviceClients.at}))
      FROM ${deviceClients} WHERE ${deviceClients.device} = ${device}) AS clients,
    EXISTS (SELECT 1 FROM ${installations} WHERE ${isNamed(device)}) AS installed`;
  const state = await statement(db, query).first<{ clients: string; installed: number }>();
  return { clients: state === null ? [] : JSON.parse(state.clients), installed: state?.installed === 1 };
}

export interface DeviceBinding {
  device: string;
  clientId: string;
  /** The clients that are no longer logged in there. */
  leaving: readonly string[];
  /** The clients that were logged in there when this was decided, the leaving ones included. */
  known: readonly string[];
  /** The time of the login (ms). */
  now: number;
}

/**
 * Records that a client logged in on a device and that others are no longer there. The installation's channels follow,
 * also if the installation is saved later (C-12, P-12). Resolves to whether it was done. It is not done if a client
 * that was unknown when this was decided has logged in there since, however late D1 runs it.
 */
export async function bindDevice(db: D1Database, binding: DeviceBinding): Promise<boolean> {
  const { device, clientId, known, now } = binding;
  const leaving = binding.leaving.filter((id) => id !== clientId);
  const expected = textList([...known, clientId]);
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

/** Records that a client logged out on a device. */
export async function unbindDevice(
  db: D1Database,
  { device, clientId }: { device: string; clientId: string },
): Promise<void> {
  // The time is unknown, so the row's time moves on by one millisecond.
  const changes = [deletionOf(device, [clientId]), ...updateChannels(device, [clientId], 0)];
  await db.batch(changes.map((query) => statement(db, query)));
}

/**
 * Records that a client's sessions were ended everywhere: on the devices that receive its pushes, only logins after
 * this time (ms) count.
 */
export async function unbindEverywhere(
  db: D1Database,
  { clientId, at }: { clientId: string; at: number },
): Promise<void> {
  const ownInstallations = sql`SELECT ${installationChannels.installation} FROM ${installationChannels}
    WHERE ${installationChannels.channel} = ${clientId}`;
  const names = sql`SELECT ${installations.deviceToken} FROM ${installations} WHERE ${installations.id} IN (${ownInstallations})
    UNION ALL SELECT ${installations.installationId} FROM ${installations} WHERE ${installations.id} IN (${ownInstallations})`;
  const changes = [
    sql`DELETE FROM ${deviceClients} WHERE ${deviceClients.clientId} = ${clientId}
      AND ${deviceClients.at} <= ${at} AND ${deviceClients.device} IN (${names})`,
    ...removeFromChannels(sql`${installations.id} IN (${ownInstallations})`, [clientId], 0),
  ];
  await db.batch(changes.map((query) => statement(db, query)));
}

/** SQL that records a client's login on a device, if a condition holds. */
export function recordLogin(
  { device, clientId, now }: { device: string; clientId: string; now: number },
  condition = sql`true`,
): SQL {
  return sql`INSERT INTO ${deviceClients} (device, client_id, at)
    SELECT ${device}, ${clientId}, ${now} WHERE ${condition}
    ON CONFLICT (device, client_id) DO UPDATE SET at = excluded.at WHERE excluded.at > ${deviceClients.at}`;
}

/**
 * SQL that renames a device, if a condition holds: its clients are logged in under the new name, unless clients are
 * logged in under that name already.
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
    AND ${deviceClients.clientId} IN ${textList(clientIds)}`;
}

/**
 * A JSON list of channels, given as a SELECT of `value`, plus the clients that are logged in on these devices. It is
 * computed when it is written, so that no login at the same moment is lost.
 */
export function withClients(channels: SQL, devices: SQL): SQL {
  return sql`(SELECT json_group_array(value) FROM (${channels} UNION ALL
    SELECT DISTINCT ${deviceClients.clientId} FROM ${deviceClients}
    WHERE ${deviceClients.device} IN ${devices} AND ${deviceClients.clientId} NOT IN (${channels})))`;
}

export const textList = (texts: readonly string[]): SQL =>
  sql`(SELECT value FROM json_each(${JSON.stringify(texts)}))`;

/** Whether an installation has this device name. */
const isNamed = (device: string): SQL =>
  sql`(${installations.deviceToken} = ${device} OR ${installations.installationId} = ${device})`;

const installationNames = sql`(${installations.deviceToken}, ${installations.installationId})`;

/** Recomputes a device's channels without these clients, unless they are still logged in under its other name. */
function updateChannels(device: string, leaving: readonly string[], now: number): SQL[] {
  const come = sql`INSERT OR IGNORE INTO ${installationChannels} (channel, installation)
    SELECT ${deviceClients.clientId}, ${installations.id} FROM ${installations}, ${deviceClients}
    WHERE ${isNamed(device)} AND ${deviceClients.device} IN ${installationNames}`;
  return [...removeFromChannels(isNamed(device), leaving, now), come];
}

/** Recomputes the channels of the matching installations without the leaving clients. */
function removeFromChannels(which: SQL, leaving: readonly string[], now: number): SQL[] {
  const kept = sql`SELECT value FROM json_each(${installations.channels}) WHERE value NOT IN ${textList(leaving)}`;
  const channels = withClients(kept, installationNames);
  const row = sql`UPDATE ${installations}
    SET channels = ${channels}, updated_at = max(${now}, ${installations.updatedAt} + 1)
    WHERE ${which}
      AND (${installations.channels} <> ${channels} OR ${installations.updatedAt} <= ${now - LAST_SEEN_INTERVAL})`;
  const gone = sql`DELETE FROM ${installationChannels}
    WHERE ${installationChannels.channel} IN ${textList(leaving)}
      AND ${installationChannels.installation} IN (SELECT ${installations.id} FROM ${installations} WHERE ${which})
      AND NOT EXISTS (SELECT 1 FROM ${installations}, json_each(${installations.channels}) AS channel
        WHERE ${installations.id} = ${installationChannels.installation}
          AND channel.value = ${installationChannels.channel})`;
  return [row, ...(leaving.length > 0 ? [gone] : [])];
}
