import { evictAllDurableObjects } from "cloudflare:test";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  CONVERSATIONS,
  conversationOf,
  outcome,
  pathOf,
  type Sent,
  saidBy,
  textsIn,
} from "../support/rest.ts";
import { configure, http, masterKeys, openWorld, world } from "../support/world.ts";
import { ask, instead } from "./ask.ts";

/** The quota of messages over HTTP, one for the whole app (L-10). */

let id: string;
let message: Sent;

beforeAll(async () => {
  await openWorld();
  id = await conversationOf(["Tom", "Jerry"]);
  message = await saidBy("Tom", id, "hello");
});
beforeEach(async () => {
  await configure({ limits: { restMessagesPerMinute: 1 } });
  // The count is in memory alone: a fresh minute.
  await evictAllDurableObjects();
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => configure({ limits: { restMessagesPerMinute: null } }));

type Call = [method: string, path: () => string, body: () => object | undefined];

/** Without a hibernation afterwards, which would begin the minute anew. */
function call([method, path, body]: Call, env = {}): Promise<Response> {
  const sent = body();
  return ask(`http://parley.test${path()}`, {
    method,
    headers: { ...masterKeys, "content-type": "application/json" },
    env,
    ...(sent && { body: JSON.stringify(sent) }),
  });
}

const by = (more: object) => ({ from_client: "Tom", timestamp: message.timestamp, ...more });
const by11 = (more: object) => {
  const place = { msg_id: message["msg-id"], timestamp: message.timestamp };
  return { from_peer: "Tom", conv_id: id, ...place, ...more };
};
const send: Call = [
  "POST",
  () => `${CONVERSATIONS}/${id}/messages`,
  () => ({ from_client: "Tom", message: "x" }),
];

const metered: [string, Call][] = [
  ["a message", send],
  ["an edit", ["PUT", () => pathOf(id, message), () => by({ message: "x" })]],
  ["a recall", ["PUT", () => `${pathOf(id, message)}/recall`, () => by({})]],
  [
    "a message by the legacy API",
    ["POST", () => "/1.1/rtm/messages", () => ({ from_peer: "Tom", conv_id: id, message: "x" })],
  ],
  ["a recall by the legacy API", ["POST", () => "/1.1/rtm/patch/message", () => by11({ recall: true })]],
];

const free: [string, Call][] = [
  ["reading history", ["GET", () => `${CONVERSATIONS}/${id}/messages`, () => undefined]],
  [
    "rewriting history by the legacy API",
    [
      "PUT",
      () => "/1.1/rtm/messages/logs",
      () => ({ "msg-id": message["msg-id"], timestamp: message.timestamp, to: id, data: "x" }),
    ],
  ],
  [
    "deleting a message",
    [
      "DELETE",
      () => `${pathOf(id, message)}?from_client=Tom&timestamp=${message.timestamp}`,
      () => undefined,
    ],
  ],
  [
    "deleting a message by the legacy API",
    [
      "DELETE",
      () => {
        const place = { convid: id, msgid: message["msg-id"], timestamp: String(message.timestamp) };
        return `/1.1/rtm/messages/logs?${new URLSearchParams(place)}`;
      },
      () => undefined,
    ],
  ],
];

describe("[L-10] [A-02] the quota of messages", () => {
  test.each(metered)(
    "[L-10] [A-02] %s counts as one message, and beyond the quota is answered with 429 and a time",
    async (_, asked) => {
      expect(await outcome(call(asked))).toBe("200");
      const over = await call(asked);
      const wait = Number(over.headers.get("Retry-After"));
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(60);
      expect(over.headers.get("Access-Control-Expose-Headers")).toContain("Retry-After");
      expect(await outcome(over)).toBe("429 429");
    },
  );

  test("[L-10] [A-02] a request beyond the quota is not done", async () => {
    await call(send);
    const before = await textsIn(id);
    await evictAllDurableObjects();
    await call(send);
    await call(send);
    await call(send);
    expect(await textsIn(id)).toEqual([...before, "x"]);
  });

  test("[L-10] [A-02] all counted requests share one quota", async () => {
    expect(await outcome(call(send))).toBe("200");
    for (const [, asked] of metered) expect(await outcome(call(asked))).toBe("429 429");
  });

  test("[L-10] [A-02] the quota is renewed after a minute", async () => {
    await call(send);
    expect(await outcome(call(send))).toBe("429 429");
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 61_000);
    expect(await outcome(call(send))).toBe("200");
  });

  test("[L-10] [A-02] bad input does not count", async () => {
    const bad: Call = [send[0], send[1], () => ({ from_client: "Tom" })];
    const long: Call = [send[0], send[1], () => ({ from_client: "Tom", message: "x".repeat(33_000) })];
    for (const asked of [bad, long]) expect(await outcome(call(asked))).toMatch(/^4(00|13) /);
    const response = await http(send[1](), { method: "POST", body: "{}" });
    expect(await outcome(response)).toBe("401 401");
    expect(await outcome(call(send))).toBe("200");
  });

  test("[L-10] [A-02] a quota of 0 is unlimited", async () => {
    await configure({ limits: { restMessagesPerMinute: 0 } });
    for (const _ of [1, 2, 3]) expect(await outcome(call(send))).toBe("200");
  });

  test("[L-10] [A-02] [I11] messages go on while the object that counts fails", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const APP = instead(world.APP, () => Promise.reject(new Error("no")));
    for (const _ of [1, 2]) expect(await outcome(call(send, { APP }))).toBe("200");
    expect(log).toHaveBeenCalledTimes(2);
  });

  test.each(free)("[L-10] [A-02] %s does not count", async (_, asked) => {
    message = { ...message, ...(await fresh()) };
    await evictAllDurableObjects();
    await call(send);
    expect(await outcome(call(asked))).toBe("200");
    expect(await outcome(call(send))).toBe("429 429");
  });
});

/** A message that is there, whatever became of the one before. */
async function fresh(): Promise<Sent> {
  await configure({ limits: { restMessagesPerMinute: 0 } });
  const sent = await saidBy("Tom", id, "hello");
  await configure({ limits: { restMessagesPerMinute: 1 } });
  return sent;
}
