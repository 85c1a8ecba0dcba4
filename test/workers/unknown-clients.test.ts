import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { KnownClients } from "../../src/conversation/known-clients.ts";
import { SUBSCRIPTION } from "../../src/http/examples.ts";
import { named, refusal, say, start } from "../support/chat.ts";
import { breakTable, repair } from "./support/d1.ts";
import { inboxOf, objects } from "./support/objects.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { CONVERSATIONS, conversationOf, done, rest, unreadOf } from "./support/rest.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { appKeys, http, openWorld, world } from "./support/world.ts";

/** No object for a client id that nobody has (I13). */

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await repair();
});

describe("a question about clients that never logged in wakes no object", () => {
  test("a session query about clients that never logged in wakes no object", async () => {
    const [jerry] = named("jerry");
    const { tom, toms } = await onlineClients("tom");
    await WorkerdDevice.of(jerry);
    const before = await objects();
    const sessionPeerIds = [tom, jerry, ...Array.from({ length: 98 }, (_, at) => `${tom}-nobody-${at}`)];
    const answer = await toms.ask({ cmd: "session", op: "query", sessionMessage: { sessionPeerIds } });
    expect(answer.sessionMessage?.onlineSessionPeerIds.toSorted()).toEqual([jerry, tom].toSorted());
    expect(await objects()).toEqual(before);
  });

  const paths: [string, string, number, object?][] = [
    ["GET", "/1.1/classes/_ConversationMemberInfo?client_id=NAME", 401],
    ["GET", "/1.1/rtm/notifications?client_id=NAME&start_ts=0", 401],
    ["GET", "/1.1/rtm/messages/unread/NAME", 200],
    ["GET", "/1.2/rtm/clients/NAME/unread-count", 200],
    ["PUT", "/1.2/rtm/clients/NAME/web-push", 401, SUBSCRIPTION],
    ["DELETE", "/1.2/rtm/clients/NAME/web-push", 401, { endpoint: SUBSCRIPTION.endpoint }],
  ];
  test.each(paths)(
    "%s %s about clients that never logged in wakes no object, with the app key or none",
    async (method, path, status, body) => {
      const before = await objects();
      const [nobody] = named("nobody");
      const keys = path.includes("MemberInfo") ? {} : appKeys;
      const headers = { ...keys, "x-lc-im-session-token": "e30.e30", "content-type": "application/json" };
      const answer = await http(path.replace("NAME", nobody), {
        method,
        headers,
        body: body && JSON.stringify(body),
      });
      expect(answer.status).toBe(status);
      expect(await objects()).toEqual(before);
    },
  );

  test("check-online for clients that never logged in wakes no object", async () => {
    const [tom, nobody] = named("tom", "nobody");
    await WorkerdDevice.of(tom);
    const before = await objects();
    const answer = await rest("POST", "/1.2/rtm/clients/check-online", { client_ids: [nobody, tom] });
    expect(await answer.json()).toEqual({ results: [tom] });
    expect(await objects()).toEqual(before);
  });
});

describe("client ids that never logged in", () => {
  /** Longer than a conversation takes to find the clients that it has to notify. */
  const settled = () => new Promise((resolve) => setTimeout(resolve, 300));

  /** The content of the next event with unread counts, by conversation. */
  async function countsOf(device: WorkerdDevice): Promise<Record<string, number>> {
    const { unreadMessage } = await device.push("unread");
    return Object.fromEntries((unreadMessage?.convs ?? []).map(({ cid, unread }) => [cid, unread]));
  }

  const inviting: [string, (toms: WorkerdDevice, tom: string, names: string[]) => Promise<string>][] = [
    ["a new conversation", (toms, _, names) => start(toms, names)],
    ["a unique one", (toms, _, names) => start(toms, names, { unique: true })],
    [
      "an invitation",
      async (toms, _, names) => {
        const cid = await start(toms, []);
        await toms.ask({ cmd: "conv", op: "add", convMessage: { cid, m: names } });
        return cid;
      },
    ],
    ["the app's server", (_, tom, names) => conversationOf([tom, ...names])],
    [
      "an invitation by the app's server",
      async (_, tom, names) => {
        const cid = await conversationOf([tom]);
        await done("POST", `${CONVERSATIONS}/${cid}/members`, { client_ids: names });
        return cid;
      },
    ],
  ];
  test.each(inviting)(
    "client ids that never logged in get no object when they are invited by %s, sent messages and removed",
    async (_, invite) => {
      const [jerry] = named("jerry");
      const { tom, toms } = await onlineClients("tom");
      const names = Array.from({ length: 100 }, (_, at) => `${jerry}-${at}`);
      const before = await objects();
      const cid = await invite(toms, tom, names);
      expect(refusal(await say(toms, cid, "is anybody there?"))).toBe("");
      await toms.ask({ cmd: "direct", directMessage: { cid, msg: "passing", transient: true } });
      await done("PUT", `${CONVERSATIONS}/${cid}`, { name: "a new name" });
      await settled();
      await toms.ask({ cmd: "conv", op: "remove", convMessage: { cid, m: names.slice(0, 50) } });
      expect(await unreadOf(names[99] ?? "")).toBe(1);
      await settled();
      expect((await objects()).clients).toBe(before.clients);
    },
  );

  test("a client receives all its invitations at its first login, and everything from then on", async () => {
    const [jerry] = named("jerry");
    const { toms } = await onlineClients("tom");
    const cids = [await start(toms, [jerry]), await start(toms, [jerry]), await start(toms, [jerry])];
    for (const cid of cids.slice(0, 2)) await say(toms, cid, "one");
    const [first = "", second = "", third = ""] = cids;
    await say(toms, second, "two");
    await settled();
    expect(await inboxOf(jerry)).toEqual([]);
    const jerrys = await WorkerdDevice.of(jerry);
    expect(await countsOf(jerrys)).toEqual({ [first]: 1, [second]: 2 });
    await say(toms, third, "three");
    await jerrys.message("three");
  });

  test("a client that has logged in once has an object that keeps what it missed", async () => {
    const { jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    jerrys.close();
    const cid = await start(toms, [jerry]);
    await say(toms, cid, "one");
    await vi.waitFor(async () => expect(await inboxOf(jerry)).toHaveLength(1), { timeout: 10_000 });
  });

  test("goaway wakes no object of clients that never logged in", async () => {
    const [jerry] = named("jerry");
    const before = await objects();
    const named100 = Array.from({ length: 100 }, (_, at) => `${jerry}-${at}`);
    expect(await done("POST", "/admin/goaway", { client_ids: named100 })).toEqual({ sessions: 0 });
    expect(await objects()).toEqual(before);
  });

  test("unread messages are counted over HTTP for a client whose first login broke off", async () => {
    const [jerry] = named("jerry");
    const { toms } = await onlineClients("tom");
    const cids = [await start(toms, [jerry]), await start(toms, [jerry])];
    for (const cid of cids) await say(toms, cid, "one");
    await settled();
    // D1 has heard of the login, and the client's object died before it knew.
    await world.DB.prepare("INSERT INTO clients VALUES (?, ?)").bind(jerry, Date.now()).run();
    expect(await unreadOf(jerry)).toBe(2);
    expect(await countsOf(await WorkerdDevice.of(jerry))).toEqual({ [cids[0] ?? ""]: 1, [cids[1] ?? ""]: 1 });
    expect(await unreadOf(jerry)).toBe(2);
  });

  test("a first login while D1 is down succeeds, and receives everything once D1 is back", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const [jerry] = named("jerry");
    const { toms } = await onlineClients("tom");
    const cid = await start(toms, [jerry]);
    await say(toms, cid, "one");
    await settled();
    await breakTable("clients");
    const jerrys = await WorkerdDevice.of(jerry);
    expect(await inboxOf(jerry)).toEqual([]);
    await repair();
    await runDurableObjectAlarm(world.CLIENTS.getByName(jerry));
    expect(await countsOf(jerrys)).toEqual({ [cid]: 1 });
    await say(toms, cid, "two");
    await jerrys.message("two");
  });

  test("while D1 is down, every client that may have logged in is notified as usual", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    vi.spyOn(KnownClients.prototype, "has").mockReturnValue(false);
    await breakTable("clients");
    const cid = await start(toms, [jerry]);
    await say(toms, cid, "one");
    await jerrys.message("one");
  });
});
