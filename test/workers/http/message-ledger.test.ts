import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { named } from "../../support/chat.ts";
import { acknowledge, read } from "../support/commands.ts";
import { pairChat } from "../support/pair-chat.ts";
import { tell } from "../support/receipts.ts";
import { conversationOf, done, outcome, rest, saidBy } from "../support/rest.ts";
import { configure, openWorld } from "../support/world.ts";

/** What became of one message (G-03). */

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await configure({ events: null, push: null });
});

interface Fact {
  known: boolean;
  is?: boolean;
  at?: number;
  source?: string;
  why?: string;
}

interface Recipient {
  client_id: string;
  online_when_sent: Fact;
  delivered: Fact;
  read: Fact;
  pushed: Fact & { results: { outcome: string; provider?: string; why?: string }[] };
}

interface Ledger {
  log: { on: boolean };
  message?: { message_id: string; from: string; data: string; recalled: boolean };
  message_why?: string;
  recipients: { total: number; results: Recipient[]; next?: string };
  events: { event: string }[];
}

const ledgerOf = (id: string, messageId: string, query = "") =>
  done<Ledger>("GET", `/admin/conversations/${id}/messages/${encodeURIComponent(messageId)}${query}`);

async function recipientIn(id: string, messageId: string, clientId: string): Promise<Recipient> {
  const { results } = (await ledgerOf(id, messageId)).recipients;
  const found = results.find(({ client_id }) => client_id === clientId);
  if (found === undefined) throw new Error(`${clientId} is no recipient`);
  return found;
}

test("[G-03] a message is delivered once its recipient's device acknowledged it, and read once they read it", async () => {
  const { jerry, toms, jerrys, chat } = await pairChat();
  const { mid, timestamp } = await tell(toms, chat, "hello", jerrys);
  expect(await recipientIn(chat, mid, jerry)).toMatchObject({
    delivered: { known: true, is: false, source: "mark" },
    read: { known: true, is: false, source: "mark" },
  });
  acknowledge(jerrys, chat, { mid });
  await expect.poll(async () => (await recipientIn(chat, mid, jerry)).delivered.is).toBe(true);
  const delivered = await recipientIn(chat, mid, jerry);
  expect(delivered.delivered.at).toBeGreaterThanOrEqual(Number(timestamp));
  expect(delivered.read.is).toBe(false);
  read(jerrys, chat, { timestamp: Number(timestamp) });
  await expect.poll(async () => (await recipientIn(chat, mid, jerry)).read.is).toBe(true);
});

test("[G-03] with the event log off, what only the log could tell is unknown, and says why", async () => {
  const [tom, jerry] = named("tom", "jerry");
  const id = await conversationOf([tom, jerry]);
  const { "msg-id": messageId } = await saidBy(tom, id, "hello");
  const ledger = await ledgerOf(id, messageId);
  expect(ledger).toMatchObject({
    log: { on: false },
    message: { from: tom, data: "hello", recalled: false },
  });
  const { online_when_sent, pushed } = await recipientIn(id, messageId, jerry);
  for (const fact of [online_when_sent, pushed]) {
    expect(fact.known).toBe(false);
    expect(fact.why).toContain("events.logDays");
  }
});

test("[G-03] why a message was pushed to nobody is in the ledger where the log is on", async () => {
  await configure({ events: { logDays: 7 } });
  const [tom, jerry] = named("tom", "jerry");
  const id = await conversationOf([tom, jerry]);
  const { "msg-id": messageId } = await saidBy(tom, id, "hello");
  await expect
    .poll(async () => (await recipientIn(id, messageId, jerry)).pushed, { timeout: 20_000 })
    .toMatchObject({ known: true, results: [{ outcome: "not pushed", why: "no push provider is set up" }] });
  expect((await recipientIn(id, messageId, jerry)).online_when_sent).toMatchObject({
    known: true,
    is: false,
  });
});

test("[G-03] what a provider answered is in the ledger by recipient", async () => {
  const network = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const { url } = new Request(input, init);
    return url.startsWith("https://push.example.com/")
      ? new Response("no", { status: 400 })
      : network(input, init);
  });
  await configure({
    events: { logDays: 7 },
    push: { webhook: { url: "https://push.example.com/" }, static: { alert: "New" } },
  });
  const [tom, jerry] = named("tom", "jerry");
  const id = await conversationOf([tom, jerry]);
  const deviceToken = crypto.randomUUID();
  await done("POST", "/1.1/installations", { deviceType: "ios", deviceToken, channels: [jerry] });
  const { "msg-id": messageId } = await saidBy(tom, id, "hello");
  await expect
    .poll(async () => (await recipientIn(id, messageId, jerry)).pushed, { timeout: 20_000 })
    .toMatchObject({
      known: true,
      source: "log",
      results: [{ outcome: "failed", provider: "webhook", why: expect.stringContaining("status 400") }],
    });
});

test("[G-03] a member that joined after a message has no mark that tells of it", async () => {
  const [tom, jerry, spike] = named("tom", "jerry", "spike");
  const id = await conversationOf([tom, jerry]);
  const { "msg-id": messageId } = await saidBy(tom, id, "hello");
  await done("POST", `/1.2/rtm/conversations/${id}/members`, { client_ids: [spike] });
  expect((await recipientIn(id, messageId, spike)).delivered).toMatchObject({ known: false });
});

test("[G-03] in a conversation of more than two, which has no receipts, a delivered mark is unknown and not a no", async () => {
  const [tom, jerry, spike] = named("tom", "jerry", "spike");
  const id = await conversationOf([tom, jerry, spike]);
  const { "msg-id": messageId } = await saidBy(tom, id, "hello");
  expect(await recipientIn(id, messageId, jerry)).toMatchObject({
    delivered: { known: false, why: expect.stringContaining("conversations of two") },
    read: { known: true, is: false },
  });
});

test("[G-03] recipients come in pages, each once", async () => {
  const people = named("a", "b", "c", "d").toSorted();
  const [tom] = named("tom");
  const id = await conversationOf([tom, ...people]);
  const { "msg-id": messageId } = await saidBy(tom, id, "hello");
  const first = (await ledgerOf(id, messageId, "?limit=3")).recipients;
  expect(first.total).toBe(4);
  const rest = (await ledgerOf(id, messageId, `?limit=3&after=${encodeURIComponent(first.next ?? "")}`))
    .recipients;
  expect([...first.results, ...rest.results].map(({ client_id }) => client_id)).toEqual(people);
  expect(rest.next).toBeUndefined();
});

test("[I13] a message that nothing tells of is refused with 404", async () => {
  const [tom] = named("tom");
  const id = await conversationOf([tom]);
  const path = `/admin/conversations/${id}/messages/AYvOVgAAq3-NXrXVMZ0gVQ`;
  expect(await outcome(rest("GET", path))).toBe("404 404");
});
