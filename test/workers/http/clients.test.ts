import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { ConversationStub } from "../../../src/env.ts";
import { sources } from "../../../src/http/sources.ts";
import { appKeys, configure, masterKeys, openWorld, world } from "../support/world.ts";
import { answering, ask } from "./ask.ts";

beforeAll(() => openWorld());
beforeEach(() => {
  vi.restoreAllMocks();
});

interface Options {
  headers?: Record<string, string>;
  objects?: Parameters<typeof answering>[0];
}

function to(method: string, path: string, body?: unknown, { headers = masterKeys, objects }: Options = {}) {
  return ask(`http://im.example.com${path}`, {
    ...{ method, headers, env: answering(objects ?? {}) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

const stored = {
  ...{ conversationId: "c1", id: "m1", timestamp: 5, from: "Tom", content: "Hello", mentionAll: false },
  ...{ mentions: [], receipt: false, patchedAt: undefined, recalled: false, deliveredAt: undefined },
};

describe("[A-05] who is online", () => {
  test.each([
    ["/1.2/rtm/clients/check-online", "client_ids"],
    ["/1.1/rtm/online", "peers"],
  ])("%s asks each of at most 20 once", async (path, field) => {
    const states = [true, false];
    const isOnline = vi.fn(async () => states.shift() ?? true);
    const objects = { clients: { isOnline } };
    const response = await to("POST", path, { [field]: ["Tom", "Jerry", "Tom"] }, { objects });
    expect(await response.json()).toEqual({ results: ["Tom"] });
    expect(isOnline).toHaveBeenCalledTimes(2);
    const many = Array.from({ length: 21 }, (_, at) => `c${at}`);
    expect((await to("POST", path, { [field]: many }, { objects })).status).toBe(400);
  });

  test("[A-06] stats count them", async () => {
    const presence = async () => ({ online: 2, today: 7 });
    const response = await to("GET", "/1.2/rtm/stats", undefined, { objects: { app: { presence } } });
    expect(await response.json()).toEqual({ result: { online_user_count: 2, user_count_today: 7 } });
  });
});

describe("[Y-22] unread, with the app key", () => {
  const inAll = vi.fn(async (_clientId: string) => 7);
  const inOne = vi.fn<ConversationStub["unread"]>();
  const objects = { clients: { unreadCount: inAll }, conversations: { unread: inOne } };
  beforeEach(() => {
    inAll.mockResolvedValue(7);
    inOne.mockResolvedValue(3);
  });

  test.each([
    ["/1.2/rtm/clients/Tom/unread-count", 7],
    ["/1.2/rtm/clients/Tom/unread-count?conv_id=c1", 3],
    ["/1.1/rtm/messages/unread/Tom", 7],
    ["/1.1/rtm/messages/unread/Tom/c1", 3],
  ])("%s is %i", async (path, count) => {
    const response = await to("GET", path, undefined, { headers: appKeys, objects });
    expect(await response.json()).toEqual({ count });
  });

  test("is 0 where he is no member, and 404 where there is no conversation", async () => {
    const path = "/1.2/rtm/clients/Tom/unread-count?conv_id=c1";
    inOne.mockResolvedValue(undefined);
    expect(await (await to("GET", path, undefined, { objects })).json()).toEqual({ count: 0 });
    inOne.mockResolvedValue({ refused: "CONVERSATION_NOT_FOUND" });
    expect((await to("GET", path, undefined, { objects })).status).toBe(404);
  });

  test.each(["a%2Fb", "%E7%8C%AB", "a%20b"])("a client may be called %s", async (name) => {
    await to("GET", `/1.2/rtm/clients/${name}/unread-count`, undefined, { objects });
    expect(inAll).toHaveBeenLastCalledWith(decodeURIComponent(name));
  });
});

describe("[A-05] kick", () => {
  const kick = vi.fn(async (_reason: string) => 1);
  const objects = { clients: { kick } };

  test.each([
    ["/1.2/rtm/clients/Tom/kick", { reason: "Enough" }, "Enough"],
    ["/1.2/rtm/clients/Tom/kick", undefined, ""],
    ["/1.1/rtm/client/kick", { client_id: "Tom", reason: "Enough" }, "Enough"],
  ])("%s with %j", async (path, body, reason) => {
    expect(await (await to("POST", path, body, { objects })).json()).toEqual({});
    expect(kick.mock.calls).toEqual([[reason]]);
  });

  test("a reason has at most 20 characters", async () => {
    const body = { reason: "x".repeat(21) };
    expect((await to("POST", "/1.2/rtm/clients/Tom/kick", body, { objects })).status).toBe(400);
    expect(kick).not.toHaveBeenCalled();
  });
});

describe("[A-05] [A-06] [A-08] history out of D1", () => {
  const objects = { app: { archivedUntil: async () => 1_700_000_000_000 } };
  beforeEach(() => {
    vi.spyOn(sources, "messagesSentBy").mockResolvedValue([stored]);
    vi.spyOn(sources, "messagesOfApp").mockResolvedValue([stored]);
  });

  test.each([
    ["/1.2/rtm/clients/Tom/messages", "messagesSentBy", ["Tom"]],
    ["/1.2/rtm/messages", "messagesOfApp", []],
    ["/1.1/rtm/messages/history?from=Tom", "messagesSentBy", ["Tom"]],
    ["/1.1/rtm/messages/history", "messagesOfApp", []],
    ["/1.1/rtm/messages/logs/", "messagesOfApp", []],
  ] as const)("%s says up to when it is complete", async (path, source, subject) => {
    const response = await to("GET", path, undefined, { objects });
    expect(await response.json()).toMatchObject([{ "msg-id": "m1", to: "c1", from: "Tom" }]);
    expect(response.headers.get("X-Parley-Complete-Until")).toBe("1700000000000");
    const request = { start: undefined, end: undefined, reversed: false, limit: 100 };
    expect(vi.spyOn(sources, source).mock.calls).toEqual([[world.DB, ...subject, request]]);
  });

  test("Python's own way to say a time and a flag", async () => {
    const query = "limit=5&max_ts=1700000000000.0&msgid=a+b&reversed=True";
    await to("GET", `/1.1/rtm/messages/history?${query}`, undefined, { objects });
    const start = { timestamp: 1_700_000_000_000, messageId: "a+b", inclusive: false };
    expect(vi.spyOn(sources, "messagesOfApp").mock.calls[0]?.[1]).toEqual({
      ...{ start, end: undefined, reversed: true, limit: 5 },
    });
  });

  test("[I11] D1 failing is 503", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(sources, "messagesOfApp").mockRejectedValue(new Error("D1 is down"));
    const response = await to("GET", "/1.2/rtm/messages", undefined, { objects });
    expect([response.status, await response.json()]).toMatchObject([503, { code: 503 }]);
    log.mockRestore();
  });
});

describe("[X-01] history for a member who shows a signature", () => {
  const history = vi.fn<ConversationStub["history"]>();
  const isMember = vi.fn<ConversationStub["isMember"]>();
  const objects = { conversations: { history, isMember } };
  const signature = "nonce=n0nce&signature_ts=1700000000000&signature=abc";
  const read = (path: string) => to("GET", path, undefined, { headers: appKeys, objects });
  const PATH = `/1.2/rtm/conversations/c1/messages?client_id=Tom&${signature}`;
  beforeEach(async () => {
    history.mockResolvedValue([
      { ...stored, id: "m1" },
      Object.assign({ ...stored, id: "m2", from: "Jerry", timestamp: 6 }, { recipients: ["Mary"] }),
    ]);
    isMember.mockResolvedValue(true);
    vi.spyOn(sources, "isSignatureValid").mockResolvedValue(true);
    await configure({ security: { signHistory: true } });
  });

  test.each([PATH, `/1.1/rtm/messages/history?convid=c1&peerid=Tom&${signature}`])(
    "%s: what was for him, nothing else",
    async (path) => {
      const response = await read(path);
      expect(await response.json()).toMatchObject([{ "msg-id": "m1" }]);
      expect(vi.spyOn(sources, "isSignatureValid").mock.calls[0]?.[0]).toMatchObject({
        ...{ appId: world.APP_ID, masterKey: world.MASTER_KEY, clientId: "Tom" },
        permission: { action: "history", conversationId: "c1" },
        signature: { signature: "abc", timestamp: 1_700_000_000_000, nonce: "n0nce" },
      });
    },
  );

  test("not while the setting is off", async () => {
    await configure({ security: { signHistory: null } });
    expect((await read(PATH)).status).toBe(401);
    expect(sources.isSignatureValid).not.toHaveBeenCalled();
  });

  test.each(["client_id", "nonce", "signature_ts", "signature"])("not without %s", async (name) => {
    const url = new URL(PATH, "http://im.example.com");
    url.searchParams.delete(name);
    expect((await read(url.pathname + url.search)).status).toBe(401);
    expect(history).not.toHaveBeenCalled();
  });

  test("not with a wrong one, and not for who is no member", async () => {
    vi.spyOn(sources, "isSignatureValid").mockResolvedValue(false);
    const wrong = await read(PATH);
    expect([wrong.status, await wrong.json()]).toMatchObject([401, { code: 4102 }]);
    vi.spyOn(sources, "isSignatureValid").mockResolvedValue(true);
    isMember.mockResolvedValue(false);
    const stranger = await read(PATH);
    expect([stranger.status, await stranger.json()]).toMatchObject([403, { code: 4312 }]);
    expect(history).not.toHaveBeenCalled();
  });

  test("nothing beyond conversations", async () => {
    expect((await read(`/1.1/rtm/messages/history?peerid=Tom&${signature}`)).status).toBe(401);
  });
});

describe("[X-06] signing logins", () => {
  const calls = [
    () => to("POST", "/1.1/rtm/sign", { session_token: "t0ken" }, { headers: appKeys }),
    () => to("GET", "/1.2/rtm/clients/sign?session_token=t0ken", undefined, { headers: appKeys }),
  ];

  test.each(calls)("a signature in milliseconds, for whom the hook knows", async (call) => {
    vi.spyOn(sources, "aboutSignIn").mockResolvedValue({ allowed: true, clientId: "Tom" });
    vi.spyOn(sources, "signLogin").mockResolvedValue("51gned");
    const [first, second] = [await (await call()).json(), await (await call()).json()];
    expect(first).toEqual({
      ...{ signature: "51gned", client_id: "Tom", nonce: expect.any(String), timestamp: expect.any(Number) },
    });
    expect(JSON.parse(JSON.stringify(first)).timestamp).toBeGreaterThan(1_600_000_000_000);
    expect(second).not.toEqual(first);
    expect(vi.spyOn(sources, "aboutSignIn").mock.calls[0]?.[1]).toBe("t0ken");
  });

  test.each(calls)("refused where the hook refuses, and where there is none", async (call) => {
    const signed = vi.spyOn(sources, "signLogin");
    vi.spyOn(sources, "aboutSignIn").mockResolvedValue({ allowed: false, error: "who?" });
    const refused = await call();
    expect([refused.status, await refused.json()]).toEqual([403, { code: 403, error: "who?" }]);
    vi.spyOn(sources, "aboutSignIn").mockResolvedValue(undefined);
    expect((await call()).status).toBe(404);
    expect(signed).not.toHaveBeenCalled();
  });
});

describe("[http-api §5] roles of members", () => {
  const PATH = '/1.1/classes/_ConversationMemberInfo?client_id=Tom&where={"cid":"c1"}&limit=500&skip=0';
  const checkToken = vi.fn(async (_id: string, token: string) =>
    token === "genuine" ? undefined : ({ refused: "SESSION_TOKEN_EXPIRED" } as const),
  );
  const objects = { clients: { checkToken } };
  beforeEach(() => {
    checkToken.mockImplementation(async (_id, token) =>
      token === "genuine" ? undefined : { refused: "SESSION_TOKEN_EXPIRED" },
    );
  });

  test.each([
    [{ headers: appKeys }, 200],
    [{ headers: { "X-LC-IM-Session-Token": "genuine" } }, 200],
    [{ headers: { "X-LC-IM-Session-Token": "forged" } }, 401],
    [{ headers: {} }, 401],
  ])("there are none, for %j: %i", async (how, status) => {
    const response = await to("GET", PATH, undefined, { ...how, objects });
    expect(response.status).toBe(status);
    if (status === 200) expect(await response.json()).toEqual({ results: [] });
  });
});

describe("[A-03] [A-04] [A-07] what is not served", () => {
  test.each([
    "/1.2/rtm/chatrooms",
    "/1.2/rtm/chatrooms/c1/members/online-count",
    "/1.2/rtm/service-conversations/c1/subscribers",
    "/1.2/rtm/clients/Tom/service-conversations",
    "/1.2/rtm/broadcasts",
    "/1.2/rtm/conversations/c1/member-infos",
    "/1.2/rtm/conversations/c1/temporary-silenceds",
    "/1.2/rtm/conversations/c1/permanent-silenceds",
    "/1.2/rtm/conversations/c1/blacklists",
    "/1.2/rtm/clients/Tom/blacklists",
    "/1.1/rtm/broadcast",
    "/1.1/rtm/broadcast/subscriber",
    "/1.1/rtm/conversation/subscription",
    "/1.1/rtm/conversation/subscribers/count",
    "/1.1/rtm/conversation/blacklist",
    "/1.1/rtm/transient_group/onlines",
  ])("%s says so", async (path) => {
    for (const method of ["GET", "POST"]) {
      const response = await to(method, path);
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({ code: 404, error: expect.stringMatching(/not served/) });
    }
  });
});
