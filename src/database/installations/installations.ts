import { inArray, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Installation } from "../../model/installation.ts";
import { SUBSCRIBED_MAX } from "../../request-bounds.ts";
import { installationIn } from "../rows-to-records.ts";
import { deviceClients, installationChannels, installations } from "../schema/push.ts";
import { statement } from "../statement.ts";
import { textList } from "./device-clients.ts";

export { type BrowserRegistration, registerBrowser } from "./browsers.ts";

/** Devices on which the clients of one lookup are logged in, all together. */
const LOGGED_IN_MAX = 2_000;
/** Rows removed by one statement: D1 allows it 30 seconds, and each row has channels to remove. */
const REMOVED_AT_ONCE = 1_000;

/**
 * The installations that have any of these channels, at most 100, each with the channels that matched. Installations on
 * which a client of that name is logged in always come first. Then come the newest direct subscribers of each channel,
 * since anybody with the app key can create any number of them. Throws if D1 fails.
 */
export async function installationsWithChannels(
  db: D1Database,
  channels: readonly string[],
): Promise<{ installation: Installation; channels: string[] }[]> {
  const { results } = await statement(db, sql`${loggedIn(channels)} UNION ALL ${subscribed(channels)}`).all<{
    installation: string;
    channel: string;
  }>();
  const found = Map.groupBy(results, ({ installation }) => installation);
  const rows = await installationsById(db, [...found.keys()]);
  return rows.map((installation) => {
    const named = (found.get(installation.id) ?? []).map(({ channel }) => channel);
    return { installation, channels: [...new Set(named)] };
  });
}

/** The installations on which these clients are logged in, latest logins first. */
function loggedIn(clientIds: readonly string[]): SQL {
  const { device, clientId, at } = deviceClients;
  const by = (
    name: SQL,
  ) => sql`SELECT ${installations.id} AS installation, ${clientId} AS channel, ${at} AS at
    FROM ${deviceClients} CROSS JOIN ${installations} ON ${name} = ${device}
    WHERE ${clientId} IN ${textList(clientIds)}`;
  const [token, ownId] = [sql`${installations.deviceToken}`, sql`${installations.installationId}`];
  return sql`SELECT installation, channel FROM
    (SELECT * FROM (${by(token)} UNION ALL ${by(ownId)}) ORDER BY at DESC LIMIT ${LOGGED_IN_MAX})`;
}

/** The newest subscribers of each channel: ids begin with the time of creation. */
function subscribed(channels: readonly string[]): SQL {
  const { channel, installation } = installationChannels;
  const newest = sql`SELECT ${installation} FROM ${installationChannels} WHERE ${channel} = each.value
    ORDER BY ${installation} DESC LIMIT ${SUBSCRIBED_MAX}`;
  return sql`SELECT one.value AS installation, each.value AS channel
    FROM json_each(${JSON.stringify(channels)}) AS each,
      json_each((SELECT json_group_array(installation) FROM (${newest}))) AS one`;
}

/** The installations with these ids that still exist. */
export async function installationsById(db: D1Database, ids: readonly string[]): Promise<Installation[]> {
  const rows = await drizzle(db)
    .select()
    .from(installations)
    .where(inArray(installations.id, textList(ids)));
  return rows.map(installationIn);
}

/** Adds one to the badge of each (P-06). */
export async function incrementBadges(db: D1Database, ids: readonly string[]): Promise<void> {
  await drizzle(db)
    .update(installations)
    .set({ badge: sql`${installations.badge} + 1` })
    .where(inArray(installations.id, textList(ids)));
}

/** Removes devices with their channels. The logins on them are kept, for when the devices come back. */
export async function removeInstallations(db: D1Database, ids: readonly string[]): Promise<void> {
  const removal = removalOf(inArray(installations.id, textList(ids)));
  await db.batch(removal.map((query) => statement(db, query)));
}

/** Statements that remove the matching devices. The row goes last: the statement before it reads its channels. */
export function removalOf(condition: SQL): SQL[] {
  const channels = sql`SELECT channel.value, ${installations.id}
    FROM ${installations}, json_each(${installations.channels}) AS channel WHERE ${condition}`;
  return [
    sql`DELETE FROM ${installationChannels}
      WHERE (${installationChannels.channel}, ${installationChannels.installation}) IN (${channels})`,
    sql`DELETE FROM ${installations} WHERE ${condition}`,
  ];
}

/**
 * Removes devices without any activity since a time (ms), and the logins on inactive devices (N-02). It reads every
 * row, once a day: an index by time would cost a write for each activity.
 */
export async function dropIdleInstallations(db: D1Database, before: number): Promise<void> {
  const idle = sql`${installations.updatedAt} < ${before}`;
  let after = 0;
  for (;;) {
    const page = sql`SELECT rowid AS row, ${installations.id} FROM ${installations}
      WHERE rowid > ${after} AND ${idle} ORDER BY rowid LIMIT ${REMOVED_AT_ONCE}`;
    const { results } = await statement(db, page).all<{ row: number; id: string }>();
    const last = results.at(-1);
    if (last === undefined) break;
    const ids = results.map(({ id }) => id);
    // Some may have been active again since they were read.
    const removal = removalOf(sql`${inArray(installations.id, textList(ids))} AND ${idle}`);
    await db.batch(removal.map((query) => statement(db, query)));
    after = last.row;
  }
  await dropIdleClients(db, before);
}

/** The logins on a device with an installation stay: they are not written again while the client is logged in. */
async function dropIdleClients(db: D1Database, before: number): Promise<void> {
  const { device, clientId, at } = deviceClients;
  let after = { device: "", clientId: "" };
  for (;;) {
    const page = sql`SELECT ${device}, ${clientId} AS clientId FROM ${deviceClients}
      WHERE (${device}, ${clientId}) > (${after.device}, ${after.clientId}) AND ${at} < ${before}
        AND NOT EXISTS (SELECT 1 FROM ${installations}
          WHERE ${installations.deviceToken} = ${device} OR ${installations.installationId} = ${device})
      ORDER BY ${device}, ${clientId} LIMIT ${REMOVED_AT_ONCE}`;
    const { results } = await statement(db, page).all<{ device: string; clientId: string }>();
    const last = results.at(-1);
    if (last === undefined) return;
    const rows = JSON.stringify(results.map((row) => [row.device, row.clientId]));
    const found = sql`SELECT value->>0, value->>1 FROM json_each(${rows})`;
    const deletion = sql`DELETE FROM ${deviceClients} WHERE (${device}, ${clientId}) IN (${found}) AND ${at} < ${before}`;
    await statement(db, deletion).run();
    after = last;
  }
}
