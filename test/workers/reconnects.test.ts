import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { appOf } from "../../src/app/app.ts";
import type { AppEvent } from "../../src/model/app-events.ts";
import { heard, named, say, settle, start } from "../support/chat.ts";
import { caughtUp, loggedIn } from "./support/commands.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, http, masterKeys, openWorld, world } from "./support/world.ts";

/** Connections that break without a report of the gateway: their devices have some time to come back. */

beforeAll(() => openWorld());
beforeEach(() => configure({ events: { logDays: 1 }, limits: { returnSeconds: 2 } }));
afterEach(async () => {
  vi.restoreAllMocks();
  await configure({ events: { logDays: 0 }, limits: { returnSeconds: null, silenceSeconds: null } });
});

const queue: typeof world.EVENTS = Object.getPrototypeOf(world.EVENTS);

/** What the queue is handed from now on that is about a client: "clientOnline", "lost", "pushed to" and so on. */
function told(clientId: string): string[] {
  const words: string[] = [];
  const inWords = (event: AppEvent) => {
    if (event.name === "receiversOffline") return event.offline.includes(clientId) ? ["pushed to"] : [];
    if (!("clientId" in event) || event.clientId !== clientId) return [];
    return [event.name === "clientOffline" ? event.why : event.name];
  };
  vi.spyOn(queue, "sendBatch").mockImplementation(async (messages) => {
    for (const { body } of messages) words.push(...inWords(body));
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  });
  return words;
}

/** Tom and Jerry, each on a device, in a chat where Tom has left a will. */
async function chatWithWill() {
  const [tom, jerry] = named("tom", "jerry");
  const words = told(tom);
  const toms = await loggedIn(tom, { deviceId: "one" });
  const jerrys = await loggedIn(jerry, { deviceId: "two" });
  const chat = await start(toms, [tom, jerry], { unique: false });
  await say(toms, chat, "I am gone", { will: true });
  await settle(chat, toms, jerrys);
  await expect.poll(() => words).toEqual(["clientOnline"]);
  return { tom, jerry, toms, jerrys, chat, words };
}

/** The object of a client dies, and its links with it. */
async function breakLinks(clientId: string): Promise<void> {
  const object = world.CLIENTS.getByName(clientId);
  await runInDurableObject(object, (_, state) => state.abort("a test")).catch(() => {});
}

/** Moves the clock past the time in which devices may come back, and runs the alarm of a client's object. */
async function passReturnTime(clientId: string): Promise<void> {
  const real = Date.now.bind(Date);
  vi.spyOn(Date, "now").mockImplementation(() => real() + 3_000);
  await runDurableObjectAlarm(world.CLIENTS.getByName(clientId));
}

describe("a device whose connection broke on the server's side", () => {
  test("[H-09] [M-47] [P-01] a device that reconnects in time causes no will, event or push, and has the messages sent meanwhile", async () => {
    const { tom, toms, jerrys, chat, words } = await chatWithWill();
    await breakLinks(tom);
    expect((await toms.closing()).code).toBe(4200);
    await say(jerrys, chat, "are you there?");
    const back = await loggedIn(tom, { st: toms.token, r: true, lastUnreadNotifTime: 1n });
    expect((await back.push("unread")).unreadMessage?.convs).toMatchObject([{ cid: chat, unread: 1 }]);
    await passReturnTime(tom);
    await settle(chat, back, jerrys);
    expect(heard(jerrys, chat)).toEqual([]);
    expect(words).toEqual(["clientOnline"]);
    // The will stands, in the new session's name.
    back.close();
    await jerrys.message("I am gone");
    await expect.poll(() => words).toEqual(["clientOnline", "lost"]);
  });

  test("[H-09] [M-47] [P-01] a device that does not reconnect causes its will, an event and the push for messages sent meanwhile", async () => {
    const { tom, toms, jerrys, chat, words } = await chatWithWill();
    await breakLinks(tom);
    await toms.closing();
    await say(jerrys, chat, "are you there?");
    expect(words).toEqual(["clientOnline"]);
    await jerrys.message("I am gone");
    await expect
      .poll(() => words.toSorted(), { timeout: 15_000 })
      .toEqual(["clientOnline", "lost", "pushed to"]);
  });

  test("[H-09] [M-47] a device that reconnects in time after all objects died causes no will and no event", async () => {
    const { tom, jerry, toms, jerrys, chat, words } = await chatWithWill();
    await abortAllDurableObjects();
    await toms.closing();
    const jerryAgain = await loggedIn(jerry, { st: jerrys.token, r: true });
    await say(jerryAgain, chat, "what was that?");
    const back = await loggedIn(tom, { st: toms.token, r: true });
    await passReturnTime(tom);
    await settle(chat, back, jerryAgain);
    expect(heard(jerryAgain, chat)).toEqual([]);
    expect(words).toEqual(["clientOnline"]);
  });

  test("[A-05] a client that reconnects is online again for the AppObject, even if that died before it received the change", async () => {
    const { tom, toms } = await chatWithWill();
    const app = appOf(world);
    await expect.poll(() => app.onlineAmong([tom])).toEqual([tom]);
    await breakLinks(tom);
    await toms.closing();
    await app.presenceChanged(app.shardOf(tom), [{ clientId: tom, online: false }]);
    await loggedIn(tom, { st: toms.token, r: true });
    await expect.poll(() => app.onlineAmong([tom])).toEqual([tom]);
  });

  test("[G-04] a device that reconnects after goaway causes no event", async () => {
    const { tom, toms, jerrys, chat, words } = await chatWithWill();
    await http("/admin/goaway", {
      method: "POST",
      headers: { ...masterKeys, "content-type": "application/json" },
      body: JSON.stringify({ client_ids: [tom] }),
    });
    await toms.push("goaway");
    toms.close();
    const back = await loggedIn(tom, { st: toms.token, r: true });
    await passReturnTime(tom);
    await settle(chat, back, jerrys);
    expect([heard(jerrys, chat), words]).toEqual([[], ["clientOnline"]]);
  });

  test("[I6] a broken session loses its tag at once to another device that logs in, and its event says displaced", async () => {
    const [tom] = named("tom");
    const words = told(tom);
    const first = await loggedIn(tom, { tag: "phone", deviceId: "one" });
    await expect.poll(() => words).toEqual(["clientOnline"]);
    await breakLinks(tom);
    await first.closing();
    await loggedIn(tom, { tag: "phone", deviceId: "two" });
    await expect.poll(() => words).toEqual(["clientOnline", "displaced", "clientOnline"]);
    await expect(loggedIn(tom, { st: first.token, r: true })).rejects.toThrow();
  });
});

describe("a device with a tag and no name, as with the C# SDK", () => {
  const csharp = { tag: "phone", ua: "LeanCloud-CSharp-SDK/2.4.1" };

  test("[I6] [C-06] [M-47] a nameless device on a half-open socket keeps its tag until it counts as lost, and its end is one event", async () => {
    await configure({ events: { logDays: 1 }, limits: { silenceSeconds: 4, returnSeconds: 2 } });
    const [tom, jerry] = named("tom", "jerry");
    const words = told(tom);
    const toms = await loggedIn(tom, csharp);
    const jerrys = await WorkerdDevice.of(jerry);
    const chat = await start(toms, [tom, jerry], { unique: false });
    await say(toms, chat, "I am gone", { will: true });
    await caughtUp(chat, jerrys);
    // Its own next connection and another device look alike: whoever comes by itself takes the tag from nobody.
    const next = await WorkerdDevice.connect();
    const answer = await next.login(tom, { ...csharp, r: true });
    expect(answer.errorMessage?.code ?? answer.sessionMessage?.code).toBe(4111);
    expect([toms.closed, words]).toEqual([undefined, ["clientOnline"]]);
    const beats = setInterval(() => jerrys.send({ cmd: "echo" }), 500);
    try {
      expect((await toms.closing()).code).toBe(4107);
      await jerrys.message("I am gone");
      const back = await loggedIn(tom, { ...csharp, r: true });
      await expect.poll(() => words).toEqual(["clientOnline", "silent", "clientOnline"]);
      await passReturnTime(tom);
      await say(back, chat, "it is me");
      await settle(chat, back, jerrys);
      expect(heard(jerrys, chat)).toEqual(["I am gone", "it is me"]);
      expect(words).toEqual(["clientOnline", "silent", "clientOnline"]);
    } finally {
      clearInterval(beats);
    }
  });

  test("[I6] [H-09] [M-47] a nameless device that reconnects in time goes on without a will and without an event", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const words = told(tom);
    const toms = await loggedIn(tom, csharp);
    const jerrys = await WorkerdDevice.of(jerry);
    const chat = await start(toms, [tom, jerry], { unique: false });
    await say(toms, chat, "I am gone", { will: true });
    await settle(chat, toms, jerrys);
    await expect.poll(() => words).toEqual(["clientOnline"]);
    await breakLinks(tom);
    expect((await toms.closing()).code).toBe(4200);
    const back = await loggedIn(tom, { ...csharp, r: true });
    await passReturnTime(tom);
    await settle(chat, back, jerrys);
    expect([heard(jerrys, chat), words]).toEqual([[], ["clientOnline"]]);
    back.close();
    await jerrys.message("I am gone");
    await expect.poll(() => words).toEqual(["clientOnline", "lost"]);
  });
});

test("[H-09] a device that the gateway reports as lost is lost at once, and a silent one is reported as silent", async () => {
  const [tom] = named("tom");
  const words = told(tom);
  const toms = await loggedIn(tom);
  toms.close();
  await expect.poll(() => words).toEqual(["clientOnline", "lost"]);
  await configure({ limits: { silenceSeconds: 1 } });
  const silent = await WorkerdDevice.of(tom);
  await silent.closing();
  await expect.poll(() => words).toEqual(["clientOnline", "lost", "clientOnline", "silent"]);
});

test("[I9] a session whose end is not reported has no row", async () => {
  await configure({ events: { logDays: 0 } });
  const [tom] = named("tom");
  const toms = await loggedIn(tom);
  await caughtUp("0".repeat(24), toms).catch(() => {});
  const tables = await runInDurableObject(world.CLIENTS.getByName(tom), (_, { storage: { sql } }) =>
    sql.exec("SELECT name FROM sqlite_master WHERE name = 'sessions'").toArray(),
  );
  expect(tables).toEqual([]);
});
