import { isObject, type Json, type JsonObject } from "../model/json.ts";
import { parseAsWritten } from "../protocol/json-text.ts";

/** Names of the parts for one platform or vendor alone (N-07). */
const PLATFORMS = ["ios", "android", "mi", "hms", "mz", "vivo", "oppo", "honor", "fcm", "web"] as const;

export type Platform = (typeof PLATFORMS)[number];

/** Keys that control a push and are never sent (P-16 to P-19). */
const CONTROL_KEYS = ["_profile", "_apns_team_id"];

/** The variables of the static text (P-21). */
export interface Variables {
  convId: string;
  /** Milliseconds. */
  timestamp: number;
  fromClientId: string;
}

/** The three sources of content (P-05, P-08, P-09). */
export interface ContentSources {
  /** The hook's `pushMessage` and the message's `pushData`: JSON, or a text to show. */
  hook: string | undefined;
  pushData: string | undefined;
  /** The app's static text with variables. */
  template: JsonObject | null;
  variables: Variables;
}

/**
 * The content of a push for a message: the hook's content, else the message's own, else the static text (P-10). Only
 * the first one counts, without anything of the others (P-11). Undefined pushes nothing: there is no content, or it is
 * empty.
 */
export function chosenContent({
  hook,
  pushData,
  template,
  variables,
}: ContentSources): JsonObject | undefined {
  const given = givenContent(hook) ?? givenContent(pushData);
  const content = given ?? (template === null ? undefined : filledIn(template, variables));
  return content === undefined || Object.keys(content).length === 0 ? undefined : content;
}

/** A content without its control keys, and their values. */
export interface Controlled {
  content: JsonObject;
  /** Which of Apple's two servers (P-17, P-18). */
  environment: "dev" | "prod";
  /** The team of the Apple key and of the devices (P-16). */
  teamId: string | undefined;
}

/** Removes the control keys. They only count at the top level, and are never sent (P-19, http-api §15.10). */
export function controlled(content: JsonObject): Controlled {
  const { _profile: profile, _apns_team_id: teamId } = content;
  const entries = Object.entries(content).filter(([key]) => !CONTROL_KEYS.includes(key));
  const bare = entries.map(([key, value]) => [
    key,
    isPlatformPart(key, value) ? withoutControl(value) : value,
  ]);
  return {
    content: Object.fromEntries(bare),
    environment: profile === "dev" ? "dev" : "prod",
    teamId: typeof teamId === "string" && teamId !== "" ? teamId : undefined,
  };
}

/**
 * The content for one kind of device: the common keys, overridden by the parts of these platforms, later ones last
 * (N-07). Internal keys, which begin with `_`, are left out.
 */
export function contentFor(content: JsonObject, ...platforms: Platform[]): JsonObject {
  const common = Object.entries(content).filter(([key, value]) => !isPlatformPart(key, value));
  const own = platforms.flatMap((platform) => {
    const part = content[platform];
    return isObject(part) ? Object.entries(part) : [];
  });
  return Object.fromEntries([...common, ...own].filter(([key]) => !key.startsWith("_")));
}

/** The words that a device shows. */
export interface Words {
  title: string | undefined;
  body: string | undefined;
}

/** The words of a content for one kind of device; undefined if it has none, or is for the app alone (N-09). */
export function wordsOf({ silent, alert, title }: JsonObject): Words | undefined {
  if (silent === true) return undefined;
  const inAlert: JsonObject = isObject(alert) ? alert : { body: alert ?? null };
  const text = (value: Json | undefined) => (typeof value === "string" ? value : undefined);
  const words = { title: text(title ?? inAlert.title), body: text(inAlert.body) };
  return words.title === undefined && words.body === undefined ? undefined : words;
}

/** The notification channel of Android, from the common keys or a platform's part, later ones first (http-api §15.11). */
export function channelIn(content: JsonObject, ...platforms: Platform[]): string | undefined {
  const parts = platforms.toReversed().map((platform) => content[platform]);
  const own = parts.map((part) => (isObject(part) ? part._notificationChannel : undefined));
  return [...own, content._notificationChannel].find((channel) => typeof channel === "string");
}

/**
 * The content as LeanCloud's SDKs on Android read it, for one kind of device; `_channel` determines the action of a
 * tap.
 *
 * @param content what `contentFor` returned for that kind
 */
export function sdkPayload({ _channel: channel }: JsonObject, content: JsonObject): string {
  return JSON.stringify(typeof channel === "string" ? { ...content, _channel: channel } : content);
}

/** Whether the push increments the number on an iOS device's icon (P-06). */
export function wantsIncrement(content: JsonObject): boolean {
  const { aps, badge } = contentFor(content, "ios");
  return ((isObject(aps) ? aps.badge : undefined) ?? badge) === "Increment";
}

/** Content from a text: a JSON object as it is, words as an alert. Other JSON is no content. */
function givenContent(text: string | undefined): JsonObject | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const parsed = parseAsWritten(text);
  if ("problem" in parsed) return isJson(text) ? undefined : { alert: text };
  if (typeof parsed.value === "string") return givenAlert(parsed.value);
  return isObject(parsed.value) ? parsed.value : undefined;
}

function givenAlert(text: string): JsonObject | undefined {
  return text.trim() === "" ? undefined : { alert: text };
}

/** Also true of JSON that `parseAsWritten` refuses: it would be unreadable in an alert. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The static text with its variables replaced. The values are not searched for variables again. */
function filledIn(template: JsonObject, variables: Variables): JsonObject {
  const values = new Map(Object.entries(variables).map(([name, value]) => [name, String(value)]));
  const fill = (value: Json): Json => {
    if (typeof value === "string")
      return value.replace(/\$\{(\w+)\}/g, (whole, name) => values.get(name) ?? whole);
    if (Array.isArray(value)) return value.map(fill);
    return isObject(value) ? fillObject(value) : value;
  };
  const fillObject = (object: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(object).map(([key, value]) => [key, fill(value)]));
  return fillObject(template);
}

/** An app may use such a name for its own key; only an object is a platform's part. */
function isPlatformPart(key: string, value: Json): value is JsonObject {
  return PLATFORMS.some((platform) => platform === key) && isObject(value);
}

function withoutControl(part: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(part).filter(([key]) => !CONTROL_KEYS.includes(key)));
}
