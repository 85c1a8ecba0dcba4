import type { JsonObject } from "../../model/json.ts";

/**
 * The intent that opens the activity of LeanCloud's guide for Huawei and Honor, as a URI of Android's. Its extra
 * `content` has the app's own keys as JSON; extras count only between `#Intent;` and `;end`.
 *
 * @param host that the app's activity declares
 */
export function intentUri(host: string, custom: JsonObject): string {
  const content = encodeURIComponent(JSON.stringify(custom).toWellFormed());
  const options = ["scheme=lcpushscheme", "launchFlags=0x10000000", `S.content=${content}`];
  return `intent://${host}/notify_detail#Intent;${options.join(";")};end`;
}
