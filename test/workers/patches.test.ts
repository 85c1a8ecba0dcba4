import { beforeAll, describe, expect, test } from "vitest";
import { toBase64 } from "../../src/protocol/base64.ts";
import { CommandType, OpType } from "../../src/protocol/generated/message_pb.js";
import { change, history, logs, look, refusal, say, settle, start } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import {
  caughtUp,
  edit,
  loggedIn,
  modify,
  type Named,
  namedBy,
  pushesOf,
  recall,
} from "./support/commands.ts";
import { onlineClients, pairChat } from "./support/pair-chat.ts";
import { type GenericCommand, WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld, world } from "./support/world.ts";

const on = { messages: { allowEdit: true, allowRecall: true } };

beforeAll(() => openWorld(on));

const RECALLED = '{"_lctype":-127}';
const NOT_MINE = "4403 MESSAGE_OWNERSHIP_REQUIRED";
const UNKNOWN = "4404 MESSAGE_NOT_FOUND";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A chat of Tom and Jerry in which Tom has sent "one". */
async function chatWithMessage() {
  const pair = await pairChat();
  const one = namedBy(pair.chat, await say(pair.toms, pair.chat, "one"));
  await pair.jerrys.message("one");
  return { ...pair, one };
}

/** The items of a patch push; every push carries one (gotcha 38). */
const itemsOf = (push: GenericCommand) => push.patchMessage?.patches ?? [];

/** Contents of the patches a device was pushed in a conversation, in order. */
function patched(device: WorkerdDevice, chat: string): string[] {
  return pushesOf(device, "patch")
    .flatMap(itemsOf)
    .filter(({ cid }) => cid === chat)
    .map(({ data }) => decoder.decode(data));
}

const patchTime = ({ patchMessage }: GenericCommand) => Number(patchMessage?.lastPatchTime);

/** The one item of history at a message's place. */
async function shown(device: WorkerdDevice, { cid, mid }: Named) {
  const page = await logs(device, cid, { limit: 1000 });
  const [item, ...more] = (page.logsMessage?.logs ?? []).filter(({ msgId }) => msgId === mid);
  if (item === undefined || more.length > 0) throw new Error(`${more.length + 1} of ${mid} in history`);
  return item;
}

describe("an edit", () => {
  test("[M-14] [M-15] [wire §5.3] an edit is sent with the old id and the new content, and answered with its time", async () => {
    const { tom, toms, jerrys, one } = await chatWithMessage();
    const before = Date.now();
    const answer = await edit(toms, one, "two", { mentionPids: ["nibbles"] });
    expect([answer.cmd, OpType[answer.op]]).toEqual([CommandType.patch, "modified"]);
    const push = await jerrys.push("patch", "modify");
    expect([push.service, has(push, "i"), has(push, "serverTs")]).toEqual([2, false, true]);
    const [item, ...others] = itemsOf(push);
    expect(others).toEqual([]);
    expect(item).toMatchObject({ ...one, from: tom, mentionPids: ["nibbles"] });
    expect(decoder.decode(item?.data)).toBe("two");
    expect(Number(item?.patchTimestamp)).toBe(patchTime(answer));
    expect(patchTime(answer)).toBeGreaterThan(Number(one.timestamp));
    expect(patchTime(answer)).toBeGreaterThanOrEqual(before);
    // gotcha 12: nothing that looks like the system's doing.
    expect([has(item, "patchCode"), has(item, "patchReason"), item?.recall]).toEqual([false, false, false]);
  });

  test("[M-14] [M-06] history shows an edit at the old place under the old id", async () => {
    const { tom, toms, jerrys, chat, one } = await chatWithMessage();
    await say(jerrys, chat, "meanwhile");
    const answer = await edit(toms, one, "two", { mentionAll: true });
    for (const device of [toms, jerrys]) {
      expect(await history(device, chat)).toEqual(["two", "meanwhile"]);
      const item = await shown(device, one);
      expect(item).toMatchObject({ from: tom, timestamp: one.timestamp, mentionAll: true });
      expect(Number(item.patchTimestamp)).toBe(patchTime(answer));
    }
  });

  test("[M-12] [M-14] a message may be edited repeatedly, each time later than before", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const times: number[] = [];
    for (const text of ["two", "three", "four"]) times.push(patchTime(await edit(toms, one, text)));
    expect(new Set(times).size).toBe(3);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    await settle(chat, toms, jerrys);
    expect(patched(jerrys, chat)).toEqual(["two", "three", "four"]);
    expect(await history(toms, chat)).toEqual(["four"]);
  });

  test("[M-06] an edit replaces the mentions, and removes them if it has none", async () => {
    const { toms, one } = await chatWithMessage();
    await edit(toms, one, "two", { mentionAll: true, mentionPids: ["nibbles"] });
    await edit(toms, one, "three");
    expect(await shown(toms, one)).toMatchObject({ data: "three", mentionAll: false, mentionPids: [] });
  });

  test("[wire §5.3] an edit reaches the sender's other devices, but not the session that made it", async () => {
    const { tom, toms, jerrys, chat, one } = await chatWithMessage();
    const tablet = await WorkerdDevice.of(tom);
    await caughtUp(chat, tablet);
    await settle(chat, jerrys, toms, tablet);
    await edit(toms, one, "two");
    await recall(toms, one);
    await settle(chat, jerrys, toms, tablet);
    expect(patched(tablet, chat)).toEqual(["two", RECALLED]);
    expect(patched(toms, chat)).toEqual([]);
  });

  test("[wire §4.10] an edit in Java's form, with `recall` and `mentionAll` always set and bytes in `data`, is accepted", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const bytes = new Uint8Array([0xff, 0x00, 0xfe]);
    const form = { recall: false, mentionAll: false };
    expect(refusal(await modify(toms, { ...one, ...form, data: encoder.encode("text") }))).toBe("");
    expect(refusal(await modify(toms, { ...one, ...form, data: bytes }))).toBe("");
    await settle(chat, toms, jerrys);
    const [text, binary] = pushesOf(jerrys, "patch").flatMap(itemsOf);
    expect([decoder.decode(text?.data), text?.binaryMsg.length]).toEqual(["text", 0]);
    expect(binary?.binaryMsg).toEqual(bytes);
    expect(await shown(jerrys, one)).toMatchObject({ bin: true, data: toBase64(bytes) });
  });

  test("[wire §4.10] an edit carries bytes in `binaryMsg`, and fields that only C# sends are ignored", async () => {
    const { toms, jerrys, one } = await chatWithMessage();
    const binaryMsg = new Uint8Array([1, 2, 255]);
    const answer = await modify(toms, { ...one, binaryMsg, from: "spike", patchTimestamp: 1 });
    expect(patchTime(answer)).toBeGreaterThan(Number(one.timestamp));
    const [item] = itemsOf(await jerrys.push("patch"));
    expect(item?.binaryMsg).toEqual(binaryMsg);
    expect(item?.from).toBe(toms.clientId);
    expect(Number(item?.patchTimestamp)).toBe(patchTime(answer));
  });

  test("[wire §9.4] an edit is shown in the last message of a query and in the unread tuple", async () => {
    const { toms, jerrys, jerry, chat, one } = await chatWithMessage();
    const answer = await edit(toms, one, "two");
    expect(await look(jerrys, chat, 2)).toMatchObject({ msg: "two", msg_mid: one.mid });
    const [tuple] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
    expect(tuple).toMatchObject({
      cid: chat,
      unread: 1,
      mid: one.mid,
      timestamp: one.timestamp,
      data: "two",
    });
    expect(Number(tuple?.patchTimestamp)).toBe(patchTime(answer));
  });

  test("[M-09] an edit that mentions a member shows in that member's unread count", async () => {
    const { toms, jerry, one } = await chatWithMessage();
    const mentioned = async () => {
      const [tuple] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
      return tuple?.mentioned;
    };
    expect(await mentioned()).toBe(false);
    await edit(toms, one, "@Jerry", { mentionPids: [jerry] });
    expect(await mentioned()).toBe(true);
    await edit(toms, one, "nobody");
    expect(await mentioned()).toBe(false);
  });

  test("[I1] an edit reaches the archive", async () => {
    const { toms, chat, one } = await chatWithMessage();
    const archived = async () => {
      const row = await world.DB.prepare("SELECT * FROM messages WHERE conversation_id = ?")
        .bind(chat)
        .first();
      return row === null ? "" : JSON.stringify(row);
    };
    await expect.poll(archived, { timeout: 10_000 }).toContain("one");
    await edit(toms, one, "changed later");
    await expect.poll(archived, { timeout: 10_000 }).toContain("changed later");
  });

  test("[I2] an edit and messages of the same moment arrive in the order they were sent", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const peerId = toms.clientId;
    const sent = [1, 2, 3, 4, 5, 6];
    for (const at of sent) {
      const i = 900 + at;
      if (at % 2 === 0) toms.send({ cmd: "direct", peerId, i, directMessage: { cid: chat, msg: `m${at}` } });
      else {
        const patches = [{ ...one, data: encoder.encode(`p${at}`) }];
        toms.send({ cmd: "patch", op: "modify", peerId, i, patchMessage: { patches } });
      }
    }
    for (const at of sent) expect(refusal(await toms.answer(900 + at))).toBe("");
    await settle(chat, toms, jerrys);
    const order = jerrys
      .pushes()
      .filter(({ cmd, directMessage }) => {
        return cmd === CommandType.patch || (cmd === CommandType.direct && !directMessage?.transient);
      })
      .map((push) =>
        push.cmd === CommandType.patch ? decoder.decode(itemsOf(push)[0]?.data) : push.directMessage?.msg,
      );
    expect(order).toEqual(["one", "p1", "m2", "p3", "m4", "p5", "m6"]);
    expect(await history(jerrys, chat)).toEqual(["p5", "m2", "m4", "m6"]);
  });

  test("[Y-12] an edit does not change unread counts", async () => {
    const { toms, jerry, jerrys, chat, one } = await chatWithMessage();
    jerrys.send({ cmd: "read", peerId: jerry, readMessage: { convs: [{ cid: chat }] } });
    await jerrys.push("unread");
    await edit(toms, one, "two");
    await say(toms, chat, "three");
    const [tuple] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
    expect([tuple?.unread, tuple?.data]).toEqual([1, "three"]);
  });
});

describe("a recall", () => {
  test.each([
    ["without content (JavaScript, Java, C#)", {}],
    ["with Swift's content", { data: encoder.encode(RECALLED) }],
    ["with Java's fields", { mentionAll: false }],
  ])("[M-22] [M-23] a recall %s leaves a placeholder everywhere", async (_, form) => {
    const { tom, jerry, toms, jerrys, chat, one } = await chatWithMessage();
    const answer = await modify(toms, { ...one, recall: true, ...form });
    expect(OpType[answer.op]).toBe("modified");
    const [item, ...others] = itemsOf(await jerrys.push("patch", "modify"));
    expect(others).toEqual([]);
    expect(item).toMatchObject({ ...one, from: tom, recall: true });
    expect(decoder.decode(item?.data)).toBe(RECALLED);
    expect(Number(item?.patchTimestamp)).toBe(patchTime(answer));
    expect([has(item, "patchCode"), has(item, "patchReason")]).toEqual([false, false]);
    const kept = await shown(jerrys, one);
    expect([kept.data, kept.timestamp, kept.from]).toEqual([RECALLED, one.timestamp, tom]);
    expect(Number(kept.patchTimestamp)).toBe(patchTime(answer));
    expect(await look(jerrys, chat, 2)).toMatchObject({ msg: RECALLED, msg_mid: one.mid });
    const [tuple] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
    expect([tuple?.data, tuple?.mid]).toEqual([RECALLED, one.mid]);
    expect(Number(tuple?.patchTimestamp)).toBe(patchTime(answer));
  });

  test("[M-22] a recall removes the mentions", async () => {
    const { jerry, toms, chat } = await chatWithMessage();
    const message = namedBy(
      chat,
      await say(toms, chat, "@Jerry", { mentionPids: [jerry], mentionAll: true }),
    );
    await recall(toms, message);
    expect(await shown(toms, message)).toMatchObject({ mentionPids: [], mentionAll: false, data: RECALLED });
    const [tuple] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
    expect(tuple?.mentioned).toBe(false);
  });

  test("[M-22] a recall of bytes leaves text", async () => {
    const { toms, chat } = await chatWithMessage();
    const sent = await toms.ask({
      cmd: "direct",
      directMessage: { cid: chat, binaryMsg: new Uint8Array([0, 255]) },
    });
    const message = namedBy(chat, sent);
    await recall(toms, message);
    const kept = await shown(toms, message);
    expect([kept.data, kept.bin]).toEqual([RECALLED, false]);
  });

  test("[M-20] a repeated recall is answered alike and sent to no device", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const [first, second] = [await recall(toms, one), await recall(toms, one)];
    expect(OpType[second.op]).toBe("modified");
    expect(patchTime(second)).toBe(patchTime(first));
    await settle(chat, toms, jerrys);
    expect(patched(jerrys, chat)).toEqual([RECALLED]);
  });

  test("[M-22] a recalled message cannot be edited", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    await recall(toms, one);
    expect(refusal(await edit(toms, one, "never mind"))).toMatch(/^44\d\d /);
    await settle(chat, toms, jerrys);
    expect(patched(jerrys, chat)).toEqual([RECALLED]);
    expect(await history(jerrys, chat)).toEqual([RECALLED]);
  });

  test("[M-22] a history query for recalled messages finds a recalled one", async () => {
    const { toms, chat, one } = await chatWithMessage();
    await say(toms, chat, '{"_lctype":-1,"_lctext":"stays"}');
    await recall(toms, one);
    const page = await logs(toms, chat, { lctype: -127, limit: 10 });
    expect(page.logsMessage?.logs.map(({ msgId }) => msgId)).toEqual([one.mid]);
  });
});

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
      await configure(on);
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

describe("several patches in one command", () => {
  test("[M-16] [gotcha 38] several patches in one command are sent as one event each, in order", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const two = namedBy(chat, await say(toms, chat, "two"));
    const answer = await modify(
      toms,
      { ...one, data: encoder.encode("1") },
      { ...two, recall: true },
      { ...one, data: encoder.encode("1 again") },
    );
    expect(OpType[answer.op]).toBe("modified");
    await settle(chat, toms, jerrys);
    expect(pushesOf(jerrys, "patch").map((push) => itemsOf(push).length)).toEqual([1, 1, 1]);
    expect(patched(jerrys, chat)).toEqual(["1", RECALLED, "1 again"]);
    const times = pushesOf(jerrys, "patch")
      .flatMap(itemsOf)
      .map(({ patchTimestamp }) => Number(patchTimestamp));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(patchTime(answer)).toBe(times.at(-1));
    expect(await history(jerrys, chat)).toEqual(["1 again", RECALLED]);
  });

  test("[M-16] if one of several patches is refused, none of its conversation is made", async () => {
    const { toms, jerrys, chat, one } = await chatWithMessage();
    const foreign = namedBy(chat, await say(jerrys, chat, "Jerry's"));
    await toms.message("Jerry's");
    const data = encoder.encode("x");
    expect(refusal(await modify(toms, { ...one, data }, { ...foreign, data }))).toBe(NOT_MINE);
    expect(refusal(await modify(toms, { ...one, data }, { ...one, mid: "x", recall: true }))).toBe(UNKNOWN);
    await settle(chat, toms, jerrys);
    expect(patched(jerrys, chat)).toEqual([]);
    expect(await history(jerrys, chat)).toEqual(["one", "Jerry's"]);
  });

  test("[M-16] patches in two conversations are answered once, after both are made", async () => {
    const { toms, jerrys, jerry, chat, one } = await chatWithMessage();
    const second = await start(toms, [jerry], { unique: false });
    const other = namedBy(second, await say(toms, second, "other"));
    await jerrys.message("other");
    const answer = await modify(
      toms,
      { ...one, data: encoder.encode("1") },
      { ...other, data: encoder.encode("2") },
    );
    expect(OpType[answer.op]).toBe("modified");
    expect([await history(jerrys, chat), await history(jerrys, second)]).toEqual([["1"], ["2"]]);
    await settle(chat, toms, jerrys);
    await settle(second, toms, jerrys);
    expect([patched(jerrys, chat), patched(jerrys, second)]).toEqual([["1"], ["2"]]);
    expect(toms.answers(answer.i)).toHaveLength(1);
  });

  test("[I10] patches in two conversations, of which one refuses, are refused once", async () => {
    const { toms, jerrys, jerry, chat, one } = await chatWithMessage();
    const second = await start(jerrys, [toms.clientId, jerry], { unique: false });
    const foreign = namedBy(second, await say(jerrys, second, "Jerry's"));
    await toms.message("Jerry's");
    const data = encoder.encode("x");
    for (const patches of [
      [
        { ...one, data },
        { ...foreign, data },
      ],
      [
        { ...foreign, data },
        { ...one, data },
      ],
    ]) {
      const answer = await modify(toms, ...patches);
      expect(refusal(answer)).toBe(NOT_MINE);
      await settle(chat, toms, jerrys);
      await settle(second, toms, jerrys);
      expect(toms.answers(answer.i)).toHaveLength(1);
    }
    expect(await history(jerrys, second)).toEqual(["Jerry's"]);
    // One that exists nowhere is refused no less.
    const nowhere = { ...foreign, cid: "0".repeat(24), data };
    expect(refusal(await modify(toms, { ...one, data }, nowhere))).not.toBe("");
  });
});

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
