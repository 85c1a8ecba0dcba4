import { type Found, say, start } from "../../support/chat.ts";
import { attr } from "./attributes.ts";
import { onlineClients } from "./pair-chat.ts";

/** What was said in a secret chat. */
export const SECRET = "the cheese is behind the clock";

/** A chat of Tom and Jerry with a secret in it, which Jerry muted; Spike is online and not a member. */
export async function secretChat(more: object = {}) {
  const { tom, jerry, spike, toms, jerrys, spikes } = await onlineClients("tom", "jerry", "spike");
  const topic = `topic-${tom}`;
  const chat = await start(toms, [tom, jerry], {
    unique: false,
    attr: attr({ name: topic, attr: { topic }, colour: topic, ...more }),
  });
  await say(toms, chat, SECRET, { mentionPids: [jerry] });
  await jerrys.ask({ cmd: "conv", op: "mute", convMessage: { cid: chat } });
  return { tom, jerry, spike, toms, jerrys, spikes, chat, topic };
}

/** What only members may know of a conversation. */
export function secretsIn(found: Found[]): string[] {
  const text = JSON.stringify(found);
  const columns = Object.keys(found[0] ?? {}).filter((key) => /^(lm|msg|bin|patch_|mention_)/.test(key));
  if (text.includes(SECRET)) columns.push("text");
  if (found.some(({ mu }) => Array.isArray(mu) && mu.length > 0)) columns.push("mu");
  return columns;
}
