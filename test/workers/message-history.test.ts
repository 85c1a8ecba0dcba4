import { beforeAll, describe, expect, test } from "vitest";
import { change, history, logs, named, refusal, say, start } from "../support/chat.ts";
import type { CommandInit } from "../support/frames.ts";
import { has } from "../support/frames.ts";
import { onlineClients, pairChat, tomsChat } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

const OLD = 1;
const NEW = 2;

interface Said {
  text: string;
  mid: string;
  t: number;
}

/** Tom's chat with `count` messages, "1" and up. */
async function countedChat(count: number) {
  const { tom, jerry, toms, chat } = await tomsChat();
  const said: Said[] = [];
  for (let at = 1; at <= count; at++) {
    const { ackMessage } = await say(toms, chat, `${at}`);
    said.push({ text: `${at}`, mid: ackMessage?.uid ?? "", t: Number(ackMessage?.t) });
  }
  const point = (at: number): Said => {
    const message = said[at - 1];
    if (message === undefined) throw new Error(`message ${at} was never said`);
    return message;
  };
  const page = async (more: CommandInit["logsMessage"]) => {
    const reply = await logs(toms, chat, more);
    expect(refusal(reply)).toBe("");
    return (reply.logsMessage?.logs ?? []).map(({ data }) => Number(data));
  };
  return { tom, jerry, toms, chat, point, page };
}

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(to - from + 1, 0) }, (_, at) => from + at);

describe("paging", () => {
  test("[B-24] pages of history go back from the newest message without a gap or a repetition", async () => {
    const { point, page } = await countedChat(23);
    expect(await page({ l: 10 })).toEqual(range(14, 23));
    const { mid, t } = point(14);
    for (const by of [{ t, mid }, { t }]) expect(await page({ l: 10, ...by })).toEqual(range(4, 13));
    expect(await page({ l: 10, t: point(4).t, mid: point(4).mid })).toEqual(range(1, 3));
    expect(await page({ l: 10, t: point(1).t, mid: point(1).mid })).toEqual([]);
  });

  test("[B-26] pages of history go on from the oldest message, or from any point in either direction", async () => {
    const { point, page } = await countedChat(12);
    expect(await page({ limit: 5, direction: NEW })).toEqual(range(1, 5));
    expect(await page({ limit: 5, direction: NEW, t: point(5).t })).toEqual(range(6, 10));
    expect(await page({ limit: 5, direction: NEW, t: point(5).t, mid: point(5).mid })).toEqual(range(6, 10));
    expect(await page({ limit: 5, direction: NEW, t: point(10).t })).toEqual([11, 12]);
    expect(await page({ limit: 5, direction: OLD, t: point(5).t })).toEqual(range(1, 4));
    expect(await page({ limit: 2, direction: OLD, t: point(5).t })).toEqual([3, 4]);
  });

  test("[B-26] [wire §4.9] an interval of history includes or excludes each end, by time alone or with the id", async () => {
    const { point, page } = await countedChat(9);
    for (const tIncluded of [false, true]) {
      for (const ttIncluded of [false, true]) {
        for (const byId of [false, true]) {
          const start = { t: point(3).t, tIncluded, ...(byId ? { mid: point(3).mid } : {}) };
          const end = { tt: point(7).t, ttIncluded, ...(byId ? { tmid: point(7).mid } : {}) };
          const newer = await page({ limit: 100, direction: NEW, ...start, ...end });
          expect(newer).toEqual(range(tIncluded ? 3 : 4, ttIncluded ? 7 : 6));
          const from = { t: point(7).t, tIncluded, ...(byId ? { mid: point(7).mid } : {}) };
          const to = { tt: point(3).t, ttIncluded, ...(byId ? { tmid: point(3).mid } : {}) };
          const older = await page({ limit: 100, direction: OLD, ...from, ...to });
          expect(older).toEqual(range(ttIncluded ? 3 : 4, tIncluded ? 7 : 6));
        }
      }
    }
    expect(await page({ limit: 2, direction: NEW, t: point(3).t, tt: point(7).t })).toEqual([4, 5]);
    expect(await page({ limit: 2, direction: OLD, t: point(7).t, tt: point(3).t })).toEqual([5, 6]);
    expect(await page({ limit: 9, direction: NEW, t: point(7).t, tt: point(3).t })).toEqual([]);
  });

  test("[wire §4.9] a limit of 0 returns nothing, none or one below 0 returns 20, and one over a thousand returns a thousand", async () => {
    const { page } = await countedChat(25);
    expect(await page({ l: 0 })).toEqual([]);
    expect(await page({ limit: 0 })).toEqual([]);
    expect(await page({})).toEqual(range(6, 25));
    expect(await page({ l: 1_000_000 })).toEqual(range(1, 25));
    expect(await page({ l: -1 })).toEqual(range(6, 25));
    expect(await page({ l: 3, limit: 7 })).toEqual(range(23, 25));
  });

  test("[wire §4.9] bounds of history may lie beyond all messages, as Java sends them for no bound", async () => {
    const { page, toms, chat } = await countedChat(4);
    expect(await page({ limit: 9, t: Number.MAX_SAFE_INTEGER })).toEqual(range(1, 4));
    toms.send({
      cmd: "logs",
      i: 99,
      logsMessage: { cid: chat, limit: 9, t: 9_223_372_036_854_775_807n, tt: 0 },
    });
    expect((await toms.answer(99)).logsMessage?.logs).toHaveLength(4);
    expect(await page({ limit: 9, direction: NEW, t: 1, tt: Number.MAX_SAFE_INTEGER })).toEqual(range(1, 4));
    expect(await page({ limit: 9, t: 1 })).toEqual([]);
    expect(await page({ limit: 9, t: 0, mid: "" })).toEqual(range(1, 4));
  });

  test("[B-24] a page of history holds a thousand messages", async () => {
    const { tom, toms } = await onlineClients("tom");
    const chat = await start(toms, [tom]);
    for (let at = 1; at <= 1_005; at++) {
      toms.send({ cmd: "direct", peerId: tom, i: 10_000 + at, directMessage: { cid: chat, msg: `${at}` } });
    }
    const last = await toms.answer(11_005);
    expect(refusal(last)).toBe("");
    const texts = await history(toms, chat, 2_000);
    expect(texts).toEqual(range(6, 1_005).map(String));
  });
});

describe("contents", () => {
  const typed = (type: number, text: string) => JSON.stringify({ _lctype: type, _lctext: text });

  test("[B-25] history returns only messages of one type if one is requested", async () => {
    const { tom, toms } = await onlineClients("tom");
    const chat = await start(toms, [tom]);
    const said = [
      typed(-1, "a"),
      "plain",
      typed(-2, "b"),
      typed(-1, "c"),
      typed(7, "d"),
      '{"_lctype":"-1"}',
      "-1",
      "[-1]",
      '"x"',
      "null",
    ];
    for (const text of said) await say(toms, chat, text);
    await toms.ask({
      cmd: "direct",
      directMessage: { cid: chat, binaryMsg: new TextEncoder().encode(typed(-1, "e")) },
    });
    const of = async (lctype: number, more: CommandInit["logsMessage"] = {}) => {
      const reply = await logs(toms, chat, { lctype, limit: 100, ...more });
      return (reply.logsMessage?.logs ?? []).map(({ data }) => data);
    };
    expect(await of(-1)).toEqual([typed(-1, "a"), typed(-1, "c")]);
    expect(await of(-1, { limit: 1 })).toEqual([typed(-1, "c")]);
    expect(await of(-1, { limit: 1, direction: NEW })).toEqual([typed(-1, "a")]);
    expect(await of(7)).toEqual([typed(7, "d")]);
    expect(await of(-3)).toEqual([]);
    expect(await of(0)).toHaveLength(said.length + 1);
  });

  test.each([
    ["a typed message", typed(-1, "奶酪 🧀 \u2028 \\u0000 \"'")],
    ["white space and key order", '{ "b" : 1,\n\t"a":  [ ] , "_lctype":-1 }'],
    ["nothing", ""],
    ["a byte order mark", "\ufeffhello"],
    ["line ends of all kinds", "\r\n\n\r\u0085"],
    ["a zero in the middle", "before\0after"],
    ["only a zero", "\0"],
    ["numbers JSON would round", '{"n":12345678901234567890,"e":1e400}'],
    ["combining and joined characters", "e\u0301 é 👨‍👩‍👧‍👦"],
  ])("[B-14] text comes back character by character, live and from history: %s", async (_, text) => {
    const { toms, jerrys, chat } = await pairChat();
    await say(toms, chat, text);
    expect((await jerrys.message()).directMessage?.msg).toBe(text);
    expect(await history(jerrys, chat)).toEqual([text]);
  });

  test.each([
    ["one zero", new Uint8Array([0])],
    ["all bytes", Uint8Array.from({ length: 256 }, (_, at) => at)],
    ["bytes that would be text", new TextEncoder().encode("text")],
    ["as many as allowed", new Uint8Array(32_768).fill(255)],
  ])("[B-14] bytes come back as bytes live and as Base64 with bin from history: %s", async (_, bytes) => {
    const { toms, jerrys, chat } = await pairChat();
    // Java sends a text along; the bytes win.
    await toms.ask({ cmd: "direct", directMessage: { cid: chat, binaryMsg: bytes, msg: "ignored" } });
    const { directMessage } = await jerrys.message();
    expect(directMessage?.binaryMsg).toEqual(bytes);
    expect(has(directMessage, "msg")).toBe(false);
    const [item] = (await logs(jerrys, chat)).logsMessage?.logs ?? [];
    expect(item?.bin).toBe(true);
    expect(Uint8Array.from(atob(item?.data ?? ""), (c) => c.charCodeAt(0))).toEqual(bytes);
  });

  test("[M-06] [B-10] an item of history has the sender, time, id and mentions of its message", async () => {
    const { tom, jerry, toms, jerrys, chat } = await pairChat();
    const first = await say(toms, chat, "you", { mentionPids: [jerry, "汤姆"] });
    const second = await say(jerrys, chat, "all", { mentionAll: true });
    await say(toms, chat, "nobody");
    const items = (await logs(toms, chat)).logsMessage?.logs ?? [];
    expect(items[0]).toMatchObject({
      from: tom,
      msgId: first.ackMessage?.uid,
      timestamp: first.ackMessage?.t,
    });
    expect(items[0]?.mentionPids).toEqual([jerry, "汤姆"]);
    expect(items[1]).toMatchObject({ from: jerry, msgId: second.ackMessage?.uid, mentionAll: true });
    for (const key of ["mentionAll", "bin", "patchTimestamp", "ackAt", "readAt"] as const) {
      expect(has(items[2], key)).toBe(false);
    }
    const live = await jerrys.message("you");
    expect(live.directMessage?.mentionPids).toEqual([jerry, "汤姆"]);
    // Beside a list it is said that not everybody is meant: JavaScript shows apps what came.
    for (const mentioning of [items[0], live.directMessage]) {
      expect(mentioning).toMatchObject({ mentionAll: false });
      expect(has(mentioning, "mentionAll")).toBe(true);
    }
    expect((await toms.message("all")).directMessage?.mentionAll).toBe(true);
  });

  test("[I2] ids and times of messages only grow, across all senders", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const devices = [await WorkerdDevice.of(tom), await WorkerdDevice.of(jerry), await WorkerdDevice.of(tom)];
    const [toms] = devices;
    if (toms === undefined) throw new Error("no device");
    const chat = await start(toms, [tom, jerry]);
    await Promise.all(devices.flatMap((device) => range(1, 20).map((at) => say(device, chat, `${at}`))));
    const items = (await logs(toms, chat, { limit: 100 })).logsMessage?.logs ?? [];
    const times = items.map(({ timestamp }) => Number(timestamp));
    expect(items).toHaveLength(60);
    expect(new Set(times).size).toBe(60);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(items.map(({ msgId }) => msgId)).size).toBe(60);
  });

  test("[I8] [M-26] history has no transient messages", async () => {
    const { toms, chat } = await countedChat(2);
    await say(toms, chat, "passing", { transient: true });
    expect(await history(toms, chat)).toEqual(["1", "2"]);
  });

  test("[I3] [M-56] a message sent again with its token returns the first one, from any device of the sender", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const [phone, tablet, jerrys] = [
      await WorkerdDevice.of(tom),
      await WorkerdDevice.of(tom),
      await WorkerdDevice.of(jerry),
    ];
    const chat = await start(phone, [tom, jerry]);
    const first = await say(phone, chat, "hi", { dt: "token" });
    for (const device of [phone, tablet]) {
      const { ackMessage } = await say(device, chat, "hi again", { dt: "token" });
      expect([ackMessage?.uid, ackMessage?.t]).toEqual([first.ackMessage?.uid, first.ackMessage?.t]);
    }
    const others = await say(jerrys, chat, "mine", { dt: "token" });
    expect(others.ackMessage?.uid).not.toBe(first.ackMessage?.uid);
    expect(await history(jerrys, chat)).toEqual(["hi", "mine"]);
  });
});

describe("who may read", () => {
  test("[B-24] strangers and members that left are refused history with 4312", async () => {
    const { jerry, toms, chat } = await countedChat(1);
    const [stranger] = named("stranger");
    const jerrys = await WorkerdDevice.of(jerry);
    expect(refusal(await logs(await WorkerdDevice.of(stranger), chat))).toBe(
      "4312 CONVERSATION_LOG_REJECTED",
    );
    await change(toms, "remove", chat, [jerry]);
    expect(refusal(await logs(jerrys, chat))).toBe("4312 CONVERSATION_LOG_REJECTED");
  });

  test("[B-24] new members read the whole history, and returning members the messages sent meanwhile", async () => {
    const { jerry, toms, chat } = await countedChat(2);
    const jerrys = await WorkerdDevice.of(jerry);
    await change(jerrys, "remove", chat, [jerry]);
    await say(toms, chat, "3");
    await change(jerrys, "add", chat, [jerry]);
    expect(await history(jerrys, chat)).toEqual(["1", "2", "3"]);
    const [mary] = named("mary");
    await change(toms, "add", chat, [mary]);
    expect(await history(await WorkerdDevice.of(mary), chat)).toEqual(["1", "2", "3"]);
  });
});
