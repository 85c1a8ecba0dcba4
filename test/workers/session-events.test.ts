import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { appOf } from "../../src/app/app.ts";
import { AppObject } from "../../src/app/app-object.ts";
import { ClientObject } from "../../src/client/client-object.ts";
import type { AppEvent } from "../../src/model/app-events.ts";
import { named } from "../support/chat.ts";
import { loggedIn } from "./support/commands.ts";
import { configure, openWorld, world } from "./support/world.ts";

/** Where sessions are reported: to the app's count of online clients, and as events (H-09). */

beforeAll(() => openWorld());
afterEach(() => vi.restoreAllMocks());

const client = (id: string) => world.CLIENTS.getByName(id);

/** What the app's server asks of a client's object over HTTP. */
function asked<Answer>(id: string, ask: (object: ClientObject) => Promise<Answer>): Promise<Answer> {
  return runInDurableObject(client(id), (object) => {
    if (!(object instanceof ClientObject)) throw new Error("no client");
    return ask(object);
  });
}

/** All queues share their methods. */
const queue: typeof world.EVENTS = Object.getPrototypeOf(world.EVENTS);

/** What the queue is handed from now on of one client's coming and going. */
function eventsOf(clientId: string) {
  const events: AppEvent[] = [];
  const sendBatch = vi.spyOn(queue, "sendBatch").mockImplementation(async (messages) => {
    for (const { body } of messages) if ("clientId" in body && body.clientId === clientId) events.push(body);
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  });
  const until = (count: number) => vi.waitFor(() => expect(events).toHaveLength(count), { timeout: 10_000 });
  return { events, until, sendBatch };
}

/** "online web" and so on. */
function inWords(events: AppEvent[]): string[] {
  return events.map((event) => {
    if (event.name === "clientOnline")
      return `online ${event.reconnect ? "by itself " : ""}${event.tag ?? ""}`.trim();
    return event.name === "clientOffline"
      ? `${event.why} ${event.message} ${event.tag ?? ""}`.trim()
      : event.name;
  });
}

/** Whether a client's object keeps events, or ever did. */
function waiting(clientId: string): Promise<number | "no table"> {
  return runInDurableObject(client(clientId), (_, { storage: { sql } }) => {
    const table = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'event_outbox'").toArray();
    return table.length === 0 ? "no table" : sql.exec("SELECT 1 FROM event_outbox").toArray().length;
  });
}

describe("the app's count of online clients", () => {
  /** The reports about one client, as they arrive. */
  function told(clientId: string): string[] {
    const words: string[] = [];
    vi.spyOn(AppObject.prototype, "presenceChanged").mockImplementation(async (changes) => {
      for (const change of changes)
        if (change.clientId === clientId) words.push(change.online ? "online" : "offline");
    });
    return words;
  }

  test("[G-01] the count of online clients changes with a client's first session and the end of its last, and not between", async () => {
    const [tom] = named("tom");
    const words = told(tom);
    const first = await loggedIn(tom);
    await vi.waitFor(() => expect(words).toEqual(["online"]), { timeout: 10_000 });
    const second = await loggedIn(tom);
    await second.login(tom);
    await first.ask({ cmd: "session", op: "close" });
    second.close();
    await vi.waitFor(() => expect(words).toEqual(["online", "offline"]), { timeout: 10_000 });
  });

  test("[G-01] the count of online clients does not change when a client's new device replaces its old one", async () => {
    const [tom] = named("tom");
    const words = told(tom);
    const first = await loggedIn(tom, { tag: "phone", deviceId: "one" });
    const second = await loggedIn(tom, { tag: "phone", deviceId: "two" });
    await first.push("session", "closed");
    await second.ask({ cmd: "session", op: "close" });
    await vi.waitFor(() => expect(words).toEqual(["online", "offline"]), { timeout: 10_000 });
  });

  test("a shard of the app receives 60 logins and logouts at once in a few calls, with the final state of each client", async () => {
    const app = appOf(world);
    const clients = Array.from({ length: 2_000 }, (_, index) => named(`client-${index}`))
      .flat()
      .filter((clientId) => app.shardOf(clientId) === 3)
      .slice(0, 60);
    expect(clients).toHaveLength(60);
    const changed = vi.spyOn(AppObject.prototype, "presenceChanged");
    const devices = await Promise.all(clients.map((clientId) => loggedIn(clientId)));
    const online = () => app.onlineAmong(clients);
    await vi.waitFor(async () => expect((await online()).toSorted()).toEqual(clients.toSorted()), {
      timeout: 10_000,
    });
    expect(changed.mock.calls.length).toBeLessThan(clients.length / 2);
    await Promise.all(devices.slice(1).map((device) => device.ask({ cmd: "session", op: "close" })));
    await vi.waitFor(async () => expect(await online()).toEqual(clients.slice(0, 1)), { timeout: 10_000 });
    expect(changed.mock.calls.length).toBeLessThan(clients.length);
  });

  test("[G-01] the count of online clients changes with a kick and with a ban", async () => {
    const [tom] = named("tom");
    const words = told(tom);
    await loggedIn(tom);
    await asked(tom, (object) => object.kick(tom, ""));
    await vi.waitFor(() => expect(words).toEqual(["online", "offline"]), { timeout: 10_000 });
    await loggedIn(tom);
    await asked(tom, (object) => object.ban(tom, ""));
    await vi.waitFor(() => expect(words).toEqual(["online", "offline", "online", "offline"]), {
      timeout: 10_000,
    });
  });
});

describe("without a listener", () => {
  test("[H-09] without a listener, no session event is kept or sent", async () => {
    const [tom] = named("tom");
    const { sendBatch } = eventsOf(tom);
    const toms = await loggedIn(tom);
    await toms.ask({ cmd: "session", op: "close" });
    expect(await waiting(tom)).toBe("no table");
    expect(sendBatch).not.toHaveBeenCalled();
  });
});

describe("with an event log", () => {
  beforeEach(() => configure({ events: { logDays: 1 } }));
  afterEach(() => configure({ events: { logDays: 0 } }));

  test("[H-09] a login and a logout are events with all their fields", async () => {
    const [tom] = named("tom");
    const { events, until } = eventsOf(tom);
    const before = Date.now();
    const toms = await loggedIn(tom, { tag: "web", deviceId: "one", ua: "js/5.0.0" });
    await until(1);
    await toms.ask({ cmd: "session", op: "close" });
    await until(2);
    expect(events).toEqual([
      {
        id: expect.any(String),
        at: expect.any(Number),
        name: "clientOnline",
        clientId: tom,
        address: undefined,
        tag: "web",
        reconnect: false,
        userAgent: "js/5.0.0",
      },
      {
        id: expect.any(String),
        at: expect.any(Number),
        name: "clientOffline",
        clientId: tom,
        why: "logout",
        message: "",
        address: undefined,
        tag: "web",
      },
    ]);
    const [online, offline] = events;
    expect(online?.id).not.toBe(offline?.id);
    expect(online?.at).toBeGreaterThanOrEqual(before);
    expect(offline?.at).toBeGreaterThanOrEqual(online?.at ?? 0);
    await vi.waitFor(async () => expect(await waiting(tom)).toBe(0), { timeout: 10_000 });
  });

  test("[H-09] automatic logins, losses and displacements are events, one for each session", async () => {
    const [tom] = named("tom");
    const { events, until } = eventsOf(tom);
    const first = await loggedIn(tom, { tag: "phone", deviceId: "one" });
    first.close();
    await until(2);
    const again = await loggedIn(tom, { st: first.token, r: true });
    await loggedIn(tom, { tag: "phone", deviceId: "two" });
    await again.push("session", "closed");
    await until(5);
    const displaced = "the client logged in on another device with the same tag";
    expect(inWords(events)).toEqual([
      ...["online phone", "lost  phone", "online by itself phone"],
      ...[`displaced ${displaced} phone`, "online phone"],
    ]);
  });

  test("[H-09] opening again on the same socket causes no event", async () => {
    const [tom] = named("tom");
    const { events, until } = eventsOf(tom);
    const toms = await loggedIn(tom);
    await toms.login(tom);
    await toms.ask({ cmd: "session", op: "close" });
    await until(2);
    expect(inWords(events)).toEqual(["online", "logout"]);
  });

  test("[H-09] a kick is an event with its reason, one for each session", async () => {
    const [tom] = named("tom");
    const { events, until } = eventsOf(tom);
    const toms = [await loggedIn(tom), await loggedIn(tom, { tag: "web" })];
    await asked(tom, (object) => object.kick(tom, "for the cat"));
    for (const device of toms) {
      await device.push("session", "closed");
      device.close();
    }
    await until(4);
    expect(inWords(events).toSorted()).toEqual([
      ...["kicked for the cat", "kicked for the cat web", "online", "online web"],
    ]);
  });

  test("[H-09] a refused login causes no event", async () => {
    const [tom] = named("tom");
    const { events, until } = eventsOf(tom);
    await expect(loggedIn(tom, { st: "x" })).rejects.toThrow();
    await loggedIn(tom);
    await until(1);
    expect(inWords(events)).toEqual(["online"]);
  });

  test("[H-09] [I11] events that the queue does not take are sent later, and the login does not wait for them", async () => {
    const [tom] = named("tom");
    const { events, until, sendBatch } = eventsOf(tom);
    sendBatch.mockRejectedValueOnce(new Error("the queue is full"));
    await loggedIn(tom);
    await vi.waitFor(() => expect(sendBatch).toHaveBeenCalled(), { timeout: 10_000 });
    expect([events, await waiting(tom)]).toEqual([[], 1]);
    await runDurableObjectAlarm(client(tom));
    await until(1);
    await vi.waitFor(async () => expect(await waiting(tom)).toBe(0), { timeout: 10_000 });
  });

  test("[H-09] a session that opened without a listener causes no event", async () => {
    await configure({ events: { logDays: 0 } });
    const [tom] = named("tom");
    const { sendBatch } = eventsOf(tom);
    const toms = await loggedIn(tom);
    await configure({ events: { logDays: 1 } });
    await toms.ask({ cmd: "session", op: "close" });
    expect(sendBatch).not.toHaveBeenCalled();
  });
});
