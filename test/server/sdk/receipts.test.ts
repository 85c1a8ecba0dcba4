import { describe, expect, test } from "vitest";
import { CommandType } from "../../../src/protocol/generated/message_pb.js";
import type { NodeDevice } from "../support/node-device.ts";
import { sdk5 } from "./sdk.ts";
import type { Conversation } from "./sdk-types.ts";
import { useTestApp } from "./test-app.ts";
import { comeBack, goOffline, tomAndJerry, viewOf } from "./tom-and-jerry.ts";
import { eventually, next, record } from "./waiting.ts";

const app = useTestApp();

describe("receipts in the JavaScript SDK", () => {
  test("[M-37] [M-39] [M-40] [B-11] a sender who asks for a receipt gets one when the other member has the message", async () => {
    const { tom, chat } = await tomAndJerry(app(), sdk5);
    const message = new tom.sdk.TextMessage("have you got it?");
    expect(message.status).toBe(tom.sdk.MessageStatus.NONE);
    const told = next(chat, "lastdeliveredatupdate");
    const sending = chat.send(message, { receipt: true });
    expect(message.status).toBe(tom.sdk.MessageStatus.SENDING);
    const sent = await sending;
    await told;
    expect(sent).toBe(message);
    expect(message.status).toBe(tom.sdk.MessageStatus.DELIVERED);
    expect(message.deliveredAt).toEqual(chat.lastDeliveredAt);
    expect(time(chat.lastDeliveredAt)).toBeGreaterThanOrEqual(time(sent.timestamp));
  });

  test("[M-41] a delivered message is not a read one", async () => {
    const { tom, chat } = await tomAndJerry(app(), sdk5);
    const told = next(chat, "lastdeliveredatupdate");
    await chat.send(new tom.sdk.TextMessage("only delivered"), { receipt: true });
    await told;
    await chat.fetchReceiptTimestamps();
    expect(chat.lastDeliveredAt).toBeInstanceOf(Date);
    expect(chat.lastReadAt).toBeFalsy();
    expect(chat.lastReadAt).not.toBeInstanceOf(Date);
  });

  test("[M-42] [M-43] [M-44] read() sends the sender the time up to which the other member has read", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const received = next(jerry.client, "message", (message) => "text" in message && message.text === "two");
    await chat.send(new tom.sdk.TextMessage("one"), { receipt: true });
    const last = await chat.send(new tom.sdk.TextMessage("two"), { receipt: true });
    await received;
    const told = next(chat, "lastreadatupdate");
    await view.read();
    await told;
    expect(time(chat.lastReadAt)).toBeGreaterThanOrEqual(time(last.timestamp));

    const later = await chat.send(new tom.sdk.TextMessage("three"), { receipt: true });
    expect(time(chat.lastReadAt)).toBeLessThan(time(later.timestamp));
    const toldAgain = next(chat, "lastreadatupdate", () => time(chat.lastReadAt) >= time(later.timestamp));
    await eventually(
      () => view.unreadMessagesCount,
      (count) => count > 0,
    );
    await view.read();
    await toldAgain;
  });

  test("[M-37] a sender who asks for no receipt gets none", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const watch = await app().raw(tom.id);
    const received = next(jerry.client, "message");
    const plain = await chat.send(new tom.sdk.TextMessage("no hurry"));
    await received;
    await view.read();
    await eventually(
      () => marks(watch, chat),
      (seen) => (seen.get(jerry.id)?.read ?? 0) >= time(plain.timestamp),
    );
    const asked = await chat.send(new tom.sdk.TextMessage("please confirm"), { receipt: true });
    await watch.push("rcp");
    expect(receipts(watch)).toEqual([{ id: asked.id, from: jerry.id, read: false }]);
    expect(plain.status).toBe(tom.sdk.MessageStatus.SENT);
  });

  test("[M-38] a conversation of three has no receipts", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const mary = await app().logIn(sdk5, app().named("Mary"));
    await chat.add([mary.id]);
    const marysView = await viewOf(mary, chat);
    const watch = await app().raw(tom.id);
    const told = [record(chat, "lastdeliveredatupdate"), record(chat, "lastreadatupdate")];
    const received = [next(jerry.client, "message"), next(mary.client, "message")];
    const sent = await chat.send(new tom.sdk.TextMessage("all of you?"), { receipt: true });
    await Promise.all(received);
    await Promise.all([view.read(), marysView.read()]);
    await eventually(
      () => marks(watch, chat),
      (seen) =>
        [jerry.id, mary.id].every((id) => {
          const { delivered = 0, read = 0 } = seen.get(id) ?? {};
          return delivered >= time(sent.timestamp) && read >= time(sent.timestamp);
        }),
    );
    const after = next(tom.client, "message");
    await view.send(new jerry.sdk.TextMessage("we have it"));
    await watch.message();
    await after;
    expect(receipts(watch)).toEqual([]);
    expect(told).toEqual([[], []]);
    expect(sent.status).toBe(tom.sdk.MessageStatus.SENT);
    expect(chat.lastDeliveredAt).toBeNull();
  });

  test("[M-39] a message on another device of its sender is not delivered", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    await jerry.client.close();
    const laptop = await app().raw(tom.id);
    const sent = await chat.send(new tom.sdk.TextMessage("note to myself"), { receipt: true });
    await laptop.message();
    // As Swift does with what comes from one's other devices (it acknowledges all).
    laptop.send({ cmd: "ack", peerId: tom.id, ackMessage: { cid: chat.id, mid: sent.id } });
    expect((await marks(laptop, chat)).get(jerry.id)?.delivered ?? 0).toBeLessThan(time(sent.timestamp));
    expect(receipts(laptop)).toEqual([]);
    expect(sent.status).toBe(tom.sdk.MessageStatus.SENT);
    const [kept] = await chat.queryMessages();
    expect(kept).toMatchObject({ id: sent.id, status: tom.sdk.MessageStatus.SENT });
    expect(kept?.deliveredAt).toBeFalsy();
  });

  test("[M-39] all devices of a sender get the receipt", async () => {
    const { tom, chat } = await tomAndJerry(app(), sdk5);
    const laptop = await app().logIn(sdk5, tom.id);
    const laptopsView = await viewOf(laptop, chat);
    const told = [next(chat, "lastdeliveredatupdate"), next(laptopsView, "lastdeliveredatupdate")];
    const sent = await chat.send(new tom.sdk.TextMessage("to all of me"), { receipt: true });
    await Promise.all(told);
    expect(laptopsView.lastDeliveredAt).toEqual(chat.lastDeliveredAt);
    expect(time(laptopsView.lastDeliveredAt)).toBeGreaterThanOrEqual(time(sent.timestamp));
  });

  test("[M-44] [B-08] a sender who was away gets the read receipt after coming back", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const delivered = next(chat, "lastdeliveredatupdate");
    const sent = await chat.send(new tom.sdk.TextMessage("read it when I am gone"), { receipt: true });
    await delivered;
    await goOffline(tom, jerry);
    const watch = await app().raw(jerry.id);
    await view.read();
    await watch.expect("the count to fall", ({ unreadMessage }) => unreadMessage?.convs.at(0)?.unread === 0);
    const told = next(chat, "lastreadatupdate");
    await comeBack(tom);
    await told;
    expect(time(chat.lastReadAt)).toBeGreaterThanOrEqual(time(sent.timestamp));
  });

  test("[M-40] [B-08] a sender who was away gets the delivery receipt after coming back", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    await jerry.client.close();
    const sent = await chat.send(new tom.sdk.TextMessage("for later"), { receipt: true });
    const mary = await app().logIn(sdk5, app().named("Mary"));
    await goOffline(tom, mary);
    const phone = await app().raw(jerry.id);
    phone.send({ cmd: "ack", peerId: jerry.id, ackMessage: { cid: chat.id, mid: sent.id } });
    await phone.ask({ cmd: "conv", op: "count", convMessage: { cid: chat.id } });
    const told = next(chat, "lastdeliveredatupdate");
    await comeBack(tom);
    await told;
    expect(time(chat.lastDeliveredAt)).toBeGreaterThanOrEqual(time(sent.timestamp));
    expect(sent.status).toBe(tom.sdk.MessageStatus.DELIVERED);
  });

  test("[M-44] a device that saw no receipt can query both times", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const received = next(jerry.client, "message");
    const sent = await chat.send(new tom.sdk.TextMessage("to be asked for"), { receipt: true });
    await received;
    const read = next(chat, "lastreadatupdate");
    await view.read();
    await read;
    await tom.client.close();

    const laptop = await app().logIn(sdk5, tom.id);
    const fresh = await viewOf(laptop, chat);
    expect([fresh.lastDeliveredAt, fresh.lastReadAt]).toEqual([undefined, undefined]);
    await eventually(
      () => fresh.fetchReceiptTimestamps(),
      () => time(fresh.lastDeliveredAt) >= time(sent.timestamp),
    );
    expect(time(fresh.lastReadAt)).toBeGreaterThanOrEqual(time(sent.timestamp));

    const tablet = await app().logIn(sdk5, tom.id);
    const other = await viewOf(tablet, chat);
    const [kept] = await other.queryMessages();
    expect(kept).toMatchObject({ id: sent.id, status: tablet.sdk.MessageStatus.DELIVERED });
    expect(time(kept?.deliveredAt)).toBeGreaterThanOrEqual(time(sent.timestamp));
    expect(time(other.lastDeliveredAt)).toBeGreaterThanOrEqual(time(sent.timestamp));
    expect(time(other.lastReadAt)).toBeGreaterThanOrEqual(time(sent.timestamp));
  });

  test("[M-45] [Y-15] read() clears the reader's unread count and sends the receipt at once", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    await jerry.client.close();
    const sent = await chat.send(new tom.sdk.TextMessage("unread"), { receipt: true });
    const phone = await app().logIn(sdk5, jerry.id);
    const [[view]] = await next(phone.client, "unreadmessagescountupdate");
    expect(view?.unreadMessagesCount).toBe(1);
    const told = next(chat, "lastreadatupdate");
    await view?.read();
    await told;
    expect(time(chat.lastReadAt)).toBeGreaterThanOrEqual(time(sent.timestamp));
    expect(view?.unreadMessagesCount).toBe(0);
  });
});

function time(date: Date | null | undefined): number {
  return date?.getTime() ?? 0;
}

/** The cursors of the other members, from the server: for groups the SDKs have no public way to them. */
async function marks(watch: NodeDevice, { id }: Conversation) {
  const reply = await watch.ask({
    cmd: "conv",
    op: "max_read",
    convMessage: { cid: id, queryAllMembers: true },
  });
  return new Map(
    (reply.convMessage?.maxReadTuples ?? []).map(({ pid, maxAckTimestamp, maxReadTimestamp }) => [
      pid,
      { delivered: Number(maxAckTimestamp), read: Number(maxReadTimestamp) },
    ]),
  );
}

function receipts(watch: NodeDevice) {
  return watch
    .pushes()
    .filter(({ cmd }) => cmd === CommandType.rcp)
    .map(({ rcpMessage }) => ({
      id: rcpMessage?.id,
      from: rcpMessage?.from,
      read: rcpMessage?.read ?? false,
    }));
}
