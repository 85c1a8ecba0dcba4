import { logs, say } from "../../support/chat.ts";
import { type Named, namedBy, pushesOf } from "./commands.ts";
import { pairChat } from "./pair-chat.ts";
import type { GenericCommand, WorkerdDevice } from "./workerd-device.ts";

/** Edits and recalls as devices receive them. */

/** The settings with which clients may edit and recall. */
export const PATCHES_ALLOWED = { messages: { allowEdit: true, allowRecall: true } };

export const RECALLED = '{"_lctype":-127}';
export const NOT_MINE = "4403 MESSAGE_OWNERSHIP_REQUIRED";
export const UNKNOWN = "4404 MESSAGE_NOT_FOUND";
const decoder = new TextDecoder();

/** A chat of Tom and Jerry in which Tom has sent "one". */
export async function chatWithMessage() {
  const pair = await pairChat();
  const one = namedBy(pair.chat, await say(pair.toms, pair.chat, "one"));
  await pair.jerrys.message("one");
  return { ...pair, one };
}

/** The items of a patch push; every push carries one (gotcha 38). */
export const itemsOf = (push: GenericCommand) => push.patchMessage?.patches ?? [];

/** Contents of the patches a device was pushed in a conversation, in order. */
export function patched(device: WorkerdDevice, chat: string): string[] {
  return pushesOf(device, "patch")
    .flatMap(itemsOf)
    .filter(({ cid }) => cid === chat)
    .map(({ data }) => decoder.decode(data));
}

export const patchTime = ({ patchMessage }: GenericCommand) => Number(patchMessage?.lastPatchTime);

/** The one item of history at a message's place. */
export async function shown(device: WorkerdDevice, { cid, mid }: Named) {
  const page = await logs(device, cid, { limit: 1000 });
  const [item, ...more] = (page.logsMessage?.logs ?? []).filter(({ msgId }) => msgId === mid);
  if (item === undefined || more.length > 0) throw new Error(`${more.length + 1} of ${mid} in history`);
  return item;
}
