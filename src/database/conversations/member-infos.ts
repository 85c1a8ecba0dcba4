import { inArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { OWNERS_SLICE } from "../../bounds.ts";
import type { JsonObject } from "../../model/json.ts";
import type { StoredRole } from "../../model/records.ts";
import { textList } from "../installations/device-clients.ts";
import { memberInfos } from "../schema/conversations.ts";
import { statement } from "../statement.ts";
import { countInSlices, findInSlices } from "../where/owner-query.ts";
import { readInParts, type SliceSize } from "../where/owner-query-slices.ts";
import { parseWhere } from "../where/parse-where.ts";
import { isQueryRefusal, type QueryRefusal } from "../where/query-refusal.ts";
import type { Field, QueryTable } from "../where/query-table.ts";

/** A role with the conversation that it is in. */
export type MemberInfo = StoredRole & { conversationId: string };

/**
 * Makes D1's copy of a conversation's roles equal to the snapshot. Rows that are newer than that are left alone. Throws if
 * D1 fails.
 *
 * @param asOf the time of the snapshot (ms)
 */
export async function saveRoles(
  db: D1Database,
  conversationId: string,
  roles: readonly StoredRole[],
  asOf: number,
): Promise<void> {
  const present = JSON.stringify(roles.map(({ infoId }) => infoId));
  const rows = JSON.stringify(
    roles.map(({ infoId, clientId, role, createdAt, updatedAt }) => {
      return [infoId, clientId, role, createdAt, updatedAt];
    }),
  );
  const removal = sql`DELETE FROM ${memberInfos} WHERE ${memberInfos.conversationId} = ${conversationId}
    AND ${memberInfos.updatedAt} <= ${asOf} AND ${memberInfos.id} NOT IN (SELECT value FROM json_each(${present}))`;
  const addition = sql`INSERT INTO ${memberInfos} (id, conversation_id, client_id, role, created_at, updated_at)
    SELECT value->>0, ${conversationId}, value->>1, value->>2, value->>3, value->>4 FROM json_each(${rows})
    WHERE TRUE ON CONFLICT (id) DO UPDATE SET role = excluded.role, updated_at = excluded.updated_at
    WHERE excluded.updated_at > ${memberInfos.updatedAt}`;
  await db.batch([removal, addition].map((query) => statement(db, query)));
}

/** Removes the copies of a conversation's roles. */
export const removalOfRoles = (conversationId: string) =>
  sql`DELETE FROM ${memberInfos} WHERE ${memberInfos.conversationId} = ${conversationId}`;

const fields = new Map<string, Field>([
  ["objectId", { type: "text", column: memberInfos.id }],
  ["cid", { type: "text", column: memberInfos.conversationId }],
  ["clientId", { type: "text", column: memberInfos.clientId }],
  ["peerId", { type: "text", column: memberInfos.clientId }],
  ["role", { type: "text", column: memberInfos.role }],
  ["createdAt", { type: "date", column: memberInfos.createdAt }],
  ["updatedAt", { type: "date", column: memberInfos.updatedAt }],
]);

const memberInfoTable: QueryTable = {
  table: memberInfos,
  id: memberInfos.id,
  fieldOf: (key) => fields.get(key),
  longColumns: [memberInfos.clientId],
};

export interface MemberInfoListing {
  where: JsonObject;
  order: string | undefined;
  limit: number;
  skip: number;
}

/** Roles for the app's server. A `where` that is not understood is refused with 102 in the detail. Throws if D1 fails. */
export async function findMemberInfos(
  db: D1Database,
  { where, order, limit, skip }: MemberInfoListing,
  size: SliceSize = OWNERS_SLICE,
): Promise<MemberInfo[] | QueryRefusal> {
  const d1 = drizzle(db);
  const condition = parseWhere(where, memberInfoTable);
  if (isQueryRefusal(condition)) return condition;
  const most = limit === 0 ? 0 : skip + limit;
  const found = await findInSlices(d1, {
    queried: memberInfoTable,
    condition,
    most,
    sort: order || "objectId",
    size,
  });
  if ("refused" in found) return found;
  const rows = await readInParts(found.slice(skip), size, (ids) =>
    d1
      .select()
      .from(memberInfos)
      .where(inArray(memberInfos.id, textList(ids))),
  );
  return rows.map(({ id, ...row }) => ({ infoId: id, ...row }));
}

/** Counts the matching roles. Refused as above. */
export async function countMemberInfos(
  db: D1Database,
  where: JsonObject,
  size: SliceSize = OWNERS_SLICE,
): Promise<number | QueryRefusal> {
  const condition = parseWhere(where, memberInfoTable);
  if (isQueryRefusal(condition)) return condition;
  return countInSlices(drizzle(db), { queried: memberInfoTable, condition, size });
}
