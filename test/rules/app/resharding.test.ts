import { beforeEach, expect, test } from "vitest";
import type { AppStub, MovedRows } from "../../../src/app/app-stub.ts";
import { appTables } from "../../../src/app/app-tables.ts";
import { KeyValues } from "../../../src/app/key-values.ts";
import { LaggingConversations } from "../../../src/app/lagging-conversations.ts";
import { Presence } from "../../../src/app/presence.ts";
import { Resharding } from "../../../src/app/resharding.ts";
import { shardOf } from "../../../src/app/shards.ts";
import { copyDelayOf } from "../../../src/database/messages/copy-delay.ts";
import { MemorySql } from "../../support/sqlite.ts";

const MONDAY = Date.UTC(2026, 10, 23);
const CLIENTS = Array.from({ length: 1_300 }, (_, at) => `client ${at}`);
const CHATS = Array.from({ length: 40 }, (_, at) => `chat ${at}`);

/** The storage of each shard, which outlives deployments. */
let storages: MemorySql[];
beforeEach(() => {
  storages = [];
});

/** Deploys the app with this many shards: every object is new, and finds its storage. */
function deploy(count: number) {
  const shards = new Map<number, ReturnType<typeof shard>>();
  /** Called before rows arrive at a shard; may throw. */
  let arriving: (rows: MovedRows, at: number) => void = () => {};
  function shard(at: number) {
    storages[at] ??= new MemorySql();
    const tables = appTables(storages[at]);
    const isNew = !tables.has("facts");
    const facts = new KeyValues(tables);
    const presence = new Presence(tables, facts);
    const lagging = new LaggingConversations(tables, facts, copyDelayOf({}));
    const host = { shard: at, shards: count, stub };
    return { presence, lagging, resharding: new Resharding(facts, presence, lagging, host, isNew) };
  }
  const of = (at: number) => {
    const known = shards.get(at) ?? shard(at);
    shards.set(at, known);
    return known;
  };
  function stub(at: number): AppStub {
    const calls: Partial<AppStub> = {
      handOver: async () => of(at).resharding.handOver(),
      takeOver: async (rows) => {
        arriving(rows, at);
        of(at).presence.takeOver(rows.presence);
        of(at).lagging.takeOver(rows.behind);
      },
      settle: async (shards) => of(at).resharding.settle(shards),
      isSettled: async () => of(at).resharding.isSettled,
    };
    return calls as AppStub;
  }
  const all = () => Array.from({ length: count }, (_, at) => of(at));
  return {
    leader: of(0).resharding,
    of,
    onArrival(run: typeof arriving) {
      arriving = run;
    },
    online(clientId: string) {
      of(shardOf(clientId, count)).presence.online(clientId, MONDAY);
    },
    offline(clientId: string) {
      const { presence, resharding } = of(shardOf(clientId, count));
      presence.offline(clientId, MONDAY, !resharding.isSettled);
    },
    behind(chat: string, since: number) {
      of(shardOf(chat, count)).lagging.behind(chat, since);
    },
    caughtUp(chat: string) {
      const { lagging, resharding } = of(shardOf(chat, count));
      lagging.caughtUp(chat, !resharding.isSettled);
    },
    /** Who is online, by asking every shard. */
    listed: () =>
      all()
        .flatMap(({ presence }) => presence.after("", 10_000))
        .sort(),
    /** Who is online, by asking each client's own shard. */
    found: () => CLIENTS.filter((id) => of(shardOf(id, count)).presence.among([id]).length === 1).sort(),
    counts: async () => {
      const counts = await Promise.all(all().map(({ presence }) => presence.counts(MONDAY)));
      return [
        counts.reduce((sum, { online }) => sum + online, 0),
        counts.reduce((sum, { today }) => sum + today, 0),
      ];
    },
    lacking: () => CHATS.filter((id) => of(shardOf(id, count)).lagging.among([id]).length === 1),
  };
}

/** One object with everything, as it was before there were shards: its facts name no number. */
function before() {
  const app = deploy(1);
  for (const id of CLIENTS) app.online(id);
  for (const id of CLIENTS.slice(0, 300)) app.offline(id);
  for (const chat of CHATS) app.behind(chat, MONDAY);
  storages[0]?.exec("DELETE FROM facts WHERE name = 'shards'");
}

const ONLINE = CLIENTS.slice(300).sort();

test.each([[16], [4], [2]])(
  "what the one object of an earlier version has is on %i shards afterwards, each client and conversation once",
  async (count) => {
    before();
    const app = deploy(count);
    expect(app.leader.isDue).toBe(true);
    await app.leader.run();
    expect(app.leader.isDue).toBe(false);
    expect([app.listed(), app.found()]).toEqual([ONLINE, ONLINE]);
    expect(await app.counts()).toEqual([1_000, 1_300]);
    expect(app.lacking()).toEqual(CHATS);
    expect(app.of(0).lagging.archivedUntil(MONDAY + 1e9)).toBeLessThanOrEqual(MONDAY + 1e9);
  },
);

test.each([
  [16, 1],
  [16, 4],
  [4, 16],
  [3, 5],
])("from %i shards to %i nobody is lost and nobody is there twice", async (from, to) => {
  before();
  await deploy(from).leader.run();
  const app = deploy(to);
  await app.leader.run();
  expect([app.listed(), app.found()]).toEqual([ONLINE, ONLINE]);
  expect(await app.counts()).toEqual([1_000, 1_300]);
  expect(
    storages.reduce((rows, sql) => rows + Number(sql.exec("SELECT count(*) AS n FROM presence").one().n), 0),
  ).toBe(1_300);
});

test("a move that broke off goes on where it was, whatever the number of shards is by then", async () => {
  before();
  const broken = deploy(16);
  let slices = 0;
  broken.onArrival(() => {
    slices += 1;
    if (slices > 5) throw new Error("the machine is gone");
  });
  await expect(broken.leader.run()).rejects.toThrow("the machine is gone");
  const app = deploy(4);
  expect(app.leader.isDue).toBe(true);
  await app.leader.run();
  expect([app.listed(), app.found()]).toEqual([ONLINE, ONLINE]);
  expect(app.lacking()).toEqual(CHATS);
});

test("a client that leaves while its row is on its way stays offline", async () => {
  before();
  const app = deploy(16);
  const leaving = ONLINE.slice(0, 50);
  for (const id of leaving) app.offline(id);
  await app.leader.run();
  expect(app.listed()).toEqual(ONLINE.slice(50));
  expect(await app.counts()).toEqual([950, 1_300]);
});

test("a conversation that catches up while its row is on its way is not behind any more", async () => {
  before();
  const app = deploy(16);
  for (const chat of CHATS) app.caughtUp(chat);
  await app.leader.run();
  expect(app.lacking()).toEqual([]);
  for (let at = 0; at < 16; at++) expect(app.of(at).lagging.slice("", 10)).toEqual([]);
});

test("the shards of a new app are settled from the beginning and move nothing", async () => {
  const app = deploy(16);
  expect(app.leader.isDue).toBe(false);
  const { resharding } = app.of(3);
  expect(resharding.isSettled).toBe(false);
  await resharding.ask();
  expect(resharding.isSettled).toBe(true);
});

test("a single machine has one shard, which has everything from earlier versions and moves nothing", () => {
  before();
  const app = deploy(1);
  expect(app.leader.isDue).toBe(false);
  expect(app.listed()).toEqual(ONLINE);
});
