import { beforeAll, describe, expect, test } from "vitest";
import { change, named, refusal, start, update } from "../support/chat.ts";
import { loggedIn, notifications } from "./support/commands.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { appKeys, http, masterKeys, openWorld, world } from "./support/world.ts";

/** `GET /1.1/rtm/notifications` (wire §11.2): what a client missed beside messages. */

beforeAll(() => openWorld());

interface Item {
  cmd: string;
  op: string;
  cid: string;
  serverTs: number;
  [field: string]: unknown;
}

interface Flat {
  hasMore: boolean;
  notifications: Item[];
}

interface Nested {
  permanent: { notifications: Item[] };
  droppable: { invalidLocalConvCache: boolean; notifications: Item[] };
}

const FLAT = { notification_type: "permanent" };

async function answered(clientId: string, token: string, query: Record<string, string | number>) {
  const { status, body } = await notifications(clientId, token, query);
  if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return JSON.parse(JSON.stringify(body));
}

const flat = (clientId: string, token: string, after: number): Promise<Flat> =>
  answered(clientId, token, { ...FLAT, start_ts: after });

const nested = (clientId: string, token: string, after: number): Promise<Nested> =>
  answered(clientId, token, { start_ts: after });

/** "members_joined mary by tom" for each. */
function told(items: Item[]): string[] {
  return items.map(({ op, m, initBy }) => [op, ...(Array.isArray(m) ? m : []), "by", initBy].join(" "));
}

/** Tom on a device; Jerry, who has logged in before and has a token, is offline: a logout would revoke the token. */
async function jerryAway() {
  const [jerry, mary] = named("jerry", "mary");
  const { tom, toms } = await onlineClients("tom");
  const jerrys = await loggedIn(jerry);
  jerrys.close();
  const online = async () => {
    const sessionMessage = { sessionPeerIds: [jerry] };
    const answer = await toms.ask({ cmd: "session", op: "query", sessionMessage });
    return answer.sessionMessage?.onlineSessionPeerIds;
  };
  await expect.poll(online).toEqual([]);
  return { tom, jerry, mary, toms, token: jerrys.token, since: Date.now() - 1 };
}

describe("missed events", () => {
  test("[B-08] [wire §11.2] missed events for JavaScript are flat, with underscores, each permanent and with its time", async () => {
    const { tom, jerry, mary, toms, token, since } = await jerryAway();
    const chat = await start(toms, [tom, jerry], { unique: false });
    await change(toms, "add", chat, [mary]);
    await update(toms, chat, { name: "Cheese", "attr.holes": 3 });
    await change(toms, "remove", chat, [mary]);
    const { hasMore, notifications: items } = await flat(jerry, token, since);
    expect(hasMore).toBe(false);
    expect(told(items)).toEqual([
      `joined by ${tom}`,
      `members_joined ${[jerry, tom].toSorted().join(" ")} by ${tom}`,
      `members_joined ${mary} by ${tom}`,
      `updated by ${tom}`,
      `members_left ${mary} by ${tom}`,
    ]);
    for (const item of items) {
      expect(item).toMatchObject({ cmd: "conv", cid: chat, notificationType: 1 });
      expect(item.serverTs).toBeGreaterThan(since);
      expect(item.serverTs).toBeLessThanOrEqual(Date.now() + 1_000);
      expect(item.udate).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(Object.values(item)).not.toContain(null);
    }
    const times = items.map(({ serverTs }) => serverTs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const updated = JSON.parse(JSON.stringify(items[3]));
    expect(JSON.parse(updated.attr.data)).toEqual({ name: "Cheese", "attr.holes": 3 });
    expect(JSON.parse(updated.attrModified.data)).toEqual({ name: "Cheese", attr: { holes: 3 } });
  });

  test("[B-08] [wire §11.2] missed events for Swift are nested, with dashes and attributes as objects", async () => {
    const { tom, jerry, mary, toms, token, since } = await jerryAway();
    const chat = await start(toms, [tom, jerry], { unique: false });
    await change(toms, "add", chat, [mary]);
    await update(toms, chat, { name: "Cheese" });
    await change(toms, "remove", chat, [mary]);
    const { permanent, droppable } = await nested(jerry, token, since);
    expect(droppable).toEqual({ invalidLocalConvCache: false, notifications: [] });
    expect(permanent.notifications.map(({ op }) => op)).toEqual([
      "joined",
      "members-joined",
      "members-joined",
      "updated",
      "members-left",
    ]);
    for (const { cmd, cid, serverTs } of permanent.notifications) {
      expect([cmd, cid, Number.isInteger(serverTs)]).toEqual(["conv", chat, true]);
    }
    expect(permanent.notifications[3]).toMatchObject({
      attr: { name: "Cheese" },
      attrModified: { name: "Cheese" },
      initBy: tom,
    });
  });

  test("[wire §11.2] missed events begin after `start_ts`", async () => {
    const { tom, jerry, toms, token, since } = await jerryAway();
    const chat = await start(toms, [tom, jerry], { unique: false });
    for (const name of ["one", "two", "three"]) await update(toms, chat, { name });
    const { notifications: all } = await flat(jerry, token, since);
    expect(all).toHaveLength(5);
    for (const [at, { serverTs }] of all.entries()) {
      const { notifications: rest } = await flat(jerry, token, serverTs);
      expect(rest).toEqual(all.filter((item, index) => index > at && item.serverTs > serverTs));
    }
    expect((await flat(jerry, token, Date.now() + 60_000)).notifications).toEqual([]);
  });

  test("[wire §5.4] live events show that they are kept, and with which time", async () => {
    const { tom, jerry, mary, toms, since } = await jerryAway();
    const jerrys = await loggedIn(jerry);
    const chat = await start(toms, [tom, jerry], { unique: false });
    await change(toms, "add", chat, [mary]);
    await update(toms, chat, { name: "Cheese" });
    await change(toms, "remove", chat, [jerry]);
    await jerrys.push("conv", "left");
    const live = jerrys.pushes().filter(({ convMessage }) => convMessage?.cid === chat);
    const { notifications: kept } = await flat(jerry, jerrys.token, since);
    expect(live.map(({ notificationType }) => notificationType)).toEqual([1, 1, 1, 1, 1]);
    expect(live.map(({ serverTs }) => Number(serverTs))).toEqual(kept.map(({ serverTs }) => serverTs));
    expect((await flat(jerry, jerrys.token, Number(live.at(-1)?.serverTs))).notifications).toEqual([]);
  });

  test("[B-08] missed events of several conversations come in the order in which they happened", async () => {
    const { tom, jerry, toms, token, since } = await jerryAway();
    const chats = [
      await start(toms, [tom, jerry], { unique: false }),
      await start(toms, [tom, jerry], { unique: false }),
    ];
    const [first = "", second = ""] = chats;
    for (const name of ["1", "2", "3"]) {
      await update(toms, first, { name });
      await update(toms, second, { name });
    }
    const { notifications: items } = await flat(jerry, token, since);
    const updates = items.filter(({ op }) => op === "updated").map(({ cid }) => cid);
    expect(updates).toEqual([first, second, first, second, first, second]);
  });

  test("[B-08] without changes there are no missed events", async () => {
    const { jerry, token } = await jerryAway();
    expect(await flat(jerry, token, Date.now() - 1_000)).toEqual({ hasMore: false, notifications: [] });
    expect(await nested(jerry, token, Date.now() - 1_000)).toEqual({
      permanent: { notifications: [] },
      droppable: { invalidLocalConvCache: false, notifications: [] },
    });
  });
});

describe("whose events a client receives", () => {
  test("[B-08] a removed member receives the removal and nothing after it", async () => {
    const { tom, jerry, mary, toms, token, since } = await jerryAway();
    const chat = await start(toms, [tom, jerry], { unique: false });
    await change(toms, "remove", chat, [jerry]);
    await change(toms, "add", chat, [mary]);
    await update(toms, chat, { name: "behind his back" });
    const { notifications: items } = await flat(jerry, token, since);
    expect(told(items).slice(2)).toEqual([`left by ${tom}`]);
    // A client that asks only after it was removed receives the removal.
    const [, , left] = items;
    expect((await flat(jerry, token, (left?.serverTs ?? 0) - 1)).notifications).toEqual([left]);
    expect((await flat(jerry, token, left?.serverTs ?? 0)).notifications).toEqual([]);
  });

  test("[B-08] an added member receives the invitation and nothing before it", async () => {
    const { tom, jerry, mary, toms, token, since } = await jerryAway();
    const chat = await start(toms, [tom, mary], { unique: false });
    await update(toms, chat, { name: "before his time" });
    await change(toms, "add", chat, [jerry]);
    await update(toms, chat, { name: "in his time" });
    const { notifications: items } = await flat(jerry, token, since);
    expect(told(items)).toEqual([
      `joined by ${tom}`,
      `members_joined ${jerry} by ${tom}`,
      `updated by ${tom}`,
    ]);
  });

  test("[B-08] a member that left and rejoined while offline receives only events of its own memberships", async () => {
    const { tom, jerry, toms, token, since } = await jerryAway();
    const chat = await start(toms, [tom, jerry], { unique: false });
    await change(toms, "remove", chat, [jerry]);
    await update(toms, chat, { name: "meanwhile" });
    await change(toms, "add", chat, [jerry]);
    await update(toms, chat, { name: "again" });
    const { notifications: items } = await flat(jerry, token, since);
    expect(told(items).slice(2)).toEqual([
      `left by ${tom}`,
      `joined by ${tom}`,
      `members_joined ${jerry} by ${tom}`,
      `updated by ${tom}`,
    ]);
    expect(JSON.stringify(items)).not.toContain("meanwhile");
  });

  test("[B-06] a member that left receives its own departure on its next device", async () => {
    const { tom, jerry, toms } = await jerryAway();
    const chat = await start(toms, [tom, jerry], { unique: false });
    const phone = await loggedIn(jerry);
    const since = Date.now() - 1;
    expect(refusal(await change(phone, "remove", chat, [jerry]))).toBe("");
    const { notifications: items } = await flat(jerry, phone.token, since);
    expect(told(items)).toEqual([`left by ${jerry}`]);
    const { token } = await loggedIn(tom);
    expect(told((await flat(tom, token, since)).notifications)).toEqual([
      `members_left ${jerry} by ${jerry}`,
    ]);
  });
});

describe("more events than fit in a page", () => {
  test("[wire §11.2] missed events come page by page from the last time seen, each once, in order", async () => {
    const { tom, jerry, toms, token, since } = await jerryAway();
    const chats = [
      await start(toms, [tom, jerry], { unique: false }),
      await start(toms, [tom, jerry], { unique: false }),
    ];
    const wanted: string[] = [];
    const waiting: number[] = [];
    for (let at = 0; at < 250; at += 1) {
      const cid = chats[at % 2] ?? "";
      const attr = { data: JSON.stringify({ name: `${at}` }) };
      toms.send({ cmd: "conv", op: "update", peerId: tom, i: 1_000 + at, convMessage: { cid, attr } });
      waiting.push(1_000 + at);
      wanted.push(`${at}`);
    }
    for (const serial of waiting) expect(refusal(await toms.answer(serial))).toBe("");
    const names: string[] = [];
    const times: number[] = [];
    let after = since;
    let pages = 0;
    for (let hasMore = true; hasMore; pages += 1) {
      const page = await flat(jerry, token, after);
      hasMore = page.hasMore;
      expect(page.notifications.length).toBeGreaterThan(0);
      for (const item of page.notifications) {
        times.push(item.serverTs);
        if (item.op === "updated") names.push(JSON.parse(JSON.parse(JSON.stringify(item)).attr.data).name);
      }
      after = times.at(-1) ?? after;
      expect(pages).toBeLessThan(10);
    }
    expect(pages).toBeGreaterThan(1);
    expect(names.toSorted()).toEqual(wanted.toSorted());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    // Swift asks once: the answer tells it to load its conversations again.
    expect((await nested(jerry, token, since)).droppable.invalidLocalConvCache).toBe(true);
  });

  test("[B-08] a client that was offline longer than notices are kept has to load its conversations again (Swift)", async () => {
    const { tom, jerry, toms, token } = await jerryAway();
    await start(toms, [tom, jerry], { unique: false });
    const month = 30 * 24 * 60 * 60 * 1000;
    expect((await nested(jerry, token, Date.now() - month)).droppable.invalidLocalConvCache).toBe(true);
  });
});

describe("who may read missed events", () => {
  test("[I12] [C-09] missed events need a session token of their client: else 401 with 4112", async () => {
    const { tom, jerry, toms, token } = await jerryAway();
    await start(toms, [tom, jerry], { unique: false });
    const toms2 = await loggedIn(tom);
    for (const wrong of ["", "x", `${token}x`, token.replace(/^./, "_"), toms2.token]) {
      const { status, body } = await notifications(jerry, wrong, FLAT);
      expect([status, body]).toEqual([401, { code: 4112, error: expect.any(String) }]);
    }
    expect((await notifications(tom, token)).status).toBe(401);
    // Not even the app's own key stands in for it.
    expect((await notifications(jerry, "", {}, masterKeys)).status).toBe(401);
  });

  test("[I12] missed events need the app's id and key: else 401", async () => {
    const { jerry, token } = await jerryAway();
    const wrong: Record<string, string>[] = [
      {},
      { "x-lc-id": world.APP_ID },
      { ...appKeys, "x-lc-key": "wrong" },
      { ...appKeys, "x-lc-id": "another" },
      { ...appKeys, "x-lc-key": "wrong,master" },
    ];
    for (const keys of wrong) expect((await notifications(jerry, token, {}, keys)).status).toBe(401);
    expect((await notifications(jerry, token, {}, appKeys)).status).toBe(200);
  });

  test("[gotcha 47] a browser may request missed events from a page of any origin", async () => {
    const response = await http("/1.1/rtm/notifications?client_id=tom", {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example.com",
        "access-control-request-method": "GET",
        "access-control-request-headers": "x-lc-id,x-lc-key,x-lc-im-session-token",
      },
    });
    expect(response.ok).toBe(true);
    expect(response.headers.get("access-control-allow-origin")).toMatch(/^(\*|https:\/\/app\.example\.com)$/);
    const allowed = (response.headers.get("access-control-allow-headers") ?? "").toLowerCase();
    expect(allowed === "*" || allowed.includes("x-lc-im-session-token")).toBe(true);
  });

  test.each([
    ["no client id at all", { client_id: "" }],
    ["a time that is none", { start_ts: "yesterday" }],
    ["a time before all time", { start_ts: "-1" }],
    ["half a millisecond", { start_ts: "1.5" }],
  ])("[I10] a request for missed events with %s is answered with 400", async (_, query) => {
    const { jerry, token } = await jerryAway();
    const { status, body } = await notifications(jerry, token, query);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: expect.any(Number), error: expect.any(String) });
  });
});
