import { describe, expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import type { SdkExports } from "./sdk-types.ts";
import { useTestApp } from "./test-app.ts";
import { comeBack, goOffline, tomAndJerry, viewOf } from "./tom-and-jerry.ts";
import { next, record } from "./waiting.ts";

const app = useTestApp();

describe("wills in the JavaScript SDK", () => {
  const text = (exports: SdkExports, words: string) => new exports.TextMessage(words);
  /** Only Tom's line can be cut. */
  const meeting = () => tomAndJerry(app(), sdk5, { tom: "router over TLS", jerry: "RTMServers" });

  test("[M-47] a will is sent when its author's connection is cut, and not before", async () => {
    const { tom, jerry, chat } = await meeting();
    const told = record(jerry.client, "message");
    const will = await chat.send(text(tom.sdk, "I dropped out"), { will: true });
    expect(will.id).toMatch(/.+/);
    expect(will.status).toBe(tom.sdk.MessageStatus.SENT);
    const heardBefore = next(jerry.client, "message");
    const before = await chat.send(text(tom.sdk, "still here"));
    await heardBefore;
    expect(told.map(([{ id }]) => id)).toEqual([before.id]);

    const heard = next(jerry.client, "message", ({ id }) => id !== before.id);
    app().cutTls();
    const [message, view] = await heard;
    expect(message).toMatchObject({ id: will.id, from: tom.id, text: "I dropped out", type: -1 });
    expect(view.id).toBe(chat.id);
    expect(told).toHaveLength(2);
  });

  test("[M-47] [M-01] a will is sent with its mentions when its author's device only closes its socket", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const will = text(tom.sdk, "gone").setMentionList([jerry.id]);
    await chat.send(will, { will: true });
    const heard = next(jerry.client, "message");
    tom.realtime.pause();
    expect((await heard)[0]).toMatchObject({ id: will.id, text: "gone", mentioned: true });
  });

  test("[M-47] a will is sent once, also if its author comes back and drops out again", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const told = record(jerry.client, "message");
    const will = await chat.send(text(tom.sdk, "gone once"), { will: true });
    const heard = next(jerry.client, "message");
    tom.realtime.pause();
    await heard;
    await comeBack(tom);
    const mary = await app().logIn(sdk5, app().named("Mary"));
    await view.add([mary.id]);
    await goOffline(tom, mary);
    const marys = next(jerry.client, "message");
    await (await viewOf(mary, chat)).send(text(mary.sdk, "he is gone again"));
    await marys;
    expect(told.map(([{ id, from }]) => [id, from === tom.id])).toEqual([
      [will.id, true],
      [told[1]?.[0].id, false],
    ]);
  });

  test("[M-47] a will is sent after a crash of the server as soon as a message reaches its author", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const phone = await app().raw(tom.id);
    const directMessage = { cid: chat.id, msg: "I dropped out with the server", will: true };
    const will = await phone.ask({ cmd: "direct", directMessage });
    await tom.client.close();
    // As long as a device may take to come back.
    await app().configure({ limits: { returnSeconds: 1 } });
    const back = next(jerry.client, "reconnect");
    const heard = next(jerry.client, "message");
    await app().crash();
    await back;
    await view.send(new jerry.sdk.TextMessage("are you there?"));
    expect((await heard)[0]).toMatchObject({
      id: will.ackMessage?.uid,
      from: tom.id,
      content: "I dropped out with the server",
    });
  });

  test("[M-48] a later will replaces an earlier one, in another conversation too", async () => {
    const { tom, jerry, chat } = await meeting();
    const other = await tom.client.createConversation({ members: [jerry.id], unique: false });
    const told = record(jerry.client, "message");
    await chat.send(text(tom.sdk, "the first"), { will: true });
    await chat.send(text(tom.sdk, "the second"), { will: true });
    const last = await other.send(text(tom.sdk, "the third"), { will: true });
    const heard = next(jerry.client, "message");
    app().cutTls();
    await heard;
    const tablet = await app().logIn(sdk5, jerry.id, { way: "RTMServers" });
    for (const conversation of [chat, other]) {
      const after = next(jerry.client, "message");
      await (await viewOf(tablet, conversation)).send(text(tablet.sdk, "anything else?"));
      await after;
    }
    const toms = told.filter(([{ from }]) => from === tom.id);
    expect(toms.map(([{ id }, { id: where }]) => [id, where])).toEqual([[last.id, other.id]]);
  });

  test("[M-49] a will is neither history, nor unread, nor the last message", async () => {
    const { tom, jerry, chat } = await meeting();
    const kept = await chat.send(text(tom.sdk, "kept"));
    const id = app().named("Mary");
    await chat.add([id]);
    await chat.send(text(tom.sdk, "not kept"), { will: true });
    const heard = next(jerry.client, "message", (message) => message.id !== kept.id);
    app().cutTls();
    await heard;
    const later = await (await viewOf(jerry, chat)).send(text(jerry.sdk, "kept, too"));
    const mary = await app().logIn(sdk5, id, { way: "RTMServers" });
    const [[view]] = await next(mary.client, "unreadmessagescountupdate");
    expect(view).toMatchObject({ unreadMessagesCount: 1, lastMessage: { id: later.id } });
    expect((await view?.queryMessages())?.map((message) => message.id)).toEqual([kept.id, later.id]);
    const [found] = await mary.client
      .getQuery()
      .equalTo("objectId", chat.id)
      .withLastMessagesRefreshed()
      .find();
    expect(found?.lastMessage).toMatchObject({ id: later.id });
  });

  test("[M-50] [C-08] logging out withdraws the will", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const mary = await app().logIn(sdk5, app().named("Mary"));
    await chat.add([mary.id]);
    const told = record(jerry.client, "message");
    await chat.send(text(tom.sdk, "never to be heard"), { will: true });
    await tom.client.close();
    const again = await tom.logIn(tom.id);
    await goOffline({ ...tom, client: again }, mary);
    const heard = next(jerry.client, "message");
    await (await viewOf(mary, chat)).send(text(mary.sdk, "he left in good order"));
    await heard;
    expect(told.map(([{ from }]) => from)).toEqual([mary.id]);
  });
});
