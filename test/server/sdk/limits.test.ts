import { describe, expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { eventually, record } from "./waiting.ts";

const app = useTestApp();
const MANY = 60;

describe("the JavaScript SDK, with the default limits", () => {
  test("[L-03] a client that is invited to 60 new conversations at once gets each invitation and message", async () => {
    const jerry = await app().logIn(sdk5, app().named("Jerry"));
    const invited = record(jerry.client, "invited");
    const heard = record(jerry.client, "message");
    const tom = await app().logIn(sdk5, app().named("Tom"));
    const begin = async (at: number) => {
      const chat = await tom.client.createConversation({ members: [jerry.id], unique: false });
      await chat.send(new tom.sdk.TextMessage(`${at}`));
    };
    for (let at = 0; at < MANY; at += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, more) => begin(at + more)));
    }
    await eventually(
      () => [invited.length, heard.length],
      ([invitations, messages]) => invitations === MANY && messages === MANY,
    );
    // What an app asks to show them: receipts, a page of history each, and to have them read.
    const chats = invited.map(([, chat]) => chat);
    await Promise.all(chats.map((chat) => chat.fetchReceiptTimestamps()));
    const pages = await Promise.all(chats.map((chat) => chat.queryMessages({ limit: 20 })));
    expect(pages.every((page) => page.length === 1)).toBe(true);
    await Promise.all(chats.map((chat) => chat.read()));
    await eventually(
      () => chats.map((chat) => chat.unreadMessagesCount),
      (counts) => counts.every((count) => count === 0),
    );
  });
});
