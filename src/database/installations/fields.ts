import { sql } from "drizzle-orm";
import { installationChannels, installations } from "../schema/push.ts";
import { type Field, inJson, type QueryTable, segmentsOf } from "../where/query-table.ts";

const channelIndex = {
  table: installationChannels,
  name: installationChannels.channel,
  owner: installationChannels.installation,
  id: installations.id,
};

const fields = new Map<string, Field>([
  ["objectId", { type: "text", column: installations.id }],
  ["deviceType", { type: "text", column: installations.deviceType }],
  ["deviceToken", { type: "text", column: installations.deviceToken }],
  ["installationId", { type: "text", column: installations.installationId }],
  ["registrationId", { type: "text", column: installations.registrationId }],
  ["vendor", { type: "text", column: installations.vendor }],
  ["channels", { ...inJson(installations.channels, []), membership: channelIndex }],
  ["valid", { type: "boolean", value: sql`${installations.valid}` }],
  ["badge", { type: "number", value: sql`${installations.badge}` }],
  ["createdAt", { type: "date", column: installations.createdAt }],
  ["updatedAt", { type: "date", column: installations.updatedAt }],
]);

function fieldOf(key: string): Field | undefined {
  const known = fields.get(key);
  if (known !== undefined) return known;
  const segments = segmentsOf(key);
  return segments && inJson(installations.fields, segments, { places: true });
}

/** The table of installations and the keys that a `where` may name (N-04). */
export const installationTable: QueryTable = {
  table: installations,
  id: installations.id,
  fieldOf,
  longColumns: [installations.channels, installations.fields, installations.subscription],
};
