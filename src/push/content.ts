import { isObject, type Json, type JsonObject } from "../model/json.ts";
import { parseAsWritten } from "../protocol/json-text.ts";

/** Names under which a content may have an object for one platform or vendor alone (N-07). */
const PLATFORMS = ["ios", "android", "mi", "hms", "mz", "vivo", "oppo", "honor", "fcm", "web"] as const;

export type Platform = (typeof PLATFORMS)[number];

/** What steers a push and is never sent (P-16 to P-19). */
const CONTROL_KEYS = ["_profile", "_apns_team_id"];

/** What the static text may name (P-21). */
export interface Variables {
  convId: string;
  /** Milliseconds. */
  timestamp: number;
  fromClientId: string;
}

/** The three ways to content (P-05, P-08, P-09), as they were set or given. */
export interface ContentWays {
  /** The hook's `pushMessage` and the message's `pushData`: JSON, or a text to be shown. */
  hook: string | undefined;
  pushData: string | undefined;
  /** The app's static text, with places for variables. */
  template: JsonObject | null;
  variables: Variables;
}

/**
 * What is pushed for a message: the hook's content, else the message's own, else the static text (P-10). The first that
 * there is counts alone, nothing of the others (P-11). Undefined pushes nothing: there is none, or it is empty.
 */
export function chosenContent({ hook, pushData, template, variables }: ContentWays): JsonObject | undefined {
  const given = givenContent(hook) ?? givenContent(pushData);
  const content = given ?? (template === null ? undefined : filledIn(template, variables));
  return content === undefined || Object.keys(content).length === 0 ? undefined : content;
}

/** A content without what steers it, and what that says. */
export interface Controlled {
  content: JsonObject;
  /** Which of Apple's two servers (P-17, P-18). */
  environment: "dev" | "prod";
  /** Whose Apple key, and devices of which team (P-16). */
  teamId: string | undefined;
}

/** Takes the control keys off. They count at the top level alone, and are sent from nowhere (P-19, http-api §15.10). */
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
 * What one kind of device is pushed: the common keys, overridden by the objects of these platforms, later ones last
 * (N-07). Keys that begin with `_` are for us and left out.
 */
export function contentFor(content: JsonObject, ...platforms: Platform[]): JsonObject {
  const common = Object.entries(content).filter(([key, value]) => !isPlatformPart(key, value));
  const own = platforms.flatMap((platform) => {
    const part = content[platform];
    return isObject(part) ? Object.entries(part) : [];
  });
  return Object.fromEntries([...common, ...own].filter(([key]) => !key.startsWith("_")));
}

/** Whether the icon of an iOS device is to show one more than before (P-06). */
export function wantsIncrement(content: JsonObject): boolean {
  const { aps, badge } = contentFor(content, "ios");
  return ((isObject(aps) ? aps.badge : undefined) ?? badge) === "Increment";
}

/** Content in a text: a JSON object as it is, words as an alert. Other JSON is no content. */
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

/** Also true of JSON that `parseAsWritten` refuses: nobody wants to read that in an alert. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The static text with its variables filled in. What comes in by one is not searched again. */
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

/** An app may use such a name for a key of its own; only an object is a platform's. */
function isPlatformPart(key: string, value: Json): value is JsonObject {
  return PLATFORMS.some((platform) => platform === key) && isObject(value);
}

function withoutControl(part: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(part).filter(([key]) => !CONTROL_KEYS.includes(key)));
}
