import { describe, expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { comeBack, goOffline, tomAndJerry } from "./tom-and-jerry.ts";
import { next, record } from "./waiting.ts";

const app = useTestApp();

describe("transient messages in the JavaScript SDK", () => {
  test("[M-26] [M-29] [M-31] transient messages are delivered and are neither in the history nor the last message", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const kept = await chat.send(new tom.sdk.TextMessage("kept"));
    const received = next(jerry.client, "message", ({ id }) => id !== kept.id);
    const sent = await chat.send(new tom.sdk.TextMessage("typing…").setAttributes({ state: 1 }), {
      transient: true,
    });
    expect(sent.id).toMatch(/.+/);
    expect(sent.status).toBe(tom.sdk.MessageStatus.SENT);
    expect((await received)[0]).toMatchObject({
      id: sent.id,
      from: tom.id,
      type: -1,
      text: "typing…",
      attributes: { state: 1 },
      timestamp: sent.timestamp,
    });
    expect((await view.queryMessages()).map(({ id }) => id)).toEqual([kept.id]);
    expect(chat.lastMessage).toMatchObject({ id: kept.id });
    const tablet = await app().logIn(sdk5, jerry.id);
    const [found] = await tablet.client
      .getQuery()
      .equalTo("objectId", chat.id)
      .withLastMessagesRefreshed()
      .find();
    expect(found?.lastMessage).toMatchObject({ id: kept.id });
    expect(found?.lastMessageAt).toEqual(kept.timestamp);
  });

  test("[M-27] [M-28] a client that was away never gets transient messages, and they are not counted", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const mary = await app().logIn(sdk5, app().named("Mary"));
    await chat.add([mary.id]);
    await goOffline(jerry, tom);
    await mary.client.close();
    await chat.send(new tom.sdk.TextMessage("nobody hears this"), { transient: true });
    const kept = await chat.send(new tom.sdk.TextMessage("kept"));

    const told = record(jerry.client, "message");
    const counted = next(jerry.client, "unreadmessagescountupdate");
    await comeBack(jerry);
    const [[view]] = await counted;
    expect(view).toMatchObject({ unreadMessagesCount: 1, lastMessage: { id: kept.id } });
    const again = await app().logIn(sdk5, mary.id);
    const [[marysView]] = await next(again.client, "unreadmessagescountupdate");
    expect(marysView).toMatchObject({ unreadMessagesCount: 1, lastMessage: { id: kept.id } });

    const received = next(jerry.client, "message");
    const last = await chat.send(new tom.sdk.TextMessage("now"));
    await received;
    expect(told.map(([{ id }]) => id)).toEqual([last.id]);
  });

  test("[M-28] [M-37] a transient message has no delivery receipt", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const received = next(jerry.client, "message");
    const delivered = record(chat, "lastdeliveredatupdate");
    const passing = await chat.send(new tom.sdk.TextMessage("passing"), { transient: true, receipt: true });
    await received;
    const told = next(chat, "lastdeliveredatupdate");
    const asked = await chat.send(new tom.sdk.TextMessage("asked"), { receipt: true });
    await told;
    expect(delivered).toHaveLength(1);
    expect(asked.status).toBe(tom.sdk.MessageStatus.DELIVERED);
    expect(passing.status).toBe(tom.sdk.MessageStatus.SENT);
  });

  test("[M-27] transient messages reach the sender's other devices and no member of another conversation", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const laptop = await app().logIn(sdk5, tom.id);
    const spike = await app().logIn(sdk5, app().named("Spike"));
    const other = await tom.client.createConversation({ members: [spike.id] });
    const told = record(spike.client, "message");
    const received = [next(laptop.client, "message"), next(jerry.client, "message")];
    const sent = await chat.send(new tom.sdk.TextMessage("typing"), { transient: true });
    for (const message of received) expect((await message)[0]).toMatchObject({ id: sent.id, from: tom.id });
    const heard = next(spike.client, "message");
    await other.send(new tom.sdk.TextMessage("to Spike"), { transient: true });
    await heard;
    expect(told).toMatchObject([[{ text: "to Spike" }, {}]]);
  });

  test("[M-30] a message is delivered with every option of a send", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const { HIGH, LOW } = tom.sdk.MessagePriority;
    for (const options of [
      { transient: false, receipt: false, will: false },
      { receipt: true, pushData: { alert: "Tom wrote", badge: 1, _profile: "dev" } },
      { priority: HIGH },
      { priority: LOW, transient: true },
    ]) {
      const received = next(jerry.client, "message");
      const sent = await chat.send(new tom.sdk.TextMessage(JSON.stringify(options)), options);
      expect((await received)[0]).toMatchObject({ id: sent.id, text: JSON.stringify(options) });
    }
  });

  test("[M-26] a client that is no member cannot send transient messages", async () => {
    const { chat } = await tomAndJerry(app(), sdk5);
    const spike = await app().logIn(sdk5, app().named("Spike"));
    const view = await spike.client.getConversation(chat.id);
    const refused = view?.send(new spike.sdk.TextMessage("psst"), { transient: true });
    await expect(refused).rejects.toMatchObject({ code: 4401 });
  });
});
