import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { change, heard, history, named, query, refusal, say, settle, start } from "../../support/chat.ts";
import { caughtUp, loggedIn, notifications } from "../support/commands.ts";
import { archived, archivedAs, breakTable, repair } from "../support/d1.ts";
import {
  conversationOf,
  done,
  outcome,
  CONVERSATIONS as PATH,
  rest,
  saidBy,
  textsIn,
  unreadOf,
} from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { openWorld, world } from "../support/world.ts";
import { create, find } from "./conversation-calls.ts";

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await repair();
});

describe("[A-01] deleting", () => {
  /** A conversation in which something was said that D1 has. */
  async function spoken(more: object = {}) {
    const [tom, jerry] = named("tom", "jerry");
    const id = await conversationOf([tom, jerry], more);
    await saidBy(tom, id, "hello");
    await saidBy(tom, id, "Jerry?");
    await archivedAs(id, ["hello", "Jerry?"]);
    return { tom, jerry, id, path: `${PATH}/${id}` };
  }

  const rowsOf = async (table: string, column: string, id: string) =>
    (await world.DB.prepare(`SELECT * FROM ${table} WHERE ${column} = ?`).bind(id).all()).results;

  test("[A-01] a deleted conversation is gone from queries and D1, with its history", async () => {
    const { tom, id, path } = await spoken();
    expect(await done("DELETE", path)).toEqual({});
    expect(await find({ objectId: id })).toEqual([]);
    expect(await find({ m: tom }, "/1.2/rtm/all-conversations")).toEqual([]);
    expect(await rowsOf("conversations", "id", id)).toEqual([]);
    expect(await rowsOf("members", "conversation_id", id)).toEqual([]);
    expect(await archived(id)).toEqual([]);
    expect(await done("GET", `/1.2/rtm/clients/${tom}/messages`)).toEqual([]);
    for (const [method, sub] of [
      ["DELETE", ""],
      ["GET", "/members"],
      ["GET", "/messages"],
    ] as const) {
      expect(await outcome(rest(method, path + sub))).toBe("404 4303");
    }
    expect(await query(await WorkerdDevice.of(tom), { objectId: id })).toEqual([]);
  });

  test("[A-01] [Y-22] a deleted conversation has no unread messages", async () => {
    const { tom, jerry, id, path } = await spoken();
    const other = await conversationOf([tom, jerry]);
    await saidBy(tom, other, "here");
    expect(await unreadOf(jerry)).toBe(3);
    await done("DELETE", path);
    expect(await unreadOf(jerry)).toBe(1);
    expect(await outcome(rest("GET", `/1.2/rtm/clients/${jerry}/unread-count?conv_id=${id}`))).toBe(
      "404 4303",
    );
    const jerrys = await WorkerdDevice.of(jerry);
    const unread = (await jerrys.push("unread")).unreadMessage?.convs;
    expect(unread?.map(({ cid }) => cid)).toEqual([other]);
  });

  test("[A-01] [B-08] [I4] a member that was offline logs in and reads its other conversations after a deletion", async () => {
    const { tom, jerry, id, path } = await spoken();
    const other = await conversationOf([tom, jerry]);
    await done("DELETE", path);
    const { token } = await loggedIn(jerry);
    const { status, body } = await notifications(jerry, token, { notification_type: "permanent" });
    expect(status).toBe(200);
    expect(JSON.stringify(body)).toContain(other);
    expect(JSON.stringify(body)).not.toContain(id);
  });

  test.each(["subscribed", "not subscribed"])(
    "[A-01] [B-09] sends to a deleted conversation are refused with 4401 on devices that are %s, and their sockets stay",
    async (how) => {
      const { tom, jerry, path, id } = await spoken();
      const [toms, jerrys] = [await WorkerdDevice.of(tom), await WorkerdDevice.of(jerry)];
      const other = await start(toms, [tom, jerry], { unique: false });
      if (how === "subscribed") {
        await caughtUp(id, toms, jerrys);
        await settle(id, toms, jerrys);
      }
      await done("DELETE", path);
      for (const device of [toms, jerrys]) {
        expect(refusal(await say(device, id, "anybody?"))).toBe("4401 INVALID_MESSAGING_TARGET");
        expect(refusal(await change(device, "add", id, ["spike"]))).toMatch(/^4303 /);
      }
      expect(refusal(await say(toms, other, "here"))).toBe("");
      await jerrys.message("here");
      expect([toms.closed, jerrys.closed]).toEqual([undefined, undefined]);
      expect(heard(jerrys, id)).toEqual([]);
    },
  );

  test("[A-01] [B-03] a deleted unique conversation can be created anew, without its history", async () => {
    const { tom, jerry, id, path } = await spoken({ unique: true });
    const toms = await WorkerdDevice.of(tom);
    await done("DELETE", path);
    const anew = await start(toms, [tom, jerry], { unique: true });
    expect(await history(toms, anew)).toEqual([]);
    await say(toms, anew, "again");
    expect(await textsIn(anew)).toEqual(["again"]);
    await archivedAs(anew, ["again"]);
    expect(await create({ m: [tom, jerry], unique: true })).toMatchObject({ objectId: anew });
    expect(await find({ m: tom })).toHaveLength(1);
    expect(anew).toBe(id);
  });

  test("[A-01] [I11] a conversation is deleted while D1 fails, and D1 is cleared afterwards", async () => {
    const { tom, id, path } = await spoken();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await breakTable("messages");
    expect(await done("DELETE", path)).toEqual({});
    expect(await outcome(rest("GET", `${path}/messages`))).toBe("404 4303");
    await repair();
    await archivedAs(id, []);
    expect(await rowsOf("conversations", "id", id)).toEqual([]);
    expect(await find({ m: tom })).toEqual([]);
  });
});
