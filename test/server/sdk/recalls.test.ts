import { beforeAll, describe, expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import type { Message, SdkExports } from "./sdk-types.ts";
import { useTestApp } from "./test-app.ts";
import { tomAndJerry } from "./tom-and-jerry.ts";
import { next } from "./waiting.ts";

const app = useTestApp();

const text = (sdk: SdkExports, words: string) => new sdk.TextMessage(words);
const placeOf = ({ id, timestamp }: Message) => ({ id, timestamp });

describe("editing and recalling by default", () => {
  test("[M-11] [M-20] an app allows neither edits nor recalls by default", async () => {
    const { tom, chat, view } = await tomAndJerry(app(), sdk5);
    const sent = await chat.send(text(tom.sdk, "as I said"));
    const edited = chat.update(sent, text(tom.sdk, "as I meant"));
    await expect(edited).rejects.toMatchObject({ code: 4406 });
    await expect(chat.recall(sent)).rejects.toMatchObject({ code: 4407 });
    expect(await view.queryMessages()).toMatchObject([{ id: sent.id, text: "as I said" }]);
  });
});

describe("recalls in the JavaScript SDK", () => {
  beforeAll(() => app().configure({ messages: { allowEdit: true, allowRecall: true } }));

  test("[M-22] [M-23] a recalled message is replaced everywhere by a recall notice", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const laptop = await app().logIn(sdk5, tom.id);
    const kept = await chat.send(text(tom.sdk, "kept"));
    const sent = await chat.send(text(tom.sdk, "regretted").setMentionList([jerry.id]));
    await expect.poll(() => view.lastMessage?.id).toBe(sent.id);
    const heard = next(jerry.client, "messagerecall");
    const heardThere = next(view, "messagerecall");
    const onLaptop = next(laptop.client, "messagerecall");
    const recalled = await chat.recall(sent);

    expect(recalled).toBeInstanceOf(tom.sdk.RecalledMessage);
    expect(recalled).toMatchObject({ ...placeOf(sent), from: tom.id });
    const [message, inChat, reason] = await heard;
    expect(message).toBeInstanceOf(jerry.sdk.RecalledMessage);
    expect(message).toMatchObject({ ...placeOf(sent), from: tom.id, type: -127, mentioned: false });
    expect(message.updatedAt.getTime()).toBeGreaterThan(sent.timestamp.getTime());
    expect(inChat).toBe(view);
    expect(reason).toBeUndefined();
    expect((await heardThere)[0]).toBe(message);
    expect((await onLaptop)[0]).toMatchObject({ ...placeOf(sent), type: -127 });

    expect(view.lastMessage).toBeInstanceOf(jerry.sdk.RecalledMessage);
    expect(chat.lastMessage).toBeInstanceOf(tom.sdk.RecalledMessage);
    const history = await view.queryMessages();
    expect(history.map(({ id }) => id)).toEqual([kept.id, sent.id]);
    expect(history[1]).toBeInstanceOf(jerry.sdk.RecalledMessage);
    expect(JSON.stringify(history)).not.toContain("regretted");
    expect(await view.queryMessages({ type: -1 })).toMatchObject([{ id: kept.id }]);
    const [found] = await laptop.client
      .getQuery()
      .equalTo("objectId", chat.id)
      .withLastMessagesRefreshed()
      .find();
    expect(found?.lastMessage).toMatchObject({ ...placeOf(sent), type: -127 });
  });

  test("[M-21] only its sender can recall a message, at any time, and for good", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const received = next(jerry.client, "message");
    const sent = await chat.send(text(tom.sdk, "mine"));
    await received;
    await expect(view.recall(placeOf(sent))).rejects.toMatchObject({ code: 4403 });
    const unknown = chat.recall({ ...placeOf(sent), id: "nobodyKnowsThisMessage" });
    await expect(unknown).rejects.toMatchObject({ code: 4404 });
    for (let number = 0; number < 120; number += 1) await chat.send(text(tom.sdk, `${number}`));
    await chat.recall(sent);
    const revived = chat.update(placeOf(sent), text(tom.sdk, "back again"));
    await expect(revived).rejects.toMatchObject({ code: 4404 });
    const [oldest] = await view.queryMessages({
      direction: jerry.sdk.MessageQueryDirection.OLD_TO_NEW,
      limit: 1,
    });
    expect(oldest).toMatchObject({ ...placeOf(sent), type: -127 });
  });
});
