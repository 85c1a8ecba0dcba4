import type { JsonObject } from "../../model/json.ts";
import { cleaned } from "./shown-text.ts";
import type { VendorContent } from "./vendor-content.ts";

/** What a phone shows and what its app is handed over. */
export interface ContentWords {
  words: VendorContent["words"];
  custom: JsonObject;
}

/**
 * The words and the app's own keys of a content whose text may be in `content`, which is the name that OPPO and vivo
 * have for it: in the vendor's part, as LeanCloud's guide has it, or among the common keys if there is no `alert`.
 */
export function contentWords({ content, words, custom, raw }: VendorContent, appName = ""): ContentWords {
  const { content: common, ...others } = custom;
  const isOwn = typeof raw.content === "string";
  const isCommon = !isOwn && content.alert === undefined && typeof common === "string";
  const body = cleaned(String(isOwn ? raw.content : isCommon ? common : ""));
  if (body === "") return { words, custom };
  const title = cleaned(typeof content.title === "string" ? content.title : "") || cleaned(appName) || body;
  return { words: { title, body }, custom: isCommon ? others : custom };
}
