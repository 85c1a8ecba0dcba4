import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { start } from "../../support/chat.ts";
import { type Server, startServer } from "../../support/server.ts";
import { type Entry, wholeHistory } from "../support/history.ts";
import { NodeDevice } from "../support/node-device.ts";
import { callAsOwner, configure, unlimited } from "../support/owner.ts";
import { type Draft, PersistentClient, type UnstableServer } from "../support/persistent-client.ts";
import { Random, seedOfThisRun } from "../support/random.ts";

const KILLS = 10;
/** For what takes a second or two, on a busy machine (ms). */
const PATIENCE = 20_000;
const NAMES = ["pairChat", "garden"];

/** The senders, and how many messages of each may wait for an acknowledgement at once. */
const SENDERS = { tom: 1, jerry: 1, spike: 4, tyke: 8, butch: 16 };
const LISTENER = "quacker";
const EVERYBODY = [...Object.keys(SENDERS), LISTENER];

let data: string;
let current: Promise<Server>;
const servers: Server[] = [];

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), "parley-fire-"));
  current = launched();
  await configure(await current, unlimited);
});
afterAll(async () => {
  for (const server of servers) await server.kill();
  await rm(data, { recursive: true, force: true, maxRetries: 5 });
});

async function launched(args: string[] = []): Promise<Server> {
  const server = await startServer({ data, args });
  servers.push(server);
  return server;
}

/** A power cut for every process of the server, and a new one on the same data and port. */
async function cut(): Promise<void> {
  const server = await current;
  const again = async () => {
    await server.kill();
    return launched(["--port", `${server.port}`]);
  };
  current = again();
  await current;
}

/** The server for the clients; `acknowledgements` waits for so many from now on, `hush` ends the talking. */
function serverForClients() {
  let left = Number.POSITIVE_INFINITY;
  let enough = () => {};
  let talking = true;
  let open = true;
  const server: UnstableServer = {
    server: () => (open ? current : Promise.reject(new Error("the test is over"))),
    talking: () => talking,
    acknowledged: () => {
      left -= 1;
      if (left <= 0) enough();
    },
  };
  return {
    server,
    acknowledgements: (count: number) =>
      new Promise<void>((resolve) => {
        left = count;
        enough = resolve;
      }),
    hush: () => {
      talking = false;
    },
    close: () => {
      open = false;
    },
  };
}

async function createConversations(): Promise<string[]> {
  const tom = await NodeDevice.of(await current, "tom");
  const ids: string[] = [];
  for (const name of NAMES)
    ids.push(await start(tom, EVERYBODY, { attr: { data: JSON.stringify({ name }) } }));
  tom.close();
  return ids;
}

/** Calls the HTTP API, which reads D1. */
async function inD1<Answer>(path: string): Promise<Answer> {
  return callAsOwner(await current, "GET", path);
}

/** The newest message of a conversation, by its acknowledgement. */
function lastWord(senders: PersistentClient[], conversationId: string): Draft {
  const time = ({ acknowledged }: Draft) => acknowledged[0]?.timestamp ?? 0;
  const [last] = senders
    .flatMap(({ drafts }) => drafts)
    .filter((draft) => draft.conversationId === conversationId)
    .sort((a, b) => time(b) - time(a));
  if (last === undefined) throw new Error("nothing was said");
  return last;
}

test(`[I1] [I2] [I3] ${KILLS} kills of a busy server lose, repeat and reorder no message`, async () => {
  const random = new Random(seedOfThisRun());
  const conversationIds = await createConversations();
  const { server, acknowledgements, hush, close } = serverForClients();
  const senders = Object.entries(SENDERS).map(
    ([name, window]) => new PersistentClient(server, new Random(random.below(2 ** 31)), name, window),
  );
  const listener = new PersistentClient(server, random, LISTENER, 0);
  const people = [...senders, listener];

  const storm = async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      await acknowledgements(1 + random.below(500));
      await wait(random.below(40));
      await cut();
    }
    await expect.poll(() => listener.isOnline, { timeout: PATIENCE }).toBe(true);
    await acknowledgements(200);
    hush();
  };
  const talk = Promise.all(senders.map((sender) => sender.run(conversationIds)));
  const listening = listener.run(conversationIds);
  try {
    await Promise.all([talk, storm()]);
    for (const conversationId of conversationIds) await listener.hear(lastWord(senders, conversationId).text);
    listener.leave();
    await listening;
  } finally {
    close();
    await Promise.allSettled([talk, listening]);
  }

  // Once more right after the last message: only an alarm can copy what D1 lacks now.
  await cut();
  for (const [at, name] of NAMES.entries()) {
    const { acknowledged } = lastWord(senders, conversationIds[at] ?? "");
    const [{ id, timestamp } = { id: "", timestamp: 0 }] = acknowledged;
    const lm = { iso: new Date(timestamp).toISOString() };
    const where = encodeURIComponent(JSON.stringify({ name }));
    const listed = async () =>
      (await inD1<{ results: object[] }>(`/1.2/rtm/conversations?where=${where}`)).results[0];
    await expect.poll(listed, { timeout: PATIENCE }).toMatchObject({ lm });
    const archived = await inD1<{ "msg-id": string }[]>("/1.2/rtm/messages?limit=1000");
    expect(archived.map((message) => message["msg-id"])).toContain(id);
  }

  const readers = new Map<string, NodeDevice>();
  for (const name of EVERYBODY) readers.set(name, await NodeDevice.of(await current, name));
  const drafts = people.flatMap((person) => person.drafts);
  for (const conversationId of conversationIds) {
    const histories: Entry[][] = [];
    for (const reader of readers.values()) histories.push(await wholeHistory(reader, conversationId));
    const [log = []] = histories;
    // One order, for everybody.
    for (const other of histories) expect(other).toEqual(log);
    expect(disorder(log)).toEqual([]);

    // Everything that was acknowledged is there, once, as acknowledged each time; and nothing else is.
    const sent = drafts.filter((draft) => draft.conversationId === conversationId);
    expect(log.map(({ text }) => text).toSorted()).toEqual(sent.map(({ text }) => text).toSorted());
    const byText = new Map(log.map((entry) => [entry.text, entry]));
    for (const { text, acknowledged } of sent) {
      const { id, timestamp } = byText.get(text) ?? {};
      expect(acknowledged.length, text).toBeGreaterThan(0);
      for (const answer of acknowledged) expect(answer, text).toEqual({ id, timestamp });
    }

    // In the order each of them wrote.
    for (const { drafts } of people) {
      const own = drafts.filter((draft) => draft.conversationId === conversationId).map(({ text }) => text);
      const written = new Set(own);
      expect(log.map(({ text }) => text).filter((text) => written.has(text))).toEqual(own);
    }

    // What came live over one connection is a piece of the same log, without a hole.
    for (const { clientId, pushes } of people.flatMap(({ connections }) => connections)) {
      const heard = pushes
        .filter((push) => push.conversationId === conversationId && push.from !== clientId)
        .map(({ conversationId: _, ...entry }) => entry);
      const others = log.filter(({ from }) => from !== clientId);
      const first = others.findIndex(({ id }) => id === heard[0]?.id);
      expect(heard).toEqual(heard.length === 0 ? [] : others.slice(first, first + heard.length));
    }
  }

  // It was a storm.
  expect(sum(people.map(({ resent }) => resent))).toBeGreaterThan(0);
  expect(sum(people.map(({ repeated }) => repeated))).toBeGreaterThan(0);
  for (const server of servers) expect(server.output()).not.toMatch(/error|exception|uncaught|unhandled/i);
});

/** Neighbours in the log whose times do not go up. */
function disorder(log: Entry[]): [Entry, Entry][] {
  return log.slice(1).flatMap((entry, at): [Entry, Entry][] => {
    const before = log[at];
    return before !== undefined && before.timestamp >= entry.timestamp ? [[before, entry]] : [];
  });
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
