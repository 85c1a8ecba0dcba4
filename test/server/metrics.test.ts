import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { say, start } from "../support/chat.ts";
import { type Server, startServer } from "../support/server.ts";
import { NodeDevice } from "./support/node-device.ts";
import { callAsOwner, ownerHeaders, unlimited } from "./support/owner.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
  await callAsOwner(server, "PATCH", "/admin/settings", unlimited);
});
afterAll(() => server.stop());

interface Snapshot {
  minutes: { at: number; messages: number; counts: Record<string, number> }[];
  online: number;
}

/** The snapshots of a stream, each when it comes. */
async function* watch(signal: AbortSignal): AsyncGenerator<Snapshot> {
  const response = await fetch(`${server.url}/admin/metrics/live`, { headers: ownerHeaders, signal });
  if (response.body === null) throw new Error(`no stream: ${response.status}`);
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const [, data] = /^event: snapshot\ndata: (.*)$/.exec(event) ?? [];
      if (data !== undefined) yield JSON.parse(data);
    }
  }
}

const messagesIn = ({ minutes }: Snapshot) => minutes.reduce((sum, { messages }) => sum + messages, 0);

test("[G-01] who watches sees messages within five seconds of their being sent, on two streams at once", async () => {
  const toms = await NodeDevice.of(server, "tom");
  const jerrys = await NodeDevice.of(server, "jerry");
  const chat = await start(toms, ["tom", "jerry"], { unique: false });
  const leaving = new AbortController();
  const streams = [watch(leaving.signal), watch(leaving.signal)];
  const first = await Promise.all(streams.map(async (stream) => (await stream.next()).value));
  expect(first.map((snapshot) => snapshot && messagesIn(snapshot))).toEqual([0, 0]);
  for (let sent = 0; sent < 25; sent += 1) await say(toms, chat, `Cheese ${sent}`);
  const sentAt = performance.now();
  for (const stream of streams) {
    let seen = 0;
    while (seen < 25) {
      const { value, done } = await stream.next();
      if (done || value === undefined) throw new Error("the stream ended");
      seen = messagesIn(value);
      expect(value.online).toBe(2);
    }
    expect(seen).toBe(25);
  }
  expect(performance.now() - sentAt).toBeLessThan(5_000);
  leaving.abort();
  jerrys.close();
  toms.close();
  const { totals } = await callAsOwner<{ totals: Record<string, number> }>(server, "GET", "/admin/metrics");
  expect(totals).toMatchObject({ "messages.chat": 25, deliveries: 25, logins: 2, connects: 2 });
});

test("[G-07] on a single machine each message is counted in the usage of the day and of its conversation", async () => {
  const toms = await NodeDevice.of(server, "tom");
  const chat = await start(toms, ["tom", "butch"], { unique: false });
  const before = await usage();
  for (let sent = 0; sent < 25; sent += 1) await say(toms, chat, `Cheese ${sent}`);
  toms.close();
  const after = await usage();
  const rows = (totals: Used) => totals.used.objectRowsWritten ?? 0;
  expect(after.messages - before.messages).toBe(25);
  expect(rows(after) - rows(before)).toBeGreaterThanOrEqual(25);
  expect(after.conversations.find(({ id }) => id === chat)).toMatchObject({ messages: 25 });
});

test.each([
  { by: "SIGTERM", end: (one: Server) => one.stop() },
  { by: "a Ctrl+C in its terminal", end: (one: Server) => one.interrupt() },
])("[G-07] what a server counted is in its metrics and usage after $by and a new start", async ({ end }) => {
  const data = await mkdtemp(join(tmpdir(), "parley-counts-"));
  onTestFinished(() => rm(data, { recursive: true, force: true, maxRetries: 5 }));
  const first = await startServer({ data });
  const toms = await NodeDevice.of(first, "tom");
  const chat = await start(toms, ["tom", "butch"], { unique: false });
  for (let sent = 0; sent < 25; sent += 1) await say(toms, chat, `Cheese ${sent}`);
  expect(await end(first)).toBe(0);
  toms.close();
  const second = await startServer({ data });
  onTestFinished(async () => void (await second.stop()));
  const used = await usage(second);
  expect(used.messages).toBe(25);
  expect(used.used.objectRowsWritten).toBeGreaterThanOrEqual(25);
  expect(used.conversations).toMatchObject([{ id: chat, messages: 25 }]);
  const { totals } = await callAsOwner<{ totals: Record<string, number> }>(second, "GET", "/admin/metrics");
  expect(totals).toMatchObject({ "messages.chat": 25, logins: 1, connects: 1 });
});

interface Used {
  messages: number;
  used: Record<string, number>;
  conversations: { id: string; messages: number }[];
}

async function usage(of = server): Promise<Used> {
  return (await callAsOwner<{ totals: Used }>(of, "GET", "/admin/usage")).totals;
}

test("nothing needs the owner of a new server but the switches against strangers", async () => {
  const { results } = await callAsOwner<{ results: { code: string }[] }>(server, "GET", "/admin/attention");
  expect(results.map(({ code }) => code).filter((code) => code !== "switches_off")).toEqual([]);
});
