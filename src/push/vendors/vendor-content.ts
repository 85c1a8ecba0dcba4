import { isObject, type JsonObject } from "../../model/json.ts";
import { channelIn, contentFor, type Platform, sdkPayload, wordsOf } from "../push-content.ts";
import type { Push } from "../push-work.ts";
import { cleaned } from "./shown-text.ts";

/** Keys of a content that LeanCloud defines for Android: everything else is the app's own. */
const DEFINED = new Set(["alert", "title", "silent", "action", "badge", "sound"]);

/** A push's content for one vendor's devices. */
export interface VendorContent {
  /** The common keys, overridden by those for Android and those for the vendor. Without internal and raw ones. */
  content: JsonObject;
  isSilent: boolean;
  /** What is shown, neither of it empty; undefined if the content has no words. */
  words: { title: string; body: string } | undefined;
  /** The app's own keys. */
  custom: JsonObject;
  /** The vendor's own parameters, by their names, from the vendor's part of the content alone. */
  raw: JsonObject;
  /** The whole content as LeanCloud's SDK for Android reads it. */
  sdkPayload: string;
  /** The notification channel. */
  channel: string | undefined;
}

/**
 * The content for a vendor's devices (N-07). Keys in its part are the vendor's own parameters if they have one of
 * these names, else keys of the app.
 *
 * @param appName the title if there is none; without it the text is its own title, since every vendor demands one
 */
export function vendorContent(
  { content: all }: Push,
  platform: Platform,
  rawNames: ReadonlySet<string>,
  appName: string | undefined,
): VendorContent {
  const part = all[platform];
  const entries = isObject(part) ? Object.entries(part) : [];
  const raw = Object.fromEntries(entries.filter(([key]) => rawNames.has(key)));
  const own = Object.fromEntries(entries.filter(([key]) => !rawNames.has(key)));
  const content = contentFor({ ...all, [platform]: own }, "android", platform);
  return {
    content,
    isSilent: content.silent === true,
    words: shown(content, appName),
    custom: Object.fromEntries(Object.entries(content).filter(([key]) => !DEFINED.has(key))),
    raw,
    sdkPayload: sdkPayload(all, content),
    channel: channelIn(all, "android", platform),
  };
}

function shown(content: JsonObject, appName = ""): VendorContent["words"] {
  const words = wordsOf(content);
  const [title, body] = [cleaned(words?.title ?? ""), cleaned(words?.body ?? "")];
  if (title === "" && body === "") return undefined;
  return { title: title || cleaned(appName) || body, body: body || title };
}

/** The parameters with some names. */
export function rawParameters(raw: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => names.includes(key)));
}

/** The time that a vendor keeps a push for a phone that is off: what is left of it, at least 1 and at most `most` seconds. */
export function secondsLeft({ expiresAt }: Push, now: number, most: number): number {
  return Math.min(most, Math.max(1, Math.ceil((expiresAt - now) / 1_000)));
}
