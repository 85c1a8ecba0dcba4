import { listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { KnownConversations } from "../../src/conversation/creation/known-conversations.ts";
import { KnownClients } from "../../src/conversation/known-clients.ts";
import { newConversationId } from "../../src/conversation/messages/ids.ts";
import { SUBSCRIPTION } from "../../src/http/examples.ts";
import { OpType } from "../../src/protocol/generated/message_pb.js";
import { named, query, refusal, say, start } from "../support/chat.ts";
import type { CommandInit } from "../support/frames.ts";
import { hmac, onTheWire, stamped } from "../support/sign.ts";
import { loggedIn } from "./support/commands.ts";
import { breakTable, repair } from "./support/d1.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { CONVERSATIONS, conversationOf, done, rest, unreadOf } from "./support/rest.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { appKeys, configure, http, openWorld, world } from "./support/world.ts";

/** No object for a name that nobody has (I13). */

type Session = NonNullable<CommandInit["sessionMessage"]>;

const OFF = { signLogin: false, jwt: null };
const JWT = { secret: "a secret of thirty-two characters", jwksUrl: null, issuer: null, audience: null };

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await repair();
  await configure({ security: OFF });
});

/** How many objects of clients and of conversations there are by now, awake or not. */
async function objects(): Promise<{ clients: number; conversations: number }> {
  const [clients, conversations] = await Promise.all([
    listDurableObjectIds(world.CLIENTS),
    listDurableObjectIds(world.CONVERSATIONS),
  ]);
  return { clients: clients.length, conversations: conversations.length };
}

/** Conversations that a client's inbox names. */
function inboxOf(clientId: string): Promise<unknown[]> {
  return runInDurableObject(world.CLIENTS.getByName(clientId), (_, { storage }) => {
    const [made] = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'inbox'").toArray();
    return made === undefined ? [] : storage.sql.exec("SELECT * FROM inbox").toArray();
  });
}

const conversations = () => Array.from({ length: 5 }, () => newConversationId(Date.now()));

describe("a question about conversations that do not exist wakes no object", () => {
  const asking: [string, (toms: WorkerdDevice, ids: string[]) => Promise<unknown>][] = [
    ["a query by id", (toms, [objectId = ""]) => query(toms, { objectId })],
    ["a query by ids", (toms, ids) => query(toms, { objectId: { $in: ids } })],
    ["is_member", (toms, cids) => toms.ask({ cmd: "conv", op: "is_member", convMessage: { cids } })],
    ["a temporary one", (toms, [cid]) => query(toms, {}, { tempConvIds: [`_tmp:${cid}`] })],
    ["a message", (toms, [cid = ""]) => toms.ask({ cmd: "direct", directMessage: { cid, msg: "hi" } })],
    ["history", (toms, [cid = ""]) => toms.ask({ cmd: "logs", logsMessage: { cid, l: 10 } })],
    ["joining", (toms, [cid = ""]) => toms.ask({ cmd: "conv", op: "add", convMessage: { cid, m: ["x"] } })],
    ["members", (toms, [cid = ""]) => toms.ask({ cmd: "conv", op: "count", convMessage: { cid } })],
    [
      "a read cursor",
      (toms, ids) => toms.ask({ cmd: "read", readMessage: { convs: ids.map((cid) => ({ cid })) } }),
    ],
    [
      "a will",
      (toms, [cid = ""]) => toms.ask({ cmd: "direct", directMessage: { cid, msg: "bye", will: true } }),
    ],
  ];
  test.each(asking)(
    "a question about conversations that do not exist wakes no object: %s",
    async (_, ask) => {
      const { tom, toms } = await onlineClients("tom");
      const before = await objects();
      await ask(toms, conversations());
      expect(await objects()).toEqual(before);
      expect(await inboxOf(tom)).toEqual([]);
    },
  );

  const paths: [string, string, object?][] = [
    ["GET", "/1.2/rtm/conversations/ID/members"],
    ["GET", "/1.2/rtm/conversations/ID/mutes"],
    ["GET", "/1.2/rtm/conversations/ID/messages"],
    ["POST", "/1.2/rtm/conversations/ID/members", { client_ids: ["x"] }],
    ["DELETE", "/1.2/rtm/conversations/ID/members", { client_ids: ["x"] }],
    ["PUT", "/1.2/rtm/conversations/ID", { name: "x" }],
    ["DELETE", "/1.2/rtm/conversations/ID"],
    ["POST", "/1.2/rtm/conversations/ID/messages", { from_client: "x", message: "x" }],
    ["GET", "/1.1/classes/_Conversation/ID"],
    ["PUT", "/1.1/classes/_Conversation/ID", { name: "x" }],
    ["DELETE", "/1.1/classes/_Conversation/ID"],
    ["GET", "/1.1/rtm/messages/unread/nobody/ID"],
    ["GET", "/1.2/rtm/clients/nobody/unread-count?conv_id=ID"],
  ];
  test.each(paths)(
    "%s %s about a conversation that does not exist wakes no object",
    async (method, path, body) => {
      const before = await objects();
      const [id = ""] = conversations();
      expect((await rest(method, path.replace("ID", id), body)).status).toBe(404);
      expect(await objects()).toEqual(before);
    },
  );
});

describe("a conversation that exists is found", () => {
  test("a new conversation is found at once by a client that was notified of it", async () => {
    const [jerry] = named("jerry");
    const { toms } = await onlineClients("tom");
    const cid = await start(toms, [jerry]);
    const jerrys = await WorkerdDevice.of(jerry);
    expect(await query(jerrys, { objectId: cid })).toMatchObject([{ objectId: cid }]);
  });

  test("a conversation is found while D1 does not answer, and after D1 was down at its creation", async () => {
    const { jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    // Other isolates have not met it.
    vi.spyOn(KnownConversations.prototype, "add").mockImplementation(() => {});
    await breakTable("conversations");
    const cid = await start(toms, [jerry]);
    const ids = async () => (await query(jerrys, { objectId: cid })).map(({ objectId }) => objectId);
    expect(await ids()).toEqual([cid]);
    await repair();
    // An index that failed is left alone for a second.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await ids()).toEqual([cid]);
    expect(refusal(await jerrys.ask({ cmd: "direct", directMessage: { cid, msg: "hi" } }))).toBe("");
  });
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
    await vi.waitFor(async () => expect(await inboxOf(jerry)).toHaveLength(1));
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

describe("logins that are refused", () => {
  const refused: [string, object, Session, string][] = [
    ["without the signature that is asked for", { signLogin: true }, {}, "4102"],
    ["with a wrong signature", { signLogin: true }, { s: "00", t: Date.now(), n: "n" }, "4102"],
    ["with a JSON Web Token that nobody signed", { jwt: JWT }, { s: "e30.e30.e30", t: 1, n: "n" }, "4102"],
    ["with a session token that nobody issued", OFF, { st: "e30.e30", r: true }, "4112"],
    ["with a tag too long to keep", OFF, { tag: "x".repeat(1025) }, "4103"],
  ];
  test.each(refused)("a login %s is refused and wakes no object", async (_, security, session, error) => {
    await configure({ security });
    const before = await objects();
    for (const name of named("a", "b", "c", "d", "e")) {
      const device = await WorkerdDevice.connect();
      expect(refusal(await device.login(name, session))).toMatch(error);
      device.close();
    }
    expect(await objects()).toEqual(before);
  });

  test("a login with the token of another client is refused and wakes no object", async () => {
    const [tom, nobody] = named("tom", "nobody");
    const { token: st } = await loggedIn(tom);
    const before = await objects();
    const device = await WorkerdDevice.connect();
    expect(refusal(await device.login(nobody, { st, r: true }))).toMatch("4112");
    expect(await objects()).toEqual(before);
  });

  test("an accepted login wakes only the object of its client", async () => {
    const [tom] = named("tom");
    const before = await objects();
    await WorkerdDevice.of(tom);
    expect(await objects()).toEqual({ ...before, clients: before.clients + 1 });
  });
});

describe("logins that go on being refused", () => {
  test("the fifth unsigned login in a row closes the socket with 4108", async () => {
    await configure({ security: { signLogin: true } });
    const device = await WorkerdDevice.connect();
    for (const name of named("a", "b", "c", "d")) expect(refusal(await device.login(name))).toMatch("4102");
    const [last, next] = named("e", "f");
    expect(refusal(await device.login(last))).toMatch("4102");
    expect((await device.closing()).code).toBe(4108);
    const again = await WorkerdDevice.connect();
    expect(refusal(await again.login(next))).toMatch("4102");
  });

  test("a login that succeeds resets the count of refused logins of its socket", async () => {
    await configure({ security: { signLogin: true } });
    const [tom, ...strangers] = named("tom", "a", "b", "c", "d");
    const device = await WorkerdDevice.connect();
    for (const name of strangers) await device.login(name);
    const stamp = stamped(Date.now());
    const text = `${world.APP_ID}:${tom}::${stamp.timestamp}:${stamp.nonce}`;
    const signed = onTheWire(hmac(world.MASTER_KEY, text), stamp);
    expect((await device.login(tom, signed)).op).toBe(OpType.opened);
    for (const name of strangers) expect(refusal(await device.login(name))).toMatch("4102");
  });

  test("the tokens of a hundred clients on one socket may run out at once", async () => {
    const device = await WorkerdDevice.connect();
    const [one] = named("crowd");
    const crowd = Array.from({ length: 100 }, (_, at) => `${one}${at}`);
    for (const name of crowd)
      expect(refusal(await device.login(name, { st: "e30.e30", r: true }))).toMatch("4112");
    for (const name of crowd.slice(0, 3)) expect((await device.login(name)).op).toBe(OpType.opened);
  });
});
