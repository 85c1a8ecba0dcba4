import type { Context } from "hono";
import { isObject, type Json, type JsonObject } from "../../model/json.ts";
import type { HttpEnv } from "../env.ts";
import { submit } from "../push/notification-requests.ts";

/**
 * Pushes a broadcast's content to all devices of the app (V-02, V-04). The broadcast is made, so a push that is refused
 * is logged: an app without any way to devices has none to miss.
 *
 * @param content JSON: a text, or what `data` of a notification may be
 */
export async function pushToAll(context: Context<HttpEnv>, content: string): Promise<void> {
  try {
    const response = await submit(context, { data: dataOf(JSON.parse(content)), where: {} });
    if (!response.ok) console.warn(`a broadcast was not pushed: ${await response.text()}`);
  } catch (error) {
    console.error("a broadcast was not pushed:", error);
  }
}

function dataOf(content: Json): JsonObject {
  return isObject(content)
    ? content
    : { alert: typeof content === "string" ? content : JSON.stringify(content) };
}
