import { beforeAll, expect, test } from "vitest";
import { heard, named, refusal, say, settle, start } from "./support/chat.ts";
import { Device } from "./support/device.ts";
import { configure, openWorld } from "./support/world.ts";
beforeAll(() => openWorld());
test("many links", async () => {
  await configure({ limits: { linksPerSession: 500 } });
  const [tom, jerry] = named("tom", "jerry");
  const toms = await Device.of(tom);
  const jerrys = await Device.of(jerry);
  const chats: string[] = [];
  for (let n = 0; n < 220; n++) {
    const chat = await start(toms, [tom, jerry], { unique: false });
    chats.push(chat);
    const r = refusal(await say(toms, chat, "hi"));
    if (r) console.log(n, r);
    if (toms.closed) { console.log("closed", n, toms.closed); break; }
  }
  for (const chat of chats) await say(jerrys, chat, "ho");
  for (const chat of chats) { await settle(chat, jerrys, toms); expect(heard(toms, chat)).toEqual(["ho"]); }
}, 60000);
