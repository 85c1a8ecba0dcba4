import { isObject, type Json, type JsonObject } from "../model/json.ts";
import { numberOf, plain } from "../protocol/written-number.ts";
import { contentFor } from "./push-content.ts";

/** A push's content in Apple's form: the payload for the device, and the values for Apple's headers. */
export interface ApnsContent {
  payload: JsonObject;
  /** Pushes with the same id replace each other on the device; undefined for none. */
  collapseId: string | undefined;
  pushType: string;
  priority: 10 | 5 | 1;
}

/** The keys that belong in `aps` (N-08). `alert` and `badge` belong there as well, and may have to be built. */
const APS_KEYS = new Set([
  ...["sound", "category", "thread-id", "content-available", "mutable-content", "target-content-id"],
  ...["url-args", "interruption-level", "relevance-score"],
]);

const HEADER_KEYS = new Set(["collapse-id", "apns-priority", "apns-push-type"]);

/**
 * A content in Apple's form (N-07, N-08): the common keys overridden by the keys of `ios`, without other platforms'
 * parts and without keys that begin with `_`, which are internal (P-19). A ready `aps` is used as it is.
 *
 * @param badge the number for the content's `Increment` (P-06), already incremented
 */
export function apnsContentOf(content: JsonObject, badge: number): ApnsContent {
  const keys = contentFor(content, "ios");
  const body: JsonObject = {};
  for (const [name, value] of Object.entries(keys)) if (!HEADER_KEYS.has(name)) body[name] = value;
  const payload = isObject(keys.aps) ? { ...body, aps: badged(keys.aps, badge) } : gathered(body, badge);
  const pushType = pushTypeOf(keys["apns-push-type"], payload.aps);
  const collapseId = keys["collapse-id"];
  return {
    payload,
    collapseId: typeof collapseId === "string" && collapseId !== "" ? collapseId : undefined,
    pushType,
    priority: priorityOf(keys["apns-priority"], pushType),
  };
}

/** Sorts keys into `aps` and the rest of the payload. */
function gathered(keys: JsonObject, badge: number): JsonObject {
  const { alert, title, subtitle, badge: wanted, ...others } = keys;
  const aps: JsonObject = {};
  const payload: JsonObject = { aps };
  Object.assign(aps, alertOf({ alert, title, subtitle }));
  if (wanted !== undefined) Object.assign(aps, badged({ badge: wanted }, badge));
  for (const [name, value] of Object.entries(others)) (APS_KEYS.has(name) ? aps : payload)[name] = value;
  return payload;
}

type Alert = Partial<Record<"alert" | "title" | "subtitle", Json>>;

/** A title beside the alert becomes part of it, unless the alert has its own. */
function alertOf({ alert, title, subtitle }: Alert): { alert?: Json } {
  const titles: JsonObject = {};
  if (typeof title === "string") titles.title = title;
  if (typeof subtitle === "string") titles.subtitle = subtitle;
  if (Object.keys(titles).length === 0) return alert === undefined ? {} : { alert };
  if (typeof alert === "string") return { alert: { ...titles, body: alert } };
  return { alert: isObject(alert) ? { ...titles, ...alert } : titles };
}

function badged(aps: JsonObject, badge: number): JsonObject {
  return aps.badge === "Increment" ? { ...aps, badge } : aps;
}

/** Apple requires the type `background` for a push that shows nothing, and would drop an `alert` without an alert. */
function pushTypeOf(wanted: Json | undefined, aps: Json | undefined): string {
  if (typeof wanted === "string" && /^[a-z]+$/.test(wanted)) return wanted;
  if (!isObject(aps)) return "alert";
  const wakes = numberOf(aps["content-available"]) === 1 || aps["content-available"] === true;
  return wakes && !("alert" in aps || "badge" in aps || "sound" in aps) ? "background" : "alert";
}

/** Apple refuses a background push of the highest priority. */
function priorityOf(wanted: Json | undefined, pushType: string): 10 | 5 | 1 {
  const highest = pushType === "background" ? 5 : 10;
  const priority =
    ([10, 5, 1] as const).find((allowed) => String(allowed) === String(plain(wanted))) ?? highest;
  return priority > highest ? highest : priority;
}
