import { isObject, type JsonObject } from "../../model/json.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import { flatTexts } from "./flat-texts.ts";
import { cleaned, cut, utf16Units } from "./shown-text.ts";
import type { VendorContent } from "./vendor-content.ts";

type Words = NonNullable<VendorContent["words"]>;

/** Characters of one variable's value (June 2026). */
const VALUE_MAX = 128;
/** Xiaomi refuses values with pictures, and with characters that Unicode has not assigned (June 2026). */
const NOT_IN_VALUES =
  /[\p{So}\p{Me}\p{C}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Variation_Selector}]+/gu;
/** The value where nothing is left, since Xiaomi refuses an empty one. */
const NOTHING = "…";

/**
 * The fields that fill in an approved template, which messages of Xiaomi's private channels in China must have; none
 * without a template. The profile's template is for China.
 *
 * @param raw the content's own `template_id` and `template_param`: an object adds variables, a text replaces them
 */
export function templateExtras(
  { title, body }: Words,
  { templateId, titleParam, bodyParam }: ProfileOf<"mi">,
  { template_id: ownId, template_param: own }: JsonObject,
  isAbroad: boolean,
): Record<string, string> {
  const isOwn = typeof ownId === "string" || typeof ownId === "number";
  const id = isOwn ? String(ownId) : isAbroad ? null : templateId;
  if (id === null) return {};
  if (typeof own === "string") return { template_id: id, template_param: own };
  const values: Record<string, string> = {};
  if (titleParam !== null) values[titleParam] = fillingOf(title, body);
  if (bodyParam !== null) values[bodyParam] = fillingOf(body, title);
  const more = isObject(own) ? flatTexts(own) : {};
  for (const [name, text] of Object.entries(more)) values[name] = fillingOf(text);
  return { template_id: id, template_param: JSON.stringify(values) };
}

/** The first text of which something is left. */
function fillingOf(...texts: readonly string[]): string {
  const values = texts.map((text) => cut(cleaned(text.replace(NOT_IN_VALUES, " ")), VALUE_MAX, utf16Units));
  return values.find((value) => value !== "") ?? NOTHING;
}
