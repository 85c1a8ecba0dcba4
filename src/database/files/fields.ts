import { files } from "../schema/files.ts";
import { type Field, inJson, type QueryTable, segmentsOf } from "../where/query-table.ts";

const fields = new Map<string, Field>([
  ["objectId", { type: "text", column: files.id }],
  ["name", { type: "text", column: files.name }],
  ["key", { type: "text", column: files.key }],
  ["url", { type: "text", column: files.url }],
  ["mime_type", { type: "text", column: files.mimeType }],
  ["createdAt", { type: "date", column: files.createdAt }],
  ["updatedAt", { type: "date", column: files.updatedAt }],
]);

function fieldOf(key: string): Field | undefined {
  const known = fields.get(key);
  if (known !== undefined) return known;
  const segments = segmentsOf(key);
  if (segments?.[0] === "metaData") return inJson(files.metaData, segments.slice(1));
  return segments && inJson(files.fields, segments, { places: true });
}

/** The table of files and the keys that a `where` may name. */
export const fileTable: QueryTable = {
  table: files,
  id: files.id,
  fieldOf,
  longColumns: [files.metaData, files.acl, files.fields],
};
