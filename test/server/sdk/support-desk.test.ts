import { expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import type { Conversation } from "./sdk-types.ts";
import { useTestApp } from "./test-app.ts";
import { eventually, record } from "./waiting.ts";

/** With the default settings. */
const app = useTestApp();

const CUSTOMERS = 300;
const WINDOWS = 5;
const SENT_A_MINUTE = 60;

test("[L-01] [L-02] [L-03] a support agent with 300 unread conversations logs in, opens them all and writes in five of them", async () => {
  const agent = app().named("agent");
  const made: string[] = [];
  const ask = async (at: number) => {
    const customer = `${agent}'s customer ${at}`;
    const conversation = { method: "POST", body: { m: [agent, customer] } } as const;
    const { objectId } = idIn(await app().ask("/1.2/rtm/conversations", conversation));
    const message = JSON.stringify({ _lctype: -1, _lctext: `Where is order ${at}?` });
    await app().ask(`/1.2/rtm/conversations/${objectId}/messages`, {
      method: "POST",
      body: { from_client: customer, message },
    });
    made.push(objectId);
  };
  for (let at = 0; at < CUSTOMERS; at += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, more) => ask(at + more)));
  }
  // In the morning: no conversation is awake.
  await app().restart();

  const device = await app().device(sdk5);
  const disconnected = record(device.realtime, "disconnect");
  const client = await device.logIn(agent);
  const told = new Map<string, Conversation>();
  client.on("unreadmessagescountupdate", (conversations) => {
    for (const conversation of conversations) told.set(conversation.id, conversation);
  });
  // What an app asks for without waiting for the news: it has their ids from before.
  const early = await Promise.all(made.slice(0, 20).map((id) => client.getConversation(id)));
  expect(early.every((conversation) => conversation !== null)).toBe(true);
  const first = await Promise.all(early.map((conversation) => conversation?.queryMessages({ limit: 20 })));
  expect(first.map((page) => page?.length)).toEqual(early.map(() => 1));
  await eventually(
    () => told.size,
    (size) => size === CUSTOMERS,
  );

  const desk = [...told.values()];
  expect(desk.map(({ unreadMessagesCount }) => unreadMessagesCount)).toEqual(desk.map(() => 1));
  const pages = await Promise.all(desk.map((conversation) => conversation.queryMessages({ limit: 20 })));
  expect(pages.map((page) => page.length)).toEqual(desk.map(() => 1));
  await Promise.all(desk.map((conversation) => conversation.fetchReceiptTimestamps()));
  await Promise.all(desk.map((conversation) => conversation.read()));
  const windows = desk.slice(0, WINDOWS);
  const answers = windows.flatMap((conversation) =>
    Array.from({ length: SENT_A_MINUTE }, (_, at) =>
      conversation.send(new device.sdk.TextMessage(`Answer ${at}`)),
    ),
  );
  await Promise.all(answers);
  await eventually(
    () => desk.map(({ unreadMessagesCount }) => unreadMessagesCount),
    (counts) => counts.every((count) => count === 0),
  );
  for (const { id } of windows) {
    const { length } = await historyOf(id);
    expect(length).toBe(1 + SENT_A_MINUTE);
  }
  expect(disconnected).toEqual([]);
});

async function historyOf(conversationId: string): Promise<unknown[]> {
  const path = `/1.2/rtm/conversations/${conversationId}/messages?limit=100`;
  const answered = await app().ask(path, { method: "GET" });
  if (!Array.isArray(answered)) throw new Error(`no history: ${JSON.stringify(answered)}`);
  return answered;
}

function idIn(answered: unknown): { objectId: string } {
  if (typeof answered === "object" && answered !== null && "objectId" in answered) {
    return { objectId: String(answered.objectId) };
  }
  throw new Error(`no conversation: ${JSON.stringify(answered)}`);
}
