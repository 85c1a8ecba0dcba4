import type { Json } from "../model/json.ts";

/** Keeps one statement's JSON well below D1's limit of 2 MB for a value, whatever its UTF-8 length. */
const CHUNK_CHARACTERS = 500_000;

/** Rows as JSON texts. Each text is an array of rows for one statement's `json_each`. */
export function chunksOf(rows: Json[]): string[] {
  const texts: string[] = [];
  let chunk: string[] = [];
  let length = 0;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (chunk.length > 0 && length + text.length > CHUNK_CHARACTERS) {
      texts.push(`[${chunk.join()}]`);
      chunk = [];
      length = 0;
    }
    chunk.push(text);
    length += text.length;
  }
  if (chunk.length > 0) texts.push(`[${chunk.join()}]`);
  return texts;
}
