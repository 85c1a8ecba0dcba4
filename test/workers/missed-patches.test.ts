import { beforeAll, describe, expect, test } from "vitest";
import { change, history, say, settle, start } from "../support/chat.ts";
import { caughtUp, edit, loggedIn, namedBy, pushesOf, recall } from "./support/commands.ts";
import {
  chatWithMessage,
  itemsOf,
  PATCHES_ALLOWED,
  patched,
  patchTime,
  RECALLED,
} from "./support/patches.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld(PATCHES_ALLOWED));

const decoder = new TextDecoder();

describe("after an absence", () => {
  test("[M-19] a device receives the patches after its last patch time, and only those", async () => {
    const { tom, jerry, toms, jerrys, chat, one } = await chatWithMessage();
    const two = namedBy(chat, await say(toms, chat, "two"));
    await edit(toms, one, "one, known");
    const [known] = itemsOf(await jerrys.push("patch"));
    jerrys.close();
    const answer = await edit(toms, two, "two, missed");
    const three = namedBy(chat, await say(toms, chat, "three"));
    await recall(toms, three);
    const back = await loggedIn(jerry, { lastPatchTime: Number(known?.patchTimestamp) });
    await expect.poll(() => patched(back, chat).length).toBe(2);
    await caughtUp(chat, back);
    await settle(chat, toms, back);
    expect(patched(back, chat)).toEqual(["two, missed", RECALLED]);
    const items = pushesOf(back, "patch").flatMap(itemsOf);
    expect(items[0]).toMatchObject({ ...two, from: tom });
    expect(Number(items[0]?.patchTimestamp)).toBe(patchTime(answer));
    expect(items[1]).toMatchObject({ ...three, recall: true });
    for (const push of pushesOf(back, "patch")) expect(itemsOf(push)).toHaveLength(1);
  });

  test("[M-19] a device that reports a patch time does not receive earlier patches again", async () => {
    const { jerry, toms, jerrys, chat, one } = await chatWithMessage();
    jerrys.close();
    const lastPatchTime = patchTime(await edit(toms, one, "two"));
    const back = await loggedIn(jerry, { lastPatchTime: lastPatchTime - 1 });
    await back.push("patch");
    back.close();
    const again = await loggedIn(jerry, { lastPatchTime });
    await caughtUp(chat, again);
    await settle(chat, toms, again);
    expect(patched(again, chat)).toEqual([]);
  });

  test("[M-19] a second device that was offline longer receives the patches too, also if nothing is unread any more", async () => {
    const { jerry, toms, jerrys, chat, one } = await chatWithMessage();
    const lastPatchTime = Number(one.timestamp);
    await edit(toms, one, "two");
    await jerrys.push("patch");
    jerrys.send({ cmd: "read", peerId: jerry, readMessage: { convs: [{ cid: chat }] } });
    await jerrys.push("unread");
    const tablet = await loggedIn(jerry, { lastPatchTime });
    expect(decoder.decode(itemsOf(await tablet.push("patch"))[0]?.data)).toBe("two");
    jerrys.close();
    tablet.close();
    const phone = await loggedIn(jerry, { lastPatchTime });
    expect(decoder.decode(itemsOf(await phone.push("patch"))[0]?.data)).toBe("two");
    const web = await loggedIn(jerry, { lastPatchTime });
    expect(decoder.decode(itemsOf(await web.push("patch"))[0]?.data)).toBe("two");
  });

  test("[M-19] a device that was offline receives edits that its client made on another device", async () => {
    const { tom, toms, chat, one } = await chatWithMessage();
    await edit(toms, one, "two");
    const tablet = await loggedIn(tom, { lastPatchTime: Number(one.timestamp) });
    expect(decoder.decode(itemsOf(await tablet.push("patch"))[0]?.data)).toBe("two");
    await caughtUp(chat, tablet);
    await settle(chat, toms, tablet);
    expect(patched(tablet, chat)).toEqual(["two"]);
  });

  test("[M-19] a device that reports no patch time receives no old patches", async () => {
    const { jerry, toms, jerrys, chat, one } = await chatWithMessage();
    jerrys.close();
    await edit(toms, one, "two");
    const back = await loggedIn(jerry);
    await caughtUp(chat, back);
    await settle(chat, toms, back);
    expect(patched(back, chat)).toEqual([]);
  });

  test("[wire §4.1] a device that cannot show patches is sent none, live or later", async () => {
    const { jerry, toms, jerrys, chat, one } = await chatWithMessage();
    const withoutPatches = 187 - 1;
    const old = await loggedIn(jerry, { configBitmap: withoutPatches });
    await caughtUp(chat, old);
    await settle(chat, toms, jerrys, old);
    await edit(toms, one, "two");
    await settle(chat, toms, jerrys, old);
    expect([patched(jerrys, chat), patched(old, chat)]).toEqual([["two"], []]);
    expect(await history(old, chat)).toEqual(["two"]);
    const later = await loggedIn(jerry, { configBitmap: withoutPatches, lastPatchTime: 1 });
    await caughtUp(chat, later);
    await settle(chat, toms, later);
    expect(patched(later, chat)).toEqual([]);
    await say(toms, chat, "goes on");
    for (const device of [old, later]) await device.message("goes on");
  });

  test("[I12] a member that was removed meanwhile receives no patches made after that", async () => {
    const { jerry, toms, jerrys, chat, one } = await chatWithMessage();
    jerrys.close();
    await change(toms, "remove", chat, [jerry]);
    await edit(toms, one, "behind his back");
    const back = await loggedIn(jerry, { lastPatchTime: 1 });
    const mine = await start(back, [jerry], { unique: false });
    await settle(mine, back);
    expect(patched(back, chat)).toEqual([]);
  });
});
