import { listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { objectNameOf, TIME_TO_LIVE_DEFAULT, TIME_TO_LIVE_MAX } from "../../src/protocol/temporary-ids.ts";
import { ask, history, logs, look, named, notices, query, refusal, say, start } from "../support/chat.ts";
import type { CommandInit } from "../support/frames.ts";
import { acknowledge, loggedIn, pushesOf, read } from "./support/commands.ts";
import { inboxOf, objects } from "./support/objects.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { receipts, tell } from "./support/receipts.ts";
import { rest } from "./support/rest.ts";
import type { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld, world } from "./support/world.ts";

/** Temporary conversations (E-01 to E-05), by the frames of all SDKs. */

beforeAll(() => openWorld());

type About = NonNullable<CommandInit["convMessage"]>;

const GONE = "4323 TEMPORARY_CONVERSATION_EXPIRED";
const tempConv = true;

const begin = (device: WorkerdDevice, m: string[], more: Partial<About> = {}): Promise<string> =>
  start(device, m, { tempConv, ...more } as About);

const objectOf = (id: string) => world.CONVERSATIONS.getByName(objectNameOf(id));

/** Waits until a conversation that lives for one second is over. */
const whileItEnds = () => new Promise((resolve) => setTimeout(resolve, 1_100));

/** Tom and Jerry, both online, in a temporary conversation that Tom began. */
async function temporaryChat(more: Partial<About> = {}) {
  const clients = await onlineClients("tom", "jerry");
  const chat = await begin(clients.toms, [clients.jerry], more);
  await clients.jerrys.push("conv", "members_joined");
  return { ...clients, chat };
}

describe("[E-01] a temporary conversation", () => {
  test.each([
    ["a day, if none is named", undefined, TIME_TO_LIVE_DEFAULT],
    ["as long as named", 259_200, 259_200],
    ["30 days at most", 40 * 24 * 60 * 60, TIME_TO_LIVE_MAX],
    ["a day, where it cannot live", -5, TIME_TO_LIVE_DEFAULT],
  ])("[E-01] a temporary conversation lives for %s", async (_, tempConvTTL, seconds) => {
    const { toms, jerry } = await onlineClients("tom", "jerry");
    const started = await toms.ask({
      cmd: "conv",
      op: "start",
      convMessage: { m: [jerry], tempConv, ...(tempConvTTL === undefined ? {} : { tempConvTTL }) },
    });
    expect(started.convMessage?.tempConvTTL).toBe(seconds);
    const [found] = await query(toms, {}, { tempConvIds: [started.convMessage?.cid ?? ""] });
    expect(found).toMatchObject({ ttl: seconds, tempConvTTL: seconds, temp: true, tempConv, conv_type: 4 });
  });

  test("[E-01] all members are told that it exists, and how long it lives", async () => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const chat = await begin(toms, [jerry], { tempConvTTL: 60 });
    for (const device of [toms, jerrys]) {
      const joined = await device.push("conv", "joined");
      expect(joined.convMessage).toMatchObject({ cid: chat, initBy: tom, tempConv, tempConvTTL: 60 });
      await device.push("conv", "members_joined");
      const all = [jerry, tom].toSorted().join(" ");
      expect(notices(device, chat)).toEqual([`joined by ${tom}`, `members_joined ${all} by ${tom}`]);
    }
  });

  test("[E-01] it has ten members at most, the creator among them", async () => {
    const { tom, toms } = await onlineClients("tom");
    const others = (count: number) => Array.from({ length: count }, (_, at) => `${tom}-${at}`);
    await begin(toms, others(9));
    const full = await toms.ask({ cmd: "conv", op: "start", convMessage: { m: others(10), tempConv } });
    expect(refusal(full)).toBe("4304 CONVERSATION_FULL");
  });

  test("[E-01] it is in no index: neither it nor its members or messages are in D1, and no list has it", async () => {
    const { toms, chat } = await temporaryChat();
    await say(toms, chat, "hello");
    await runDurableObjectAlarm(objectOf(chat));
    for (const [table, column] of [
      ["conversations", "id"],
      ["members", "conversation_id"],
      ["messages", "conversation_id"],
    ]) {
      const rows = await world.DB.prepare(`SELECT 1 FROM ${table} WHERE ${column} = ?`).bind(chat).all();
      expect([table, rows.results]).toEqual([table, []]);
    }
    expect(await query(toms, {})).toEqual([]);
  });

  test("[E-01] clients find it by its id: in a list, in a text with commas as Java sends it, or by `objectId`", async () => {
    const { toms, jerrys, chat } = await temporaryChat();
    const other = await begin(toms, ["Spike"]);
    const ids = ({ objectId }: { objectId: string }) => objectId;
    const both = [chat, other].toSorted();
    expect((await query(toms, {}, { tempConvIds: [chat, other] })).map(ids).toSorted()).toEqual(both);
    expect((await query(jerrys, {}, { tempConvIds: [`${chat}, ${other}`] })).map(ids).toSorted()).toEqual(
      both,
    );
    expect(await look(toms, chat)).toMatchObject({ objectId: chat, temp: true });
  });
});

describe("[E-04] in a temporary conversation", () => {
  test("[E-04] messages, history, receipts and cursors are as in others", async () => {
    const { toms, jerrys, chat } = await temporaryChat();
    const message = await tell(toms, chat, "hello", jerrys);
    acknowledge(jerrys, chat, { mid: message.mid });
    await toms.push("rcp");
    read(jerrys, chat);
    await toms.until("a read receipt", () => receipts(toms).length === 2 || undefined);
    expect(receipts(toms)).toEqual([`delivered ${message.mid}`, `read ${message.mid}`]);
    expect(await history(jerrys, chat)).toEqual(["hello"]);
    const { logsMessage } = await logs(jerrys, chat, { limit: 1 });
    expect(logsMessage?.logs[0]).toMatchObject({ convType: 4 });
    const count = await toms.ask({ cmd: "conv", op: "count", convMessage: { cid: chat } });
    expect(count.convMessage?.count).toBe(2);
    const member = await toms.ask({ cmd: "conv", op: "is_member", convMessage: { cids: [chat] } });
    expect(JSON.parse(member.convMessage?.results?.data ?? "{}")).toEqual({ [chat]: true });
    expect(pushesOf(jerrys, "direct")[0]?.directMessage).toMatchObject({ cid: chat, convType: 4 });
  });

  test("[E-04] a member that was away receives the unread count with its kind", async () => {
    const { jerry, toms, jerrys, chat } = await temporaryChat();
    await jerrys.ask({ cmd: "session", op: "close" });
    await say(toms, chat, "one");
    await say(toms, chat, "two");
    const back = await loggedIn(jerry);
    const { unreadMessage } = await back.push("unread");
    expect(unreadMessage?.convs).toMatchObject([{ cid: chat, unread: 2, data: "two", convType: 4 }]);
  });

  test("[E-04] others can neither write nor read in it", async () => {
    const { chat } = await temporaryChat();
    const { spikes } = await onlineClients("spike");
    expect(refusal(await say(spikes, chat, "let me in"))).toBe("4401 INVALID_MESSAGING_TARGET");
    expect(refusal(await logs(spikes, chat))).toBe("4312 CONVERSATION_LOG_REJECTED");
  });

  test("[E-01] over HTTP the app's server writes in it and reads it, but does not change it", async () => {
    const { tom, jerry, jerrys, chat } = await temporaryChat();
    const path = `/1.1/rtm/messages`;
    const body = { from_peer: tom, conv_id: chat, message: "by the server", transient: false };
    expect((await rest("POST", path, body)).status).toBe(200);
    await jerrys.message("by the server");
    const shown = await rest("GET", `${path}/history?convid=${encodeURIComponent(chat)}`);
    expect(await shown.json()).toMatchObject([{ from: tom, data: "by the server" }]);
    const row = `/1.1/classes/_Conversation/${encodeURIComponent(chat)}`;
    const sent = { from_client: tom, message: "by its path" };
    const modern = `/1.2/rtm/conversations/${encodeURIComponent(chat)}`;
    expect((await rest("POST", `${modern}/messages`, sent)).status).toBe(200);
    await jerrys.message("by its path");
    const named = await rest("PUT", modern, { name: "x" });
    expect([named.status, await named.json()]).toEqual([400, expect.objectContaining({ code: 4314 })]);
    const change = await rest("PUT", row, { m: { __op: "Remove", objects: [jerry] } });
    expect([change.status, await change.json()]).toEqual([400, expect.objectContaining({ code: 4314 })]);
  });
});

describe("[E-05] the same members", () => {
  test("[E-05] the same members get the same temporary conversation while it lives, whoever begins it", async () => {
    const { tom, jerry, toms, jerrys, chat } = await temporaryChat({ tempConvTTL: 60 });
    for (const [device, m] of [
      [toms, [jerry, tom]],
      [jerrys, [tom]],
    ] as const) {
      const again = await device.ask({
        cmd: "conv",
        op: "start",
        convMessage: { m: [...m], tempConv, tempConvTTL: 9 },
      });
      expect(again.convMessage).toMatchObject({ cid: chat, existing: true, tempConvTTL: 60 });
    }
    expect(await begin(toms, [jerry, "Spike"])).not.toBe(chat);
    expect(await start(toms, [jerry], { unique: true })).toMatch(/^[0-9a-f]{24}$/);
  });

  test("[E-05] all who begin it at the same moment get the same", async () => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const ids = await Promise.all([
      ...Array.from({ length: 5 }, () => begin(toms, [jerry])),
      ...Array.from({ length: 5 }, () => begin(jerrys, [tom])),
    ]);
    expect(new Set(ids).size).toBe(1);
    expect(await inboxOf(tom)).toHaveLength(1);
    expect(await inboxOf(jerry)).toHaveLength(1);
  });

  test("[E-05] after its end the next one begins, empty and with an id of its own; the old id stays expired", async () => {
    const { jerry, toms, jerrys, chat } = await temporaryChat({ tempConvTTL: 1 });
    await say(toms, chat, "before");
    await whileItEnds();
    const next = await begin(toms, [jerry]);
    expect(next).not.toBe(chat);
    expect(objectNameOf(next)).toBe(objectNameOf(chat));
    await say(toms, next, "after");
    await jerrys.message("after");
    expect(await history(jerrys, next)).toEqual(["after"]);
    expect(refusal(await say(toms, chat, "too late"))).toBe(GONE);
    expect(refusal(await logs(jerrys, chat))).toBe(GONE);
    expect(await history(jerrys, next)).toEqual(["after"]);
  });
});

describe("[E-01] after its end", () => {
  test("[E-01] after its end every command for it is refused with 4323, by open subscriptions and new ones", async () => {
    const { toms, jerry, jerrys, chat } = await temporaryChat({ tempConvTTL: 1 });
    await say(toms, chat, "hello");
    await jerrys.message("hello");
    await whileItEnds();
    for (const device of [toms, jerrys, await loggedIn(jerry)]) {
      expect(refusal(await say(device, chat, "too late"))).toBe(GONE);
      expect(refusal(await logs(device, chat))).toBe(GONE);
      const count = await device.ask({ cmd: "conv", op: "count", convMessage: { cid: chat } });
      expect(refusal(count)).toBe(GONE);
      const will = await device.ask({ cmd: "direct", directMessage: { cid: chat, msg: "bye", will: true } });
      expect(refusal(will)).toBe(GONE);
      expect(await query(device, {}, { tempConvIds: [chat] })).toEqual([]);
    }
    const shown = await rest("GET", `/1.1/rtm/messages/history?convid=${encodeURIComponent(chat)}`);
    expect([shown.status, await shown.json()]).toEqual([404, expect.objectContaining({ code: 4323 })]);
  });

  test("[E-01] after its end the alarm erases it, and nothing of it is left", async () => {
    const { jerry, toms, jerrys, chat } = await temporaryChat({ tempConvTTL: 1 });
    await jerrys.ask({ cmd: "session", op: "close" });
    await say(toms, chat, "hello");
    expect(await inboxOf(jerry)).toHaveLength(1);
    await whileItEnds();
    const tables = () =>
      runInDurableObject(objectOf(chat), (_, { storage }) =>
        storage.sql.exec("SELECT name FROM sqlite_master WHERE name IN ('messages', 'members')").toArray(),
      );
    await vi.waitFor(
      async () => {
        await runDurableObjectAlarm(objectOf(chat));
        expect(await tables()).toEqual([]);
      },
      { timeout: 10_000 },
    );
    const back = await loggedIn(jerry);
    await ask(back, {});
    expect(pushesOf(back, "unread")).toEqual([]);
    expect(await inboxOf(jerry)).toEqual([]);
  });
});

describe("[I13] names and ids that nobody has", () => {
  test("[I13] ids that were not issued here wake no object", async () => {
    const { toms, chat } = await temporaryChat();
    const { mary, marys } = await onlineClients("mary");
    const changed = `${chat.slice(0, -1)}${chat.endsWith("A") ? "B" : "A"}`;
    const [head, tail] = [chat.slice(0, 30), chat.slice(31)];
    const otherTime = `${head}${chat[30] === "A" ? "B" : "A"}${tail}`;
    const before = await objects();
    for (const id of [changed, otherTime, `_tmp:${"A".repeat(48)}`, "_tmp:1", "_tmp:", `${chat}A`]) {
      for (const device of [toms, marys]) {
        expect(refusal(await say(device, id, "x"))).toMatch(/^4(323|401) /);
        expect(refusal(await logs(device, id))).toMatch(/^4(323|303) /);
        expect(await query(device, {}, { tempConvIds: [id] })).toEqual([]);
      }
    }
    expect(await objects()).toEqual(before);
    expect(await inboxOf(mary)).toEqual([]);
  });

  test("[I13] members that never logged in get no object, no row, and what they missed once they come", async () => {
    const [jerry, spike] = named("jerry", "spike");
    const { toms } = await onlineClients("tom");
    const before = (await objects()).clients;
    const chat = await begin(toms, [jerry, spike]);
    await say(toms, chat, "are you there?");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await objects()).clients).toBe(before);
    const known = world.DB.prepare("SELECT client_id FROM clients WHERE client_id IN (?, ?)").bind(
      jerry,
      spike,
    );
    expect((await known.all()).results).toEqual([]);

    const jerrys = await loggedIn(jerry);
    expect(pushesOf(jerrys, "unread")).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await say(toms, chat, "now?");
    await jerrys.message("now?");
    expect(await history(jerrys, chat)).toEqual(["are you there?", "now?"]);
    await jerrys.push("conv", "joined");
    expect((await listDurableObjectIds(world.CLIENTS)).length).toBe(before + 1);
  });

  test("[I13] a storm of beginnings with invented names makes objects of conversations alone", async () => {
    const { tom, toms } = await onlineClients("tom");
    const before = await objects();
    const storm = Array.from({ length: 30 }, (_, at) =>
      begin(
        toms,
        Array.from({ length: 9 }, (_, name) => `${tom}-${at}-${name}`),
      ),
    );
    const chats = await Promise.all(storm);
    await Promise.all(chats.map((chat) => say(toms, chat, "anybody?")));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const after = await objects();
    expect(after).toEqual({ clients: before.clients, conversations: before.conversations + 30 });
    const { results } = await world.DB.prepare("SELECT 1 FROM members WHERE client_id LIKE ?")
      .bind(`${tom}-%`)
      .all();
    expect(results).toEqual([]);
  });

  test("[I13] the alarm finds members that have come, without another message", async () => {
    const [jerry] = named("jerry");
    const { toms } = await onlineClients("tom");
    const chat = await begin(toms, [jerry]);
    await say(toms, chat, "are you there?");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const jerrys = await loggedIn(jerry);
    await runDurableObjectAlarm(objectOf(chat));
    await jerrys.message("are you there?");
  });
});
