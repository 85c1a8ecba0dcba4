import { expect, test } from "vitest";
import { clientTables } from "../../../src/client/client-tables.ts";
import { Inbox } from "../../../src/client/inbox.ts";
import { totalUnreadCount } from "../../../src/client/total-unread-count.ts";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import { MemorySql } from "../../support/sqlite.ts";

const chats = Array.from({ length: 65 }, (_, at) => `chat${at}`);

test("[Y-22] the total of unread messages is the sum over all conversations, asked 20 at a time", async () => {
  let asking = 0;
  let most = 0;
  const unread = async (conversationId: string, clientId: string) => {
    expect(clientId).toBe("Tom");
    asking += 1;
    most = Math.max(most, asking);
    await new Promise((resolve) => setTimeout(resolve));
    asking -= 1;
    return Number(conversationId.slice(4));
  };
  expect(await totalUnreadCount("Tom", chats, { unread })).toBe((64 * 65) / 2);
  expect(most).toBe(20);
  expect(await totalUnreadCount("Tom", [], { unread })).toBe(0);
});

test("[Y-22] [I13] the total of unread messages counts the latest 500 conversations", async () => {
  const asked: string[] = [];
  const unread = async (conversationId: string) => asked.push(conversationId) * 0 + 1;
  const many = Array.from({ length: 700 }, (_, at) => `chat${at}`);
  expect(await totalUnreadCount("Tom", many, { unread })).toBe(500);
  expect(asked.toSorted()).toEqual(many.slice(200).toSorted());
});

test("[Y-22] there is no total of unread messages if a conversation does not answer", async () => {
  const unread = async (conversationId: string) => {
    if (conversationId === "chat7") throw new Error("no answer");
    return 1;
  };
  await expect(totalUnreadCount("Tom", chats, { unread })).rejects.toThrow("no answer");
});

test("[Y-22] only conversations that may have unread messages are asked", () => {
  const inbox = new Inbox(clientTables(new MemorySql()));
  for (const chat of ["read", "unread", "unread by old devices"]) inbox.add(chat);
  const changed = { patchedAt: 1, readAt: 1, noticedAt: 1 };
  inbox.settle("read", 1, catchUpModes.COUNTS, { pending: false, changed }, 2);
  inbox.settle("unread by old devices", 1, catchUpModes.MESSAGES, { pending: false, changed }, 2);
  expect(inbox.unread()).toEqual(["unread", "unread by old devices"]);
});
