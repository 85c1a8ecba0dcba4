import { isObject } from "../model/json.ts";
import { parseJson } from "./json-text.ts";

/** The type of what stands in place of a recalled message (M-21). */
const RECALLED_TYPE = -127;

/** Whether this is the content of a recalled message, which shows as another one in its place. */
export function isRecalled(text: string): boolean {
  if (!text.includes(`${RECALLED_TYPE}`)) return false;
  const parsed = parseJson(text);
  return "value" in parsed && isObject(parsed.value) && parsed.value._lctype === RECALLED_TYPE;
}
