import type { AppEvent } from "../../model/app-events.ts";
import { isObject, type JsonObject } from "../../model/json.ts";
import { fromBase64, toBase64 } from "../../protocol/base64.ts";
import { kept } from "../../protocol/written-number.ts";

/** The key of bytes inside the JSON. */
const BYTES = "base64";

/** An event as JSON for storage; bytes are preserved. */
export function eventToJson(event: AppEvent): string {
  if (!("content" in event) || typeof event.content === "string") return JSON.stringify(event);
  return JSON.stringify({ ...event, content: { [BYTES]: toBase64(event.content) } });
}

/** The event that `textOf` made a text of, with whatever else was in it. */
export function eventFromJson<Event extends AppEvent>(text: string): Event {
  return JSON.parse(text, (key, value, context) =>
    key === "content" && isObject(value) ? bytesIn(value) : kept(value, context),
  );
}

function bytesIn({ [BYTES]: bytes }: JsonObject): Uint8Array | undefined {
  return typeof bytes === "string" ? fromBase64(bytes) : undefined;
}
