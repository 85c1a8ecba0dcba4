import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ConversationObject } from "../../../src/conversation/conversation-object.ts";
import { heard, history, settle } from "../../support/chat.ts";
import { pushesOf, read } from "../support/commands.ts";
import { archivedAs } from "../support/d1.ts";
import { serverChat } from "../support/pair-chat.ts";
import {
  done,
  type Logged,
  messagesOf,
  pathOf,
  rest,
  type Sent,
  saidBy,
  textsIn,
  unreadOf,
} from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { openWorld } from "../support/world.ts";
import { serverChatWithMessages } from "./server-messages.ts";

beforeAll(() => openWorld());
afterEach(() => {
  vi.restoreAllMocks();
});

describe("[A-02] deleting", () => {
  const remove = (id: string, message: Sent, from: string) =>
    done("DELETE", `${pathOf(id, message)}?from_client=${from}&timestamp=${message.timestamp}`);

  test("[A-02] a deleted message is gone from history, and no device is notified", async () => {
    const { tom, id, toms, jerrys } = await serverChat();
    const [one, two] = [await saidBy(tom, id, "one"), await saidBy(tom, id, "two")];
    await archivedAs(id, ["one", "two"]);
    expect(await remove(id, one, tom)).toEqual({});
    expect(await textsIn(id)).toEqual(["two"]);
    expect(await history(jerrys, id)).toEqual(["two"]);
    await archivedAs(id, ["two"]);
    const everything = await done<Logged[]>("GET", "/1.2/rtm/messages?limit=1000");
    expect(everything.map((message) => message["msg-id"])).not.toContain(one["msg-id"]);
    const toms1 = await done<Logged[]>("GET", `/1.2/rtm/clients/${tom}/messages`);
    expect(toms1.map((message) => message["msg-id"])).toEqual([two["msg-id"]]);
    await settle(id, toms, jerrys);
    expect(heard(jerrys, id)).toEqual(["one", "two"]);
    expect(pushesOf(jerrys, "patch")).toEqual([]);
  });

  test("[A-02] a message that is deleted before D1 has it never reaches D1", async () => {
    const { tom, id } = await serverChat();
    const message = await saidBy(tom, id, "oops");
    await remove(id, message, tom);
    await saidBy(tom, id, "two");
    await archivedAs(id, ["two"]);
  });

  test("[A-02] [Y-22] [I5] a deleted message is neither unread nor the last message", async () => {
    const { tom, jerry, id, jerrys } = await serverChat();
    jerrys.close();
    const one = await saidBy(tom, id, "one");
    const two = await saidBy(tom, id, "two");
    expect(await unreadOf(jerry, id)).toBe(2);
    await remove(id, two, tom);
    expect([await unreadOf(jerry, id), await unreadOf(jerry)]).toEqual([1, 1]);
    const back = await WorkerdDevice.of(jerry);
    const [unread] = (await back.push("unread")).unreadMessage?.convs ?? [];
    expect(unread).toMatchObject({ cid: id, unread: 1, data: "one", mid: one["msg-id"] });
    read(back, id);
    await expect.poll(() => unreadOf(jerry)).toBe(0);
  });

  test.each(["subscribed", "not subscribed"] as const)(
    "[L6] messages after a deleted one reach devices that are %s once, and the gap reopens no subscription",
    async (how) => {
      const { tom, id, toms, jerrys, messages } = await serverChatWithMessages(how);
      for (const message of messages) await remove(id, message, tom);
      await saidBy(tom, id, "three");
      for (const device of [toms, jerrys]) await device.message("three");
      await settle(id, toms, jerrys);
      const opened = vi.spyOn(ConversationObject.prototype, "fetch");
      for (const text of ["four", "five", "six"]) {
        const message = await saidBy(tom, id, text);
        for (const device of [toms, jerrys]) await device.message(text);
        if (text === "five") await remove(id, message, tom);
      }
      await settle(id, toms, jerrys);
      expect(opened).not.toHaveBeenCalled();
      for (const device of [toms, jerrys]) {
        expect(heard(device, id)).toEqual(["three", "four", "five", "six"]);
        expect(device.closed).toBeUndefined();
      }
      expect(await history(jerrys, id)).toEqual(["three", "four", "six"]);
    },
  );

  test("[L6] a message that is deleted in flight to devices that are not subscribed may be missed, and later ones are not", async () => {
    const { tom, id, toms, jerrys } = await serverChat("not subscribed");
    const message = await saidBy(tom, id, "oops");
    await remove(id, message, tom);
    await saidBy(tom, id, "two");
    for (const device of [toms, jerrys]) await device.message("two");
    await settle(id, toms, jerrys);
    for (const device of [toms, jerrys]) {
      expect(heard(device, id).filter((text) => text !== "oops")).toEqual(["two"]);
    }
  });

  test("[I3] a deleted message sent again with its Idempotency-Key is answered as before and stays deleted", async () => {
    const { tom, id } = await serverChat();
    const path = messagesOf(id);
    const key = { "Idempotency-Key": "order-4712" };
    const send = async (): Promise<Sent> =>
      (await rest("POST", path, { from_client: tom, message: "once" }, key)).json();
    const message = await send();
    await remove(id, message, tom);
    expect(await send()).toEqual(message);
    expect(await textsIn(id)).toEqual([]);
  });
});
