import { beforeAll, describe, expect, test } from "vitest";
import { change, history, refusal, say, settle, start } from "../support/chat.ts";
import { edit, modify, type Named, namedBy, recall } from "./support/commands.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { chatWithMessage, NOT_MINE, PATCHES_ALLOWED, patched, shown, UNKNOWN } from "./support/patches.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

beforeAll(() => openWorld(PATCHES_ALLOWED));

describe("who may edit and recall", () => {
  test("[M-13] [M-21] an edit or recall by another client than the sender is refused with 4403", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    expect(refusal(await edit(jerrys, one, "mine now"))).toBe(NOT_MINE);
    expect(refusal(await recall(jerrys, one))).toBe(NOT_MINE);
    await settle(chat, jerrys, toms);
    expect(patched(toms, chat)).toEqual([]);
    expect(await shown(toms, one)).toMatchObject({ data: "one", patchTimestamp: 0n });
  });

  test("[M-13] any device of the sender may edit and recall", async () => {
    const { tom, toms, chat, one } = await chatWithMessage();
    const tablet = await WorkerdDevice.of(tom);
    await edit(tablet, one, "from the tablet");
    await settle(chat, tablet, toms);
    expect(patched(toms, chat)).toEqual(["from the tablet"]);
  });

  test("[M-13] an edit with another time, another id, no id or another conversation is refused with 4404", async () => {
    const { toms, chat, one } = await chatWithMessage();
    const another = await start(toms, [toms.clientId], { unique: false });
    const nothing: Named[] = [
      { ...one, timestamp: one.timestamp + 1n },
      { ...one, mid: one.mid.replace(/.$/, (last) => (last === "A" ? "Q" : "A")) },
      { ...one, mid: "" },
      { ...one, mid: "x" },
      { ...one, timestamp: 0n },
      { ...one, timestamp: -1n },
      { ...one, cid: another },
    ];
    for (const name of nothing) {
      expect(refusal(await edit(toms, name, "x")), JSON.stringify(name.mid)).toBe(UNKNOWN);
      expect(refusal(await recall(toms, name))).toBe(UNKNOWN);
    }
    expect(refusal(await modify(toms))).toBe(UNKNOWN);
    expect(await history(toms, chat)).toEqual(["one"]);
  });

  test("[M-13] [M-26] a transient message cannot be edited", async () => {
    const { toms, jerrys, chat } = await chatWithMessage();
    const passing = namedBy(chat, await say(toms, chat, "passing", { transient: true }));
    expect(refusal(await edit(toms, passing, "staying"))).toBe(UNKNOWN);
    expect(await history(jerrys, chat)).toEqual(["one"]);
  });

  test("[I12] strangers, and senders that were removed or left, may not edit or recall", async () => {
    const { tom, jerry, toms, jerrys, chat, one } = await chatWithMessage();
    const { spikes } = await onlineClients("spike");
    const own = namedBy(chat, await say(jerrys, chat, "Jerry's"));
    await change(toms, "remove", chat, [jerry]);
    for (const [device, message] of [
      [spikes, one],
      [jerrys, own],
    ] as const) {
      expect(refusal(await edit(device, message, "x"))).toMatch(/^4401 /);
      expect(refusal(await recall(device, message))).toMatch(/^4401 /);
    }
    expect(await history(toms, chat)).toEqual(["one", "Jerry's"]);
    await change(toms, "remove", chat, [tom]);
    expect(refusal(await recall(toms, one))).toMatch(/^4401 /);
  });

  test("[M-11] [M-20] with the setting off, edits are refused with 4406 and recalls with 4407", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const answers = async () => [refusal(await edit(toms, one, "x")), refusal(await recall(toms, one))];
    try {
      await configure({ messages: { allowEdit: false, allowRecall: false } });
      await expect
        .poll(answers, { timeout: 8_000 })
        .toEqual([expect.stringMatching(/^4406 /), expect.stringMatching(/^4407 /)]);
      await configure({ messages: { allowEdit: true } });
      await expect.poll(answers, { timeout: 8_000 }).toEqual(["", expect.stringMatching(/^4407 /)]);
      await settle(chat, toms, jerrys);
      expect(new Set(await history(jerrys, chat))).toEqual(new Set(["x"]));
    } finally {
      await configure(PATCHES_ALLOWED);
    }
  });

  test("[B-09] an edit may be as long as a message, and no longer: 4109", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const longest = "x".repeat(32_768);
    expect(refusal(await edit(toms, one, longest))).toBe("");
    expect(refusal(await edit(toms, one, `${longest}x`))).toMatch(/^4109 /);
    expect(await history(jerrys, chat)).toEqual([longest]);
  });

  test("[gotcha 45] a patch that names nothing readable is refused, not dropped", async () => {
    const { toms } = await chatWithMessage();
    const answer = await toms.ask({ cmd: "patch", op: "modify" });
    expect(refusal(answer)).toMatch(/^\d{4} \w+/);
  });
});
