import { beforeAll, describe, expect, test } from "vitest";
import { sdks } from "../sdk/sdk.ts";
import type { Message } from "../sdk/sdk-types.ts";
import { type Person, useTestApp } from "../sdk/test-app.ts";
import { next } from "../sdk/waiting.ts";
import type { MessageRecord } from "../support/leancloud/app-data.ts";
import { type Friends, friends, hex, moved, UNREAD } from "./friends.ts";

/** Phones that were logged in at LeanCloud, and find everything here after the move. */

const app = useTestApp({ security: { signLogin: true } });
const pairs = new Map(sdks.map((sdk) => [sdk.version, friends()]));
beforeAll(() => moved(app(), [...pairs.values()]));

describe.each(sdks)("after the move, the JavaScript SDK $version", (sdk) => {
  const pair = (): Friends => {
    const found = pairs.get(sdk.version);
    if (found === undefined) throw new Error("no friends");
    return found;
  };

  async function logIn({ objectId: id, sessionToken }: Friends["tom"]): Promise<Omit<Person, "id">> {
    const device = await app().device(sdk);
    return { ...device, client: await device.logIn({ id, getSessionToken: () => sessionToken }) };
  }

  const inHistory = (messages: MessageRecord[]) => messages.map((message) => message["msg-id"]);
  const shown = (messages: Message[]) => messages.map(({ id }) => id);

  test("logs in with the session token that it had, and with no other", async () => {
    const { tom } = pair();
    const { client } = await logIn(tom);
    expect(await client.ping([tom.objectId])).toEqual([tom.objectId]);
    await expect(logIn({ ...tom, sessionToken: hex(25) })).rejects.toThrow();
  });

  test("finds the unique conversation, and pages through what was said there and here without gap or repeat", async () => {
    const { tom, jerry, chat, messages } = pair();
    const { client, sdk: exports } = await logIn(tom);
    const view = await client.createConversation({ members: [jerry.objectId], unique: true });
    expect(view.id).toBe(chat.objectId);
    expect(view.createdAt).toEqual(new Date(chat.createdAt));
    const sent = await view.send(new exports.TextMessage("here"));
    const pages = view.createMessagesIterator({ limit: 10 });
    const read: Message[] = [];
    for (let page = await pages.next(); ; page = await pages.next()) {
      read.unshift(...page.value);
      if (page.done) break;
    }
    expect(shown(read)).toEqual([...inHistory(messages), sent.id]);
    expect(read.slice(0, -1).map(({ timestamp }) => timestamp.getTime())).toEqual(
      messages.map(({ timestamp }) => timestamp),
    );
  });

  test("goes on from a message that it had kept, in both directions", async () => {
    const { jerry, chat, messages } = pair();
    const { client, sdk: exports } = await logIn(jerry);
    const view = await client.getConversation(chat.objectId);
    if (view === null) throw new Error("the conversation is not there");
    const kept = messages[20];
    if (kept === undefined) throw new Error("too few messages");
    const time = new Date(kept.timestamp);
    const older = await view.queryMessages({ startTime: time, startMessageId: kept["msg-id"], limit: 5 });
    expect(shown(older)).toEqual(inHistory(messages.slice(15, 20)));
    const newer = await view.queryMessages({
      direction: exports.MessageQueryDirection.OLD_TO_NEW,
      startTime: time,
      startMessageId: kept["msg-id"],
      limit: 5,
    });
    expect(shown(newer)).toEqual(inHistory(messages.slice(21, 26)));
  });

  test("has the unread count of the day before, and what was said here on top", async () => {
    const { tom, jerry, chat } = pair();
    const toms = await logIn(tom);
    const view = await toms.client.createConversation({ members: [jerry.objectId], unique: true });
    const before = await unreadAtLogin(jerry, chat.objectId);
    await view.send(new toms.sdk.TextMessage("news"));
    expect(await unreadAtLogin(jerry, chat.objectId)).toBe(before + 1);
    // The test before this one may have said something here.
    expect([UNREAD, UNREAD + 1]).toContain(before);
  });

  async function unreadAtLogin(person: Friends["jerry"], conversation: string): Promise<number> {
    const { client } = await logIn(person);
    const [changed] = await next(client, "unreadmessagescountupdate", (conversations) =>
      conversations.some(({ id }) => id === conversation),
    );
    await client.close();
    return changed.find(({ id }) => id === conversation)?.unreadMessagesCount ?? 0;
  }
});
