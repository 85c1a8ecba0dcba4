import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { KnownConversations } from "../../../src/conversation/creation/known-conversations.ts";
import { DeadlineExceeded } from "../../../src/deadline.ts";
import { serverChat } from "../support/pair-chat.ts";
import { conversationOf, messagesOf, outcome, pathOf, rest, saidBy, textsIn } from "../support/rest.ts";
import { configure, masterKeys, openWorld, world } from "../support/world.ts";
import { ask, instead } from "./ask.ts";

beforeAll(() => openWorld());
afterEach(() => {
  vi.restoreAllMocks();
});

describe("[A-02] [I10] messages that are refused", () => {
  const plain = { from_client: "Tom", message: "Hello" };

  test.each([
    ["nothing", {}, "400 105", /from_client/],
    ["no message", { from_client: "Tom" }, "400 105", /message/],
    ["nobody's message", { ...plain, from_client: "" }, "400 105", /from_client/],
    ["a number", { ...plain, message: 7 }, "400 105", /message/],
    ["a flag that is none", { ...plain, transient: "yes" }, "400 105", /transient/],
    ["a priority there is none of", { ...plain, priority: "urgent" }, "400 105", /priority/],
    ["21 mentions", { ...plain, mention_client_ids: Array(21).fill("Jerry") }, "400 105", /mention/],
    ["to some only", { ...plain, to_clients: ["Jerry"] }, "400 105", /to_clients/],
    ["no body", "", "400 105", /from_client/],
    ["no JSON", "{", "400 107", /Malformed JSON/],
    ["a forbidden name", '{"constructor":1}', "400 107", /constructor/],
    ["32769 bytes", { ...plain, message: "x".repeat(32_769) }, "413 4109", /32768 bytes/],
    ["70,000 bytes", { ...plain, message: "x".repeat(70_000) }, "413 413", /65536 bytes/],
  ])(
    "[A-02] [I10] a message with %s is refused, not sent and not counted",
    async (_, body, expected, error) => {
      const id = await conversationOf(["Tom", "Jerry"]);
      const spent = vi.fn(async () => undefined);
      const response = await ask(`http://parley.test${messagesOf(id)}`, {
        method: "POST",
        headers: masterKeys,
        env: { APP: instead(world.APP, spent) },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      expect(await response.clone().text()).toMatch(error);
      expect(await outcome(response)).toBe(expected);
      expect(await textsIn(id)).toEqual([]);
      expect(spent).not.toHaveBeenCalled();
    },
  );

  test("[A-02] [B-09] [L-05] content and push data together have the limit of the settings", async () => {
    await configure({ limits: { messageBytes: 5_120 } });
    const { tom, id } = await serverChat();
    const path = messagesOf(id);
    const message = "é".repeat(2_000);
    await saidBy(tom, id, message, { push_data: "x".repeat(1_118) });
    const body = { from_client: tom, message, push_data: "x".repeat(1_119) };
    expect(await outcome(rest("POST", path, body))).toBe("413 4109");
    await configure({ limits: { messageBytes: 6_000 } });
    expect(await outcome(rest("POST", path, body))).toBe("200");
    await configure({ limits: { messageBytes: null } });
  });

  test("[A-02] an endless body is refused before its end", async () => {
    const { id } = await serverChat();
    const path = messagesOf(id);
    let chunks = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        chunks += 1;
        controller.enqueue(new Uint8Array(16_384).fill(32));
      },
    });
    const response = await ask(`http://parley.test${path}`, {
      method: "POST",
      headers: masterKeys,
      body: endless,
    });
    expect(response.status).toBe(413);
    expect(chunks).toBeLessThan(10);
  });
});

describe("[I10] requests that name no message", () => {
  const BY = { from_client: "Tom", timestamp: 5 };

  test.each([
    ["PUT", "", BY, "400 105"],
    ["PUT", "", { from_client: "Tom", message: "x" }, "400 105"],
    ["PUT", "", { ...BY, message: "x", timestamp: -1 }, "400 105"],
    ["PUT", "", { ...BY, message: "x" }, "404 4404"],
    ["PUT", "/recall", { timestamp: 5 }, "400 105"],
    ["PUT", "/recall", BY, "404 4404"],
    ["DELETE", "?from_client=Tom", undefined, "400 1"],
    ["DELETE", "?from_client=Tom&timestamp=x", undefined, "400 1"],
    ["DELETE", "?from_client=Tom&timestamp=5&timestamp=6", undefined, "400 1"],
    ["DELETE", "?from_client=Tom&timestamp=5", undefined, "404 4404"],
  ])("[I10] a message request %s …%s with %j is refused with %s", async (method, sub, body, expected) => {
    const id = await conversationOf(["Tom", "Jerry"]);
    const message = await saidBy("Tom", id, "hello");
    expect(await outcome(rest(method, pathOf(id, message) + sub, body))).toBe(expected);
    expect(await textsIn(id)).toEqual(["hello"]);
  });

  test("[M-13] a request for another sender's message is answered with 403 and 4403, and for another conversation's with 404", async () => {
    const { tom, jerry, id } = await serverChat();
    const other = await conversationOf([tom, jerry]);
    const message = await saidBy(tom, id, "hello");
    const { timestamp } = message;
    const wrong = { from_client: jerry, timestamp };
    expect(await outcome(rest("PUT", pathOf(id, message), { ...wrong, message: "x" }))).toBe("403 4403");
    expect(await outcome(rest("PUT", `${pathOf(id, message)}/recall`, wrong))).toBe("403 4403");
    const query = `?from_client=${jerry}&timestamp=${timestamp}`;
    expect(await outcome(rest("DELETE", pathOf(id, message) + query))).toBe("403 4403");
    const right = { from_client: tom, timestamp };
    expect(await outcome(rest("PUT", `${pathOf(other, message)}/recall`, right))).toBe("404 4404");
    expect(await textsIn(id)).toEqual(["hello"]);
  });
});

describe("[I10] sends that a conversation refuses or does not answer", () => {
  beforeEach(() => {
    vi.spyOn(KnownConversations.prototype, "has").mockResolvedValue(true);
  });

  const send = (answer: () => Promise<unknown>) =>
    ask(`http://parley.test${messagesOf("c1")}`, {
      method: "POST",
      headers: masterKeys,
      body: '{"from_client":"Tom","message":"Hello"}',
      env: { CONVERSATIONS: instead(world.CONVERSATIONS, answer) },
    });

  test.each([
    ["MESSAGE_REJECTED_BY_APP", 403, 4402],
    ["UNSUPPORTED_COMMAND", 400, 1],
    ["INTERNAL_ERROR", 500, 4200],
  ])(
    "[I10] a send that the conversation refuses with %s is answered with %i and %i and a sentence",
    async (refused, status, code) => {
      const response = await send(async () => ({ refused, detail: "because" }));
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({ code, error: expect.stringMatching(/: because$/) });
    },
  );

  test.each([
    [new DeadlineExceeded("late"), 504, 4201],
    [new Error("secret of the object"), 503, 503],
  ])(
    "[I10] a send that fails with %s is answered with %i and %i and logged once, without details for the caller",
    async (error, status, code) => {
      const log = vi.spyOn(console, "error").mockImplementation(() => {});
      const response = await send(() => Promise.reject(error));
      expect([response.status, await response.json()]).toEqual([
        status,
        { code, error: expect.not.stringContaining("secret") },
      ]);
      expect(log).toHaveBeenCalledTimes(1);
    },
  );
});
