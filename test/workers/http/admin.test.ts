import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { change, named, refusal, say, start } from "../../support/chat.ts";
import { breakTable, repair } from "../support/d1.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { done, outcome, rest } from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, openWorld } from "../support/world.ts";

/** What the owner of a server has beside the hosted service's API: bans and the event log. */

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await repair();
});

describe("[X-22] bans", () => {
  const BANNED = "4106 BLACKLISTED";
  const login = async (clientId: string) => refusal(await (await WorkerdDevice.connect()).login(clientId));

  interface Page {
    results: { client_id: string; reason: string; at: string }[];
    next?: string;
  }

  const listed = async (clientId: string) => {
    const after = `${clientId.slice(0, -1)}`;
    const { results } = await done<Page>("GET", `/admin/bans?after=${encodeURIComponent(after)}`);
    return results.find((ban) => ban.client_id === clientId);
  };

  test("[X-22] a ban ends every session with 4106 and refuses logins, until it is lifted", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const devices = [await WorkerdDevice.of(tom), await WorkerdDevice.of(tom)];
    const jerrys = await WorkerdDevice.of(jerry);
    expect(await done("POST", "/admin/bans", { client_ids: [tom], reason: "Spam" })).toEqual({});
    for (const device of devices) {
      const { sessionMessage } = await device.push("session", "closed");
      expect(sessionMessage).toMatchObject({ code: 4106, detail: "Spam" });
    }
    expect(await login(tom)).toBe(BANNED);
    expect(await listed(tom)).toEqual({ client_id: tom, reason: "Spam", at: expect.stringMatching(/Z$/) });
    await jerrys.ask({ cmd: "session", op: "query", sessionMessage: { sessionPeerIds: [tom] } });
    expect(await done("DELETE", "/admin/bans", { client_ids: [tom] })).toEqual({});
    expect(await login(tom)).toBe("");
    expect(await listed(tom)).toBeUndefined();
  });

  test("[X-22] a second ban changes the reason, and lifting a ban that is not there succeeds", async () => {
    const [tom, jerry] = named("tom", "jerry");
    await done("POST", "/admin/bans", { client_ids: [tom, tom] });
    expect(await listed(tom)).toMatchObject({ reason: "" });
    await done("POST", "/admin/bans", { client_ids: [tom], reason: "Again" });
    expect(await listed(tom)).toMatchObject({ reason: "Again" });
    await done("DELETE", "/admin/bans", { client_ids: [tom, jerry] });
    expect([await login(tom), await login(jerry)]).toEqual(["", ""]);
  });

  test("[X-22] [I11] a ban while D1 fails applies and is not listed, and every listed ban applies", async () => {
    const [tom] = named("tom");
    vi.spyOn(console, "error").mockImplementation(() => {});
    await breakTable("bans");
    expect(await outcome(rest("POST", "/admin/bans", { client_ids: [tom] }))).toBe("503 503");
    expect(await login(tom)).toBe(BANNED);
    expect(await outcome(rest("GET", "/admin/bans"))).toBe("503 503");
    await repair();
    expect(await listed(tom)).toBeUndefined();
    await done("DELETE", "/admin/bans", { client_ids: [tom] });
    expect(await login(tom)).toBe("");
  });

  test("[X-22] bans are listed over HTTP page by page", async () => {
    const [prefix] = named("mouse");
    const mice = Array.from({ length: 130 }, (_, at) => `${prefix}-${String(at).padStart(3, "0")}`);
    await done("POST", "/admin/bans", { client_ids: mice.slice(0, 100), reason: "Mice" });
    await done("POST", "/admin/bans", { client_ids: mice.slice(100), reason: "Mice" });
    const seen: string[] = [];
    let after: string | undefined = prefix;
    while (after !== undefined) {
      const page: Page = await done("GET", `/admin/bans?after=${after}`);
      seen.push(...page.results.map((ban) => ban.client_id));
      after = page.next;
    }
    expect(seen.filter((clientId) => clientId.startsWith(`${prefix}-`))).toEqual(mice);
  });

  test.each([
    ["nobody named", {}],
    ["nobody", { client_ids: [] }],
    ["101", { client_ids: Array.from({ length: 101 }, (_, at) => `c${at}`) }],
    ["a long reason", { client_ids: ["Spike"], reason: "x".repeat(201) }],
  ])("[X-22] a request to ban %s is refused and bans nobody", async (_, body) => {
    expect(await outcome(rest("POST", "/admin/bans", body))).toBe("400 105");
    expect(await login("Spike")).toBe("");
  });
});

describe("[G-05] the event log", () => {
  interface Event {
    id: string;
    event: string;
    at: number;
    client_id?: string;
    conv_id?: string;
    message_id?: string;
    detail: Record<string, unknown>;
  }
  interface Page {
    results: Event[];
    next?: string;
  }

  const events = async (filter: Record<string, string>) => {
    const found: Event[] = [];
    let cursor: Record<string, string> = {};
    for (;;) {
      const page: Page = await done("GET", `/admin/events?${new URLSearchParams({ ...filter, ...cursor })}`);
      found.push(...page.results);
      if (page.next === undefined) return found;
      cursor = { cursor: page.next };
    }
  };

  test("[G-05] the event log is filtered by every field, newest first, page by page", async () => {
    await configure({ events: { logDays: 7 } });
    const [jerry, spike] = named("jerry", "spike");
    const { tom, toms } = await onlineClients("tom");
    const id = await start(toms, [tom, jerry]);
    const acks = [await say(toms, id, "one"), await say(toms, id, "two"), await say(toms, id, "three")];
    await change(toms, "add", id, [spike]);
    await change(toms, "remove", id, [spike]);
    const said = () => events({ conv_id: id, event: "messageSent" });
    await expect.poll(async () => (await said()).length, { timeout: 20_000 }).toBe(3);
    const names = async () => new Set((await events({ conv_id: id })).map(({ event }) => event));
    const all = [
      ...["conversationStarted", "messageSent", "receiversOffline"],
      ...["conversationAdded", "conversationRemoved", "pushSettled"],
    ];
    await expect.poll(names, { timeout: 20_000 }).toEqual(new Set(all));
    const messageId = acks[1]?.ackMessage?.uid ?? "";
    const [second] = await events({ event: "messageSent", message_id: messageId });
    expect(second).toMatchObject({
      event: "messageSent",
      client_id: tom,
      conv_id: id,
      message_id: messageId,
      detail: { offline: [jerry] },
    });
    expect(JSON.stringify(second)).not.toContain("two");
    const ats = (await said()).map(({ at }) => at);
    expect(ats).toEqual(ats.toSorted((a, b) => b - a));
    const whole = await said();
    expect(await events({ conv_id: id, event: "messageSent", limit: "1" })).toEqual(whole);
    const [newest, , oldest] = whole;
    const between = { from: String(oldest?.at), until: String(Number(newest?.at) + 1) };
    expect(await events({ conv_id: id, event: "messageSent", ...between })).toEqual(whole);
    expect(await events({ conv_id: id, event: "messageSent", until: String(oldest?.at) })).toEqual([]);
    const online = await events({ client_id: tom, event: "clientOnline" });
    expect(online).toMatchObject([{ client_id: tom }]);
    await configure({ events: null });
  });

  test.each(["event=nope", "cursor=x", "from=x", "limit=x", "cursor=1", "client_id="])(
    "[G-05] a request for the event log with %s is refused",
    async (query) => {
      expect(await outcome(rest("GET", `/admin/events?${query}`))).toBe("400 1");
    },
  );

  test("[G-05] [I11] a request for the event log while D1 fails is answered with 503", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    await breakTable("events");
    expect(await outcome(rest("GET", "/admin/events"))).toBe("503 503");
  });
});
