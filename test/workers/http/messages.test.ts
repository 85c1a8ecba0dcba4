import { beforeEach, describe, expect, test, vi } from "vitest";
import type { HistoryRequest } from "../../../src/conversation/log.ts";
import { DeadlineExceeded } from "../../../src/deadline.ts";
import type { ConversationStub, MessagePlace, PatchByServer, Said } from "../../../src/env.ts";
import type { HistoryMessage } from "../../../src/protocol/replies.ts";
import { configure, masterKeys, openWorld } from "../support/world.ts";
import { answering, ask } from "./ask.ts";

/** What the routes for messages ask of a conversation, and what they make of its answers. */

beforeEach(() => openWorld());

const asked: unknown[] = [];
beforeEach(() => {
  asked.length = 0;
});

const conversation: Partial<ConversationStub> = {
  say: async (message: Said) => {
    asked.push(message);
    return { messageId: "m1", timestamp: 1_700_000_000_000 };
  },
  patch: async (patch: PatchByServer) => {
    asked.push(patch);
    return undefined;
  },
  deleteMessage: async (place: MessagePlace) => {
    asked.push(place);
    return undefined;
  },
};

interface Options {
  headers?: Record<string, string>;
  objects?: Parameters<typeof answering>[0];
}

function to(method: string, path: string, body?: unknown, { headers, objects }: Options = {}) {
  return ask(`http://im.example.com${path}`, {
    ...{ method, headers: { ...masterKeys, ...headers } },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    env: answering({ conversations: conversation, ...objects }),
  });
}

const PATH = "/1.2/rtm/conversations/c1/messages";
const plain = { from_client: "Tom", message: "Hello" };
const said = {
  ...{ from: "Tom", content: "Hello", transient: false, noSync: false, mentionAll: false, mentions: [] },
  ...{ pushData: undefined, dedupeToken: undefined },
};

describe("[A-02] [http-api §2.2] sending", () => {
  test.each([
    [plain, said],
    [
      { ...plain, transient: true, no_sync: true, priority: "HIGH" },
      { ...said, transient: true, noSync: true },
    ],
    [
      { ...plain, mention_all: true, mention_client_ids: ["Jerry"] },
      { ...said, mentionAll: true, mentions: ["Jerry"] },
    ],
    [
      { ...plain, push_data: { alert: "Hi" } },
      { ...said, pushData: '{"alert":"Hi"}' },
    ],
    [
      { ...plain, push_data: '{"alert":"Hi"}' },
      { ...said, pushData: '{"alert":"Hi"}' },
    ],
    [
      { ...plain, push_data: "Hi" },
      { ...said, pushData: '"Hi"' },
    ],
    // Old back ends forget to make a text of a typed message.
    [
      { ...plain, message: { _lctype: -1 } },
      { ...said, content: '{"_lctype":-1}' },
    ],
  ])("%j becomes %j", async (body, expected) => {
    const response = await to("POST", PATH, body);
    expect(await response.json()).toEqual({ "msg-id": "m1", timestamp: 1_700_000_000_000 });
    expect(asked).toEqual([expected]);
  });

  test.each([
    [{}, 105, /from_client/],
    [{ from_client: "Tom" }, 105, /message/],
    [{ ...plain, from_client: "" }, 105, /from_client/],
    [{ ...plain, message: 7 }, 105, /message/],
    [{ ...plain, transient: "yes" }, 105, /transient/],
    [{ ...plain, priority: "urgent" }, 105, /priority/],
    [{ ...plain, mention_client_ids: Array(21).fill("Jerry") }, 105, /mention_client_ids/],
    [{ ...plain, to_clients: ["Jerry"] }, 105, /to_clients/],
    ["", 105, /from_client/],
    ["{", 107, /Malformed JSON/],
    ['{"constructor":1}', 107, /constructor/],
  ])("%j is refused with %i, and nobody is asked", async (body, code, error) => {
    const spend = vi.fn(async () => undefined);
    const response = await to("POST", PATH, body, { objects: { app: { spend } } });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ code, error: expect.stringMatching(error) });
    expect(asked).toEqual([]);
    expect(spend).not.toHaveBeenCalled();
  });

  test("[B-09] [L-05] content and push data together have the limit of the settings", async () => {
    const message = "é".repeat(2_000);
    expect((await to("POST", PATH, { ...plain, message })).status).toBe(200);
    const response = await to("POST", PATH, { ...plain, message, push_data: "x".repeat(1_200) });
    expect([response.status, await response.json()]).toMatchObject([413, { code: 4109 }]);
    expect(asked).toHaveLength(1);
  });

  test("a body over 64 KB is refused, announced or not, and not read to its end", async () => {
    const response = await to("POST", PATH, { ...plain, message: "x".repeat(70_000) });
    expect([response.status, await response.json()]).toMatchObject([413, { code: 413 }]);
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(16_384).fill(32));
      },
    });
    const streamed = await ask(`http://im.example.com${PATH}`, {
      ...{ method: "POST", headers: masterKeys, body: endless, env: answering({}) },
    });
    expect(streamed.status).toBe(413);
    expect(sent).toBeLessThan(10);
  });

  test("[I3] an Idempotency-Key makes it the same message each time, apart from the sender's devices", async () => {
    await to("POST", PATH, plain, { headers: { "Idempotency-Key": "order-4711" } });
    expect(asked).toEqual([{ ...said, dedupeToken: "http order-4711" }]);
    for (const key of ["", "x".repeat(129), "a b"]) {
      const response = await to("POST", PATH, plain, { headers: { "Idempotency-Key": key } });
      expect([response.status, await response.json()]).toMatchObject([400, { code: 1 }]);
    }
    expect(asked).toHaveLength(1);
  });
});

describe("[L-10] the quota of messages", () => {
  const spend = vi.fn(async (_quota: string, _perMinute: number) => ({ retryAfter: 17 }));
  const place = { from_client: "Tom", timestamp: 5 };

  test.each([
    ["POST", PATH, plain],
    ["PUT", `${PATH}/m1`, { ...place, message: "x" }],
    ["PUT", `${PATH}/m1/recall`, place],
    ["POST", "/1.1/rtm/messages", { from_peer: "Tom", conv_id: "c1", message: "x" }],
    [
      "POST",
      "/1.1/rtm/patch/message",
      { from_peer: "Tom", conv_id: "c1", msg_id: "m1", timestamp: 5, recall: true },
    ],
  ])("%s %s takes one from it, or is told when there is more", async (method, path, body) => {
    spend.mockClear();
    const response = await to(method, path, body, { objects: { app: { spend } } });
    expect([response.status, await response.json()]).toMatchObject([429, { code: 429 }]);
    expect(response.headers.get("Retry-After")).toBe("17");
    expect(spend.mock.calls).toEqual([["rest-messages", 1_800]]);
    expect(asked).toEqual([]);
  });

  test.each([
    ["DELETE", `${PATH}/m1?from_client=Tom&timestamp=5`, undefined],
    ["PUT", "/1.1/rtm/messages/logs", { "msg-id": "m1", timestamp: 5, to: "c1", data: "x" }],
    ["DELETE", "/1.1/rtm/messages/logs?convid=c1&msgid=m1&timestamp=5", undefined],
  ])("%s %s counts for nothing", async (method, path, body) => {
    const response = await to(method, path, body, { objects: { app: { spend } } });
    expect(response.status).toBe(200);
  });

  test("0 is unlimited, and messages go on when nobody counts", async () => {
    const failing = vi.fn(() => Promise.reject(new Error("no")));
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    expect((await to("POST", PATH, plain, { objects: { app: { spend: failing } } })).status).toBe(200);
    log.mockRestore();
    await configure({ limits: { restMessagesPerMinute: 0 } });
    expect((await to("POST", PATH, plain, { objects: { app: { spend } } })).status).toBe(200);
    await configure({ limits: { restMessagesPerMinute: null } });
  });
});

describe("[A-02] edit, recall and delete", () => {
  const place = { messageId: "a+b_c", timestamp: 5, from: "Tom" };

  test.each(["a%2Bb_c", "a+b_c", "a%20b_c"])("name a message as %s", async (id) => {
    const by = { from_client: "Tom", timestamp: 5 };
    expect(await (await to("PUT", `${PATH}/${id}`, { ...by, message: "x" })).json()).toEqual({});
    expect(await (await to("PUT", `${PATH}/${id}/recall`, by)).json()).toEqual({});
    expect(await (await to("DELETE", `${PATH}/${id}?from_client=Tom&timestamp=5`)).json()).toEqual({});
    expect(asked).toEqual([
      { ...place, recall: false, silent: false, content: "x" },
      { ...place, recall: true, silent: false },
      place,
    ]);
  });

  test.each([
    ["PUT", `${PATH}/m1`, { from_client: "Tom", timestamp: 5 }, 105],
    ["PUT", `${PATH}/m1`, { from_client: "Tom", message: "x" }, 105],
    ["PUT", `${PATH}/m1`, { from_client: "Tom", message: "x", timestamp: -1 }, 105],
    ["PUT", `${PATH}/m1/recall`, { timestamp: 5 }, 105],
    ["DELETE", `${PATH}/m1?from_client=Tom`, undefined, 1],
    ["DELETE", `${PATH}/m1?from_client=Tom&timestamp=x`, undefined, 1],
    ["DELETE", `${PATH}/m1?from_client=Tom&timestamp=5&timestamp=6`, undefined, 1],
  ])("%s %s with %j is refused with %i", async (method, path, body, code) => {
    const response = await to(method, path, body);
    expect([response.status, await response.json()]).toMatchObject([400, { code }]);
    expect(asked).toEqual([]);
  });
});

describe("[I10] what a conversation refuses or leaves open", () => {
  test.each([
    ["CONVERSATION_NOT_FOUND", 404, 4303],
    ["MESSAGE_NOT_FOUND", 404, 4404],
    ["MESSAGE_OWNERSHIP_REQUIRED", 403, 4403],
    ["MESSAGE_REJECTED_BY_APP", 403, 4402],
    ["UNSUPPORTED_COMMAND", 400, 1],
    ["INTERNAL_ERROR", 500, 4200],
  ] as const)("%s is %i with %i and a sentence", async (refused, status, code) => {
    const say = async () => ({ refused, detail: "because" });
    const response = await to("POST", PATH, plain, { objects: { conversations: { say } } });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ code, error: expect.stringMatching(/: because$/) });
  });

  test.each([
    [new DeadlineExceeded("late"), 504, 4201],
    [new Error("secret of the object"), 503, 503],
  ])("%s is %i with %i", async (error, status, code) => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const say = () => Promise.reject(error);
    const response = await to("POST", PATH, plain, { objects: { conversations: { say } } });
    expect([response.status, await response.json()]).toEqual([
      status,
      { code, error: expect.not.stringContaining("secret") },
    ]);
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
  });
});

describe("[http-api §3] history", () => {
  const requests: HistoryRequest[] = [];
  const stored = (id: string, timestamp: number, more: Partial<HistoryMessage> = {}): HistoryMessage => ({
    ...{ id, timestamp, from: "Tom", content: "Hello", mentionAll: false, mentions: [], receipt: false },
    ...{ patchedAt: undefined, recalled: false, ...more },
  });
  const ID = "65537a0e0000000000000001";
  const read = (query: string, found: HistoryMessage[] = []) => {
    requests.length = 0;
    const history = async (request: HistoryRequest) => {
      requests.push(request);
      return found;
    };
    const path = `/1.2/rtm/conversations/${ID}/messages?${query}`;
    return to("GET", path, undefined, { objects: { conversations: { history } } });
  };

  test.each([
    ["", { direction: "older", start: undefined, end: undefined, limit: 100 }],
    [
      "timestamp=3&msgid=a%2Bb&till_timestamp=1&till_msgid=c&include_start=true&limit=7",
      {
        ...{ direction: "older", limit: 7 },
        start: { timestamp: 3, messageId: "a+b", inclusive: true },
        end: { timestamp: 1, messageId: "c", inclusive: false },
      },
    ],
    [
      "timestamp=1&till_timestamp=3&include_stop=1&reversed=True",
      {
        ...{ direction: "newer", limit: 100 },
        start: { timestamp: 1, messageId: undefined, inclusive: false },
        end: { timestamp: 3, messageId: undefined, inclusive: true },
      },
    ],
    ["limit=0", { direction: "older", start: undefined, end: undefined, limit: 100 }],
    ["limit=1001", { direction: "older", start: undefined, end: undefined, limit: 100 }],
    ["limit=1000", { direction: "older", start: undefined, end: undefined, limit: 1000 }],
  ])("%j asks for %j", async (query, expected) => {
    expect((await read(query)).status).toBe(200);
    expect(requests).toEqual([{ messageType: undefined, ...expected }]);
  });

  test.each(["msgid=a", "till_msgid=a", "limit=x", "timestamp=yesterday", "reversed=maybe", "timestamp=-1"])(
    "%s is refused",
    async (query) => {
      const response = await read(query);
      expect([response.status, await response.json()]).toMatchObject([400, { code: 1 }]);
      expect(requests).toEqual([]);
    },
  );

  test("records come newest first, or oldest first if reversed", async () => {
    const found = [stored("a", 1), stored("b", 2), stored("a", 2)];
    const order = async (query: string) => {
      const records = await (await read(query, found)).json<{ "msg-id": string; timestamp: number }[]>();
      return records.map((record) => `${record.timestamp}${record["msg-id"]}`);
    };
    expect(await order("")).toEqual(["2b", "2a", "1a"]);
    expect(await order("reversed=true")).toEqual(["1a", "2a", "2b"]);
  });

  test("a record has the documented fields", async () => {
    const found = [
      stored("m2", 2, { content: new Uint8Array([0, 255]), deliveredAt: 9 }),
      Object.assign(stored("m1", 1), { address: "203.0.113.7" }),
    ];
    expect(await (await read("", found)).json()).toEqual([
      {
        ...{ "msg-id": "m2", timestamp: 2, from: "Tom", to: ID, "conv-id": `${ID}00000000` },
        ...{ data: "AP8=", bin: true, "is-conv": true, "is-room": false, "ack-at": 9 },
      },
      {
        ...{ "msg-id": "m1", timestamp: 1, from: "Tom", to: ID, "conv-id": `${ID}00000000` },
        ...{ data: "Hello", bin: false, "is-conv": true, "is-room": false, "from-ip": "203.0.113.7" },
      },
    ]);
  });
});
