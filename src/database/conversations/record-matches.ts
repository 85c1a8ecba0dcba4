import { sql } from "drizzle-orm";
import type { JsonObject } from "../../model/json.ts";
import type { ConversationRecord } from "../../model/records.ts";
import type { Sql } from "../../sql.ts";
import { hasTooManyParameters, objectStatement } from "../statement.ts";
import { conditionToSql } from "../where/condition-to-sql.ts";
import { parseWhere } from "../where/parse-where.ts";
import { isQueryRefusal, type QueryRefusal, refusal, tooLarge } from "../where/query-refusal.ts";
import { hasGeneralPattern } from "../where/regex-search.ts";
import { conversationTable } from "./fields.ts";

export type { QueryRefusal } from "../where/query-refusal.ts";

/**
 * Whether a conversation matches a `where` in its current state rather than in D1's copy. The SQL that queries D1 runs
 * in the object's own SQLite on a table of one row, so a condition means the same in both places.
 */
export function recordMatches(
  database: Sql,
  record: ConversationRecord,
  where: JsonObject,
): boolean | QueryRefusal {
  const condition = parseWhere(where, conversationTable);
  if (isQueryRefusal(condition)) return condition;
  if (hasGeneralPattern(condition)) return refusal("102: a change under a $regex takes fixed text only");
  const { id, kind, name, creator, createdAt, updatedAt, uniqueId, lastMessageAt, timeToLive } = record;
  const [members, muted] = [JSON.stringify(record.members), JSON.stringify(record.muted)];
  const [attributes, columns] = [JSON.stringify(record.attributes), JSON.stringify(record.columns)];
  const query = sql`WITH conversations(id, kind, name, creator, members, muted, attributes, columns, is_unique,
      unique_id, created_at, updated_at, last_message_at, time_to_live) AS (VALUES (${id}, ${kind}, ${name ?? null},
      ${creator}, ${members}, ${muted}, ${attributes}, ${columns}, ${Number(record.unique)}, ${uniqueId ?? null},
      ${createdAt}, ${updatedAt}, ${lastMessageAt ?? null}, ${timeToLive ?? null})),
    members(client_id, conversation_id) AS (SELECT value, ${id} FROM json_each(${members}))
    SELECT EXISTS (SELECT 1 FROM conversations WHERE ${conditionToSql(condition)}) AS fits`;
  if (hasTooManyParameters(query)) return tooLarge;
  const { text, parameters } = objectStatement(query);
  return database.exec<{ fits: number }>(text, ...parameters).one().fits === 1;
}
