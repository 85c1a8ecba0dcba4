import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { say, settle } from "../support/chat.ts";
import { acknowledge, loggedIn, notifications, read } from "./support/commands.ts";
import { pairChat } from "./support/pair-chat.ts";
import { cursorsOf, receipts, tell } from "./support/receipts.ts";
import { openWorld, world } from "./support/world.ts";

beforeAll(() => openWorld());

/** Resolves once the conversation has noticed that a client left, a moment after its last device did. */
async function untilUnsubscribed(chat: string, clientId: string): Promise<void> {
  const clients = () =>
    runInDurableObject(world.CONVERSATIONS.getByName(chat), (_, state) => {
      return state.getWebSockets().map((socket) => socket.deserializeAttachment()?.clientId);
    });
  await expect.poll(clients).not.toContain(clientId);
}

describe("reading", () => {
  test("[M-43] [M-44] the sender receives a receipt for the newest message that was read", async () => {
    const { jerry, toms, jerrys, chat } = await pairChat();
    await tell(toms, chat, "one", jerrys);
    const two = await tell(toms, chat, "two", jerrys);
    await say(toms, chat, "not asked for");
    await jerrys.message("not asked for");
    read(jerrys, chat);
    const push = await toms.expect("a read receipt", ({ rcpMessage }) => rcpMessage?.read === true);
    expect(push.rcpMessage).toMatchObject({ id: two.mid, cid: chat, from: jerry, read: true });
    expect(Number(push.rcpMessage?.t)).toBeGreaterThanOrEqual(Number(two.timestamp));
    await settle(chat, jerrys, toms);
    expect(receipts(toms).filter((receipt) => receipt.startsWith("read"))).toEqual([`read ${two.mid}`]);
  });

  test("[M-41] a receipt of delivery does not move the read cursor", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const message = await tell(toms, chat, "hi", jerrys);
    acknowledge(jerrys, chat, { mid: message.mid });
    await settle(chat, jerrys, toms);
    expect(receipts(toms)).toEqual([`delivered ${message.mid}`]);
    const { delivered, read: readUpTo } = await cursorsOf(toms, chat);
    expect(delivered).toBeGreaterThanOrEqual(Number(message.timestamp));
    expect(readUpTo).toBe(0);
  });

  test("[M-43] a read up to a message causes a receipt for that message, and for none after it", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const one = await tell(toms, chat, "one", jerrys);
    const two = await tell(toms, chat, "two", jerrys);
    read(jerrys, chat, { timestamp: Number(one.timestamp), mid: one.mid });
    const push = await toms.expect("a read receipt", ({ rcpMessage }) => rcpMessage?.read === true);
    expect(push.rcpMessage?.id).toBe(one.mid);
    expect(Number(push.rcpMessage?.t)).toBeLessThan(Number(two.timestamp));
    read(jerrys, chat);
    const next = await toms.expect("the next one", ({ rcpMessage }) => rcpMessage?.id === two.mid);
    expect(next.rcpMessage?.read).toBe(true);
  });

  test("[M-37] [M-43] there is no receipt for messages that did not ask, for the reader's own, or a second time", async () => {
    const { toms, jerrys, chat } = await pairChat();
    await say(toms, chat, "plain");
    await jerrys.message("plain");
    await tell(jerrys, chat, "Jerry's own", toms);
    read(jerrys, chat);
    await settle(chat, jerrys, toms);
    expect([receipts(toms), receipts(jerrys)]).toEqual([[], []]);
    const asked = await tell(toms, chat, "asked", jerrys);
    read(jerrys, chat);
    read(jerrys, chat);
    await settle(chat, jerrys, toms);
    expect(receipts(toms).filter((receipt) => receipt.startsWith("read"))).toEqual([`read ${asked.mid}`]);
  });

  test("[M-40] no receipt of delivery follows a receipt of reading", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const message = await tell(toms, chat, "hi", jerrys);
    read(jerrys, chat);
    await toms.expect("a read receipt", ({ rcpMessage }) => rcpMessage?.read === true);
    const { delivered, read: readUpTo } = await cursorsOf(toms, chat);
    expect(readUpTo).toBeGreaterThanOrEqual(Number(message.timestamp));
    expect(delivered).toBeGreaterThanOrEqual(readUpTo);
  });
});

describe("a sender that is offline", () => {
  test("[M-44] a sender that was offline finds receipts by `max_read` and among the missed events", async () => {
    const { tom, jerry, toms, jerrys, chat } = await pairChat();
    const since = Date.now();
    const message = await tell(toms, chat, "hi", jerrys);
    await toms.ask({ cmd: "session", op: "close" });
    await untilUnsubscribed(chat, tom);
    acknowledge(jerrys, chat, { mid: message.mid });
    await jerrys.ask({ cmd: "conv", op: "count", convMessage: { cid: chat } });
    read(jerrys, chat);
    await jerrys.push("unread");
    const back = await loggedIn(tom);
    const found = await cursorsOf(back, chat);
    expect(found.read).toBeGreaterThanOrEqual(Number(message.timestamp));
    expect(found.delivered).toBeGreaterThanOrEqual(found.read);
    const { status, body } = await notifications(tom, back.token, {
      start_ts: since,
      notification_type: "permanent",
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ hasMore: false });
    const kept = JSON.parse(JSON.stringify(body)).notifications.filter(
      ({ cmd }: { cmd: string }) => cmd === "rcp",
    );
    expect(kept).toMatchObject([
      { cid: chat, id: message.mid, from: jerry, notificationType: 1 },
      { cid: chat, id: message.mid, from: jerry, notificationType: 1, read: true },
    ]);
    expect(kept[0]).not.toHaveProperty("read");
    for (const { t, serverTs } of kept) {
      expect(t).toBeGreaterThanOrEqual(Number(message.timestamp));
      expect(serverTs).toBeGreaterThan(since);
    }
  });
});
