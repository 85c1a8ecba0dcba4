import { beforeAll, describe, expect, test } from "vitest";
import { change, named, say, settle, start } from "../support/chat.ts";
import { type CommandInit, has } from "../support/frames.ts";
import { caughtUp, edit, loggedIn, namedBy, pushesOf, read } from "./support/commands.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { CONVERSATIONS, done } from "./support/rest.ts";
import type { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

/** Unread counts on several devices and after absences: a device does not receive again what it has. */

beforeAll(() => openWorld({ messages: { allowEdit: true } }));

/** "3 hello" for each conversation of the next unread push, by the names they have here; "0" for a cleared one. */
async function news(device: WorkerdDevice, chats: Record<string, string>) {
  const push = await device.push("unread");
  const names = Object.fromEntries(Object.entries(chats).map(([name, id]) => [id, name]));
  const told = (push.unreadMessage?.convs ?? []).map(({ cid, unread, data }) => {
    return `${names[cid]}: ${unread} ${data}`.trim();
  });
  return { told, notifTime: Number(push.unreadMessage?.notifTime) };
}

/** A device that just logged in receives no unread counts. */
async function silent(device: WorkerdDevice, chat: string, from: WorkerdDevice): Promise<void> {
  await caughtUp(chat, device);
  await settle(chat, from, device);
  expect(pushesOf(device, "unread")).toEqual([]);
}

/** Tom on a device, and chats with Jerry, who is offline; Tom has sent a message in each of them. */
async function chatsWithMessages<Name extends string>(...names: Name[]) {
  const [jerry] = named("jerry");
  const { tom, toms } = await onlineClients("tom");
  const chats: Record<string, string> = {};
  for (const name of names) {
    const chat = await start(toms, [tom, jerry], { unique: false });
    await say(toms, chat, `${name} 1`);
    chats[name] = chat;
  }
  const [first = ""] = Object.values(chats);
  return { tom, jerry, toms, chats, first };
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("the time up to which a device has everything", () => {
  test("[Y-19] a device that sends no time receives all counts at every login (Swift, Objective-C)", async () => {
    const { jerry, chats } = await chatsWithMessages("cheese", "mice");
    for (let login = 0; login < 2; login += 1) {
      const { told } = await news(await loggedIn(jerry), chats);
      expect(told).toEqual(["mice: 1 mice 1", "cheese: 1 cheese 1"]);
    }
  });

  test("[Y-19] [Y-20] a device that sends the last time receives only what changed after it (Java)", async () => {
    const { jerry, toms, chats, first } = await chatsWithMessages("cheese", "mice");
    const { notifTime } = await news(await loggedIn(jerry), chats);
    expect(notifTime).toBeGreaterThan(Date.now() - 60_000);
    expect(notifTime).toBeLessThanOrEqual(Date.now() + 1_000);
    await silent(await loggedIn(jerry, { lastUnreadNotifTime: notifTime }), first, toms);
    await say(toms, first, "cheese 2");
    const { told, notifTime: next } = await news(
      await loggedIn(jerry, { lastUnreadNotifTime: notifTime }),
      chats,
    );
    expect(told).toEqual(["cheese: 2 cheese 2"]);
    expect(next).toBeGreaterThanOrEqual(notifTime);
    await silent(await loggedIn(jerry, { lastUnreadNotifTime: next }), first, toms);
  });

  test("[Y-19] nothing is lost between the time a device received and the moment it was sent", async () => {
    const { jerry, toms, chats, first } = await chatsWithMessages("cheese");
    let lastUnreadNotifTime = 1;
    for (let round = 2; round <= 6; round += 1) {
      const login = loggedIn(jerry, { lastUnreadNotifTime });
      await say(toms, first, `cheese ${round}`);
      const device = await login;
      // Either the count includes it, or it comes as a message after the count.
      const { notifTime } = await news(device, chats);
      const [tuple] = pushesOf(device, "unread")[0]?.unreadMessage?.convs ?? [];
      await caughtUp(first, device);
      await settle(first, toms, device);
      const seen = [tuple?.data, ...device.texts(first)];
      expect(seen).toContain(`cheese ${round}`);
      device.close();
      lastUnreadNotifTime = notifTime;
      await say(toms, first, `between ${round}`);
    }
  });

  test("[wire §9.4] an edit of the last message changes what a device receives at login", async () => {
    const { jerry, toms, chats, first } = await chatsWithMessages("cheese", "mice");
    const message = namedBy(first, await say(toms, first, "cheese 2"));
    const { notifTime } = await news(await loggedIn(jerry), chats);
    await edit(toms, message, "better cheese");
    const { told } = await news(await loggedIn(jerry, { lastUnreadNotifTime: notifTime }), chats);
    expect(told).toEqual(["cheese: 2 better cheese"]);
  });
});

describe("counts that fell", () => {
  test("[Y-21] [wire §5.5] a count that fell to 0 on another device is sent to a device that reconnects with an old time", async () => {
    const { jerry, chats, first } = await chatsWithMessages("cheese", "mice");
    const phone = await loggedIn(jerry);
    const { notifTime } = await news(phone, chats);
    phone.close();
    await wait(10);
    const tablet = await loggedIn(jerry);
    await news(tablet, chats);
    read(tablet, first);
    await tablet.push("unread");
    tablet.close();
    const back = await loggedIn(jerry, { lastUnreadNotifTime: notifTime });
    const push = await back.push("unread");
    const [tuple, ...others] = push.unreadMessage?.convs ?? [];
    expect([tuple?.cid, tuple?.unread, tuple?.mentioned, others.length]).toEqual([first, 0, false, 0]);
    expect([has(tuple, "unread"), has(tuple, "mid")]).toEqual([true, false]);
    // So is a third one, and one that sends no time receives only what is still unread.
    expect((await news(await loggedIn(jerry, { lastUnreadNotifTime: notifTime }), chats)).told).toEqual([
      "cheese: 0",
    ]);
    expect((await news(await loggedIn(jerry), chats)).told).toEqual(["mice: 1 mice 1"]);
  });

  test("[Y-21] a count that fell and rose again is sent as it is now", async () => {
    const { jerry, toms, chats, first } = await chatsWithMessages("cheese");
    const phone = await loggedIn(jerry);
    const { notifTime } = await news(phone, chats);
    await say(toms, first, "cheese 2");
    await phone.message("cheese 2");
    read(phone, first);
    await phone.push("unread");
    await say(toms, first, "cheese 3");
    const tablet = await loggedIn(jerry, { lastUnreadNotifTime: notifTime });
    expect((await news(tablet, chats)).told).toEqual(["cheese: 1 cheese 3"]);
  });

  test("[Y-21] [gotcha 39] a count that falls is sent at once to all devices, also to those that never opened the conversation", async () => {
    const { jerry, chats, first } = await chatsWithMessages("cheese");
    const devices = [await loggedIn(jerry), await loggedIn(jerry), await loggedIn(jerry)];
    for (const device of devices) await news(device, chats);
    const [reader] = devices;
    if (reader !== undefined) read(reader, first);
    for (const device of devices) expect((await news(device, chats)).told).toEqual(["cheese: 0"]);
  });

  test("[Y-13] a read of some messages sends the count of those left", async () => {
    const { jerry, toms, chats, first } = await chatsWithMessages("cheese");
    const second = namedBy(first, await say(toms, first, "cheese 2"));
    await say(toms, first, "cheese 3");
    const device = await loggedIn(jerry);
    await news(device, chats);
    read(device, first, { timestamp: Number(second.timestamp), mid: second.mid });
    const [tuple] = (await device.push("unread")).unreadMessage?.convs ?? [];
    expect([tuple?.cid, tuple?.unread]).toEqual([first, 1]);
    expect((await news(await loggedIn(jerry), chats)).told).toEqual(["cheese: 1 cheese 3"]);
  });
});

describe("reading", () => {
  type Form = (chats: [string, string]) => CommandInit["readMessage"];
  test.each<[string, Form]>([
    ["`convs` without a time (C#)", ([one, two]) => ({ convs: [{ cid: one }, { cid: two }] })],
    [
      "`convs` with times (JavaScript)",
      ([one, two]) => ({ convs: [one, two].map((cid) => ({ cid, timestamp: Date.now() + 10 })) }),
    ],
    ["`cids`", (cids) => ({ cids })],
    ["`cid` and `cids`", ([cid, other]) => ({ cid, cids: [other] })],
    [
      "one of them twice",
      ([one, two]) => ({ convs: [{ cid: one }, { cid: two }, { cid: one, timestamp: 1 }] }),
    ],
  ])("[wire §4.8] a read command with %s clears each conversation", async (_, form) => {
    const { jerry, chats } = await chatsWithMessages("cheese", "mice");
    const { cheese = "", mice = "" } = chats;
    const device = await loggedIn(jerry);
    await news(device, chats);
    device.send({ cmd: "read", peerId: jerry, readMessage: form([cheese, mice]) });
    const left = new Map<string, number>();
    await expect
      .poll(() => {
        for (const { unreadMessage } of pushesOf(device, "unread").slice(1)) {
          for (const { cid, unread } of unreadMessage?.convs ?? []) left.set(cid, unread);
        }
        return left;
      })
      .toEqual(
        new Map([
          [cheese, 0],
          [mice, 0],
        ]),
      );
  });

  test("[I12] a read of a conversation without membership, or of none, clears nothing and sends nothing", async () => {
    const { jerry, toms, chats, first } = await chatsWithMessages("cheese");
    const { spikes } = await onlineClients("spike");
    for (const cid of [first, "0".repeat(24), "no id!"]) read(spikes, cid);
    await spikes.ask({ cmd: "conv", op: "count", convMessage: { cid: first } });
    expect(pushesOf(spikes, "unread")).toEqual([]);
    const { told } = await news(await loggedIn(jerry), chats);
    expect(told).toEqual(["cheese: 1 cheese 1"]);
    expect(pushesOf(toms, "unread")).toEqual([]);
  });

  test("[I5] after leaving and joining again only newer messages are unread, whatever was read before", async () => {
    const { jerry, toms, chats, first } = await chatsWithMessages("cheese");
    const device = await loggedIn(jerry);
    await news(device, chats);
    await change(device, "remove", first, [jerry]);
    await say(toms, first, "behind his back");
    await change(device, "add", first, [jerry]);
    await say(toms, first, "welcome back");
    await device.message("welcome back");
    const { told } = await news(await loggedIn(jerry), chats);
    expect(told).toEqual(["cheese: 1 welcome back"]);
  });
});

describe("[Y-21] messages that are deleted while a device is offline", () => {
  test("[Y-21] a device that reconnects receives a count of 0 for a deleted message or conversation", async () => {
    const { tom, jerry, toms, chats, first } = await chatsWithMessages("one", "two");
    const { notifTime } = await news(await loggedIn(jerry), chats);
    const second = chats.two ?? "";
    const page = await toms.ask({ cmd: "logs", logsMessage: { cid: first } });
    const [said] = page.logsMessage?.logs ?? [];
    await wait(5);
    const place = `from_client=${tom}&timestamp=${said?.timestamp}`;
    await done(
      "DELETE",
      `${CONVERSATIONS}/${first}/messages/${encodeURIComponent(said?.msgId ?? "")}?${place}`,
    );
    await done("DELETE", `${CONVERSATIONS}/${second}`);
    const { told } = await news(await loggedIn(jerry, { lastUnreadNotifTime: notifTime }), chats);
    expect(told.toSorted()).toEqual(["one: 0", "two: 0"]);
  });

  test("[Y-21] a device that reconnects receives a count of 0 where its client was removed meanwhile", async () => {
    const { jerry, toms, chats, first } = await chatsWithMessages("one");
    const { notifTime } = await news(await loggedIn(jerry), chats);
    await wait(5);
    await change(toms, "remove", first, [jerry]);
    const { told } = await news(await loggedIn(jerry, { lastUnreadNotifTime: notifTime }), chats);
    expect(told).toEqual(["one: 0"]);
  });
});

test("[Y-07] conversations whose last message is plain text are sent in a separate event, which C# discards", async () => {
  const { jerry, toms, chats } = await chatsWithMessages("plain", "typed");
  await say(toms, chats.typed ?? "", JSON.stringify({ _lctype: -1, _lctext: "hello" }));
  const device = await loggedIn(jerry);
  expect((await news(device, chats)).told).toEqual([expect.stringMatching(/^typed: 2/)]);
  expect((await news(device, chats)).told).toEqual([expect.stringMatching(/^plain: 1/)]);
});
