import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ConversationObject } from "../../../src/conversation/conversation-object.ts";
import { heard, history, settle } from "../../support/chat.ts";
import { pushesOf } from "../support/commands.ts";
import { archivedAs } from "../support/d1.ts";
import { serverChat } from "../support/pair-chat.ts";
import {
  CONVERSATIONS,
  conversationOf,
  done,
  type Logged,
  outcome,
  rest,
  type Sent,
  saidBy,
  textsIn,
} from "../support/rest.ts";
import { openWorld } from "../support/world.ts";

/** The older forms of the API (http-api §4): paths, names and defaults differ, what comes of them does not. */

beforeAll(() => openWorld());
afterEach(() => {
  vi.restoreAllMocks();
});

/** The same, and how the app's server sends messages there in Tom's name. */
async function legacyChat() {
  const chat = await serverChat();
  const say = (body: object, path = "/1.1/rtm/messages") =>
    done<Sent>("POST", path, { from_peer: chat.tom, conv_id: chat.id, ...body });
  return { ...chat, say };
}

describe("[A-08] POST messages", () => {
  test("[A-08] POST messages answers both flat and inside `result`, as the hosted service did", async () => {
    const { say, jerrys } = await legacyChat();
    const { result, ...flat } = await say({ message: "hello" }).then((sent) => ({ result: {}, ...sent }));
    expect(result).toEqual(flat);
    expect(flat).toEqual({ "msg-id": expect.any(String), timestamp: expect.any(Number) });
    await jerrys.message("hello");
  });

  test("[A-08] [http-api §15.5] POST messages sends a transient message by default", async () => {
    const { id, toms, jerrys, say } = await legacyChat();
    await say({ message: "passing" });
    await say({ message: "staying", transient: false });
    for (const device of [toms, jerrys]) {
      expect((await device.message("passing")).directMessage?.transient).toBe(true);
      await device.message("staying");
    }
    expect(await textsIn(id)).toEqual(["staying"]);
  });

  test("[A-08] POST messages/ with a slash at the end is accepted, also with `no_sync`", async () => {
    const { id, toms, jerrys, say } = await legacyChat();
    await say({ message: "hello", transient: false, no_sync: true }, "/1.1/rtm/messages/");
    await jerrys.message("hello");
    await settle(id, jerrys, toms);
    expect([heard(toms, id), heard(jerrys, id)]).toEqual([[], ["hello"]]);
  });

  test("[A-08] POST messages accepts push data as the Python SDK sends it", async () => {
    const { say, jerrys } = await legacyChat();
    const said = vi.spyOn(ConversationObject.prototype, "sendAsServer");
    await say({ message: "hello", transient: false, push_data: { alert: "Hi" } });
    expect(said.mock.calls).toMatchObject([[{ pushData: '{"alert":"Hi"}' }]]);
    await jerrys.message("hello");
  });

  test("[A-08] POST messages accepts a typed message as an object", async () => {
    const { say, jerrys } = await legacyChat();
    await say({ message: { _lctype: -1 }, transient: false, priority: "high" });
    await jerrys.message('{"_lctype":-1}');
  });

  test("[A-08] [I3] POST messages with an Idempotency-Key sends once, by either version", async () => {
    const { tom, id } = await legacyChat();
    const key = { "Idempotency-Key": "order-4711" };
    const old = { from_peer: tom, conv_id: id, message: "once", transient: false };
    const { result: first } = await (await rest("POST", "/1.1/rtm/messages", old, key)).json<{
      result: Sent;
    }>();
    const path = `${CONVERSATIONS}/${id}/messages`;
    const again = await rest("POST", path, { from_client: tom, message: "once" }, key);
    expect(await again.json()).toEqual(first);
    expect(await textsIn(id)).toEqual(["once"]);
  });
});

describe("[A-08] POST patch/message", () => {
  test.each([
    [{ message: "Hello" }, "Hello"],
    [{ message: "Hello", recall: true }, '{"_lctype":-127}'],
    [{ recall: true }, '{"_lctype":-127}'],
  ])("[A-08] POST patch/message with %j makes the message %s, on devices too", async (change, text) => {
    const { tom, id, jerrys, say } = await legacyChat();
    const { "msg-id": msg_id, timestamp } = await say({ message: "Helo", transient: false });
    await jerrys.message("Helo");
    const place = { from_peer: tom, conv_id: id, msg_id };
    expect(await done("POST", "/1.1/rtm/patch/message", { ...place, timestamp, ...change })).toEqual({});
    const [patch] = (await jerrys.push("patch")).patchMessage?.patches ?? [];
    expect(new TextDecoder().decode(patch?.data)).toBe(text);
    expect(await textsIn(id)).toEqual([text]);
  });

  test("[A-08] POST patch/message accepts the time as a text", async () => {
    const { tom, id, say } = await legacyChat();
    const { "msg-id": msg_id, timestamp } = await say({ message: "Helo", transient: false });
    const place = { from_peer: tom, conv_id: id, msg_id, timestamp: String(timestamp) };
    await done("POST", "/1.1/rtm/patch/message", { ...place, message: "Hello" });
    expect(await textsIn(id)).toEqual(["Hello"]);
  });
});

describe("[A-08] messages/logs", () => {
  test("[A-08] PUT messages/logs rewrites the stored copy from a whole record, bytes included, and notifies nobody", async () => {
    const { tom, id, toms, jerrys, say } = await legacyChat();
    await say({ message: "Helo", transient: false });
    await archivedAs(id, ["Helo"]);
    const [record] = await done<Logged[]>("GET", `/1.1/rtm/messages/history?convid=${id}`);
    expect(await done("PUT", "/1.1/rtm/messages/logs", { ...record, data: "Hello" })).toEqual({});
    expect(await textsIn(id)).toEqual(["Hello"]);
    await archivedAs(id, ["Hello"]);
    await done("PUT", "/1.1/rtm/messages/logs", { ...record, data: "AP8=", bin: true });
    const [bytes] = await done<Logged[]>("GET", `/1.1/rtm/messages/history?convid=${id}`);
    expect(bytes).toEqual({ ...record, data: "AP8=", bin: true, "patched-at": expect.any(Number) });
    // A record as it was read goes back as it is.
    expect(await done("PUT", "/1.1/rtm/messages/logs", bytes)).toEqual({});
    await saidBy(tom, id, "after");
    await jerrys.message("after");
    await settle(id, toms, jerrys);
    expect(heard(jerrys, id)).toEqual(["Helo", "after"]);
    expect(pushesOf(jerrys, "patch")).toEqual([]);
  });

  test("[A-08] DELETE messages/logs deletes the message and ignores its body", async () => {
    const { tom, id, jerrys, say } = await legacyChat();
    const { "msg-id": msgid, timestamp } = await say({ message: "oops", transient: false });
    const query = new URLSearchParams({ convid: id, msgid, timestamp: String(timestamp), from: tom });
    // The Python SDK puts `null` into the body of every DELETE.
    expect(await done("DELETE", `/1.1/rtm/messages/logs?${query}`, null)).toEqual({});
    expect(await history(jerrys, id)).toEqual([]);
    expect(await outcome(rest("DELETE", `/1.1/rtm/messages/logs?${query}`))).toBe("404 4404");
  });
});

describe("[A-08] [I10] invalid requests", () => {
  const place = { from_peer: "Tom", msg_id: "m1", timestamp: 5 };
  const record = { "msg-id": "m1", timestamp: 5, from: "Tom", data: "x" };

  test.each([
    ["POST", "/1.1/rtm/messages", { from_peer: "Tom", message: "x", conv_id: undefined }, "400 105"],
    ["POST", "/1.1/rtm/messages", { from_peer: "Tom", message: "x", to_peers: ["Jerry"] }, "400 4313"],
    ["POST", "/1.1/rtm/messages", { from_peer: "Tom", message: "x", conv_id: "../x" }, "400 105"],
    ["POST", "/1.1/rtm/messages", { from_peer: "Tom", message: "x".repeat(32_769) }, "413 4109"],
    ["POST", "/1.1/rtm/patch/message", place, "400 105"],
    ["POST", "/1.1/rtm/patch/message", { ...place, recall: true, to_peers: "Jerry" }, "400 105"],
    ["POST", "/1.1/rtm/patch/message", { ...place, recall: true }, "404 4404"],
    ["PUT", "/1.1/rtm/messages/logs", record, "400 105"],
    ["PUT", "/1.1/rtm/messages/logs", { ...record, to: "c1", data: "!", bin: true }, "400 105"],
    ["DELETE", "/1.1/rtm/messages/logs?msgid=m1&timestamp=5", undefined, "400 1"],
  ])("[A-08] [I10] %s %s refuses %j", async (method, path, body, expected) => {
    const id = await conversationOf(["Tom", "Jerry"]);
    await saidBy("Tom", id, "hello");
    expect(await outcome(rest(method, path, body && { conv_id: id, ...body }))).toBe(expected);
    expect(await textsIn(id)).toEqual(["hello"]);
  });
});
