import type { Json } from "../model/json.ts";

/** Keeps one statement's JSON well under D1's 2 MB for a value, whatever its characters take in UTF-8. */
const CHUNK_CHARACTERS = 500_000;

/** Rows as JSON texts, each an array of rows for one statement's `json_each`. */
export function chunksOf(rows: Json[]): string[] {
  const texts: string[] = [];
  let gathered: string[] = [];
  let length = 0;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (gathered.length > 0 && length + text.length > CHUNK_CHARACTERS) {
      texts.push(`[${gathered.join()}]`);
      gathered = [];
      length = 0;
    }
    gathered.push(text);
    length += text.length;
  }
  if (gathered.length > 0) texts.push(`[${gathered.join()}]`);
  return texts;
}
