import { named } from "../../support/chat.ts";
import { caughtUp } from "../support/commands.ts";
import { conversationOf, type Sent, saidBy } from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";

/**
 * A chat that the app's server made, in which Tom sent two messages before anybody logged in: devices that are not
 * subscribed stay so.
 */
export async function serverChatWithMessages(how: "subscribed" | "not subscribed") {
  const [tom, jerry] = named("tom", "jerry");
  const id = await conversationOf([tom, jerry]);
  const messages = [await saidBy(tom, id, "one"), await saidBy(tom, id, "two")] as const;
  const [toms, jerrys] = [await WorkerdDevice.of(tom), await WorkerdDevice.of(jerry)];
  await jerrys.push("unread");
  if (how === "subscribed") await caughtUp(id, toms, jerrys);
  return { tom, id, toms, jerrys, messages };
}

/** An id and time that devices were given, as the API names them. */
export const sent = (messageId: string | undefined, timestamp: bigint | undefined): Sent => ({
  "msg-id": messageId ?? "",
  timestamp: Number(timestamp),
});
