import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ConversationObject } from "../../../src/conversation/conversation-object.ts";
import { heard, history, named, settle } from "../support/chat.ts";
import { caughtUp, pushesOf } from "../support/commands.ts";
import { archivedAs } from "../support/d1.ts";
import { Device } from "../support/device.ts";
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

/** Tom and Jerry, each on a device, in a conversation. */
async function kitchen() {
  const [tom, jerry] = named("tom", "jerry");
  const id = await conversationOf([tom, jerry]);
  const [toms, jerrys] = [await Device.of(tom), await Device.of(jerry)];
  await caughtUp(id, toms, jerrys);
  const say = (body: object, path = "/1.1/rtm/messages") =>
    done<Sent>("POST", path, { from_peer: tom, conv_id: id, ...body });
  return { tom, jerry, id, toms, jerrys, say };
}

describe("[A-08] POST messages", () => {
  test("[http-api §15.5] is transient unless told otherwise", async () => {
    const { id, toms, jerrys, say } = await kitchen();
    await say({ message: "passing" });
    await say({ message: "staying", transient: false });
    for (const device of [toms, jerrys]) {
      expect((await device.message("passing")).directMessage?.transient).toBe(true);
      await device.message("staying");
    }
    expect(await textsIn(id)).toEqual(["staying"]);
  });

  test("also with a slash at the end, as old documents have it, and with `no_sync`", async () => {
    const { id, toms, jerrys, say } = await kitchen();
    await say({ message: "hello", transient: false, no_sync: true }, "/1.1/rtm/messages/");
    await jerrys.message("hello");
    await settle(id, jerrys, toms);
    expect([heard(toms, id), heard(jerrys, id)]).toEqual([[], ["hello"]]);
  });

  test("with push data as the Python SDK sends it", async () => {
    const { say, jerrys } = await kitchen();
    const said = vi.spyOn(ConversationObject.prototype, "say");
    await say({ message: "hello", transient: false, push_data: { alert: "Hi" } });
    expect(said.mock.calls).toMatchObject([[{ pushData: '{"alert":"Hi"}' }]]);
    await jerrys.message("hello");
  });

  test("of back ends that forget to make a text of a typed message", async () => {
    const { say, jerrys } = await kitchen();
    await say({ message: { _lctype: -1 }, transient: false, priority: "high" });
    await jerrys.message('{"_lctype":-1}');
  });

  test("[I3] with an Idempotency-Key once, whichever version it comes by", async () => {
    const { tom, id } = await kitchen();
    const key = { "Idempotency-Key": "order-4711" };
    const old = { from_peer: tom, conv_id: id, message: "once", transient: false };
    const first = await (await rest("POST", "/1.1/rtm/messages", old, key)).json();
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
  ])("with %j makes it %s, on devices too", async (change, text) => {
    const { tom, id, jerrys, say } = await kitchen();
    const { "msg-id": msg_id, timestamp } = await say({ message: "Helo", transient: false });
    await jerrys.message("Helo");
    const place = { from_peer: tom, conv_id: id, msg_id };
    expect(await done("POST", "/1.1/rtm/patch/message", { ...place, timestamp, ...change })).toEqual({});
    const [patch] = (await jerrys.push("patch")).patchMessage?.patches ?? [];
    expect(new TextDecoder().decode(patch?.data)).toBe(text);
    expect(await textsIn(id)).toEqual([text]);
  });

  test("takes the time as a text, too", async () => {
    const { tom, id, say } = await kitchen();
    const { "msg-id": msg_id, timestamp } = await say({ message: "Helo", transient: false });
    const place = { from_peer: tom, conv_id: id, msg_id, timestamp: String(timestamp) };
    await done("POST", "/1.1/rtm/patch/message", { ...place, message: "Hello" });
    expect(await textsIn(id)).toEqual(["Hello"]);
  });
});

describe("[A-08] messages/logs", () => {
  test("PUT rewrites the stored copy from a whole record, bytes included, and tells nobody", async () => {
    const { tom, id, toms, jerrys, say } = await kitchen();
    await say({ message: "Helo", transient: false });
    await archivedAs(id, ["Helo"]);
    const [record] = await done<Logged[]>("GET", `/1.1/rtm/messages/history?convid=${id}`);
    expect(await done("PUT", "/1.1/rtm/messages/logs", { ...record, data: "Hello" })).toEqual({});
    expect(await textsIn(id)).toEqual(["Hello"]);
    await archivedAs(id, ["Hello"]);
    await done("PUT", "/1.1/rtm/messages/logs", { ...record, data: "AP8=", bin: true });
    const [bytes] = await done<Logged[]>("GET", `/1.1/rtm/messages/history?convid=${id}`);
    expect(bytes).toEqual({ ...record, data: "AP8=", bin: true });
    await saidBy(tom, id, "after");
    await jerrys.message("after");
    await settle(id, toms, jerrys);
    expect(heard(jerrys, id)).toEqual(["Helo", "after"]);
    expect(pushesOf(jerrys, "patch")).toEqual([]);
  });

  test("DELETE deletes it, and what a body says beside is passed over", async () => {
    const { tom, id, jerrys, say } = await kitchen();
    const { "msg-id": msgid, timestamp } = await say({ message: "oops", transient: false });
    const query = new URLSearchParams({ convid: id, msgid, timestamp: String(timestamp), from: tom });
    // The Python SDK puts `null` into the body of every DELETE.
    expect(await done("DELETE", `/1.1/rtm/messages/logs?${query}`, null)).toEqual({});
    expect(await history(jerrys, id)).toEqual([]);
    expect(await outcome(rest("DELETE", `/1.1/rtm/messages/logs?${query}`))).toBe("404 4404");
  });
});

describe("[A-08] [I10] what does not fit", () => {
  const place = { from_peer: "Tom", msg_id: "m1", timestamp: 5 };
  const record = { "msg-id": "m1", timestamp: 5, from: "Tom", data: "x" };

  test.each([
    ["POST", "/1.1/rtm/messages", { from_peer: "Tom", message: "x", conv_id: undefined }, "400 105"],
    ["POST", "/1.1/rtm/messages", { from_peer: "Tom", message: "x", to_peers: ["Jerry"] }, "400 105"],
    ["POST", "/1.1/rtm/messages", { from_peer: "Tom", message: "x", conv_id: "../x" }, "400 105"],
    ["POST", "/1.1/rtm/messages", { from_peer: "Tom", message: "x".repeat(5_121) }, "413 4109"],
    ["POST", "/1.1/rtm/patch/message", place, "400 105"],
    ["POST", "/1.1/rtm/patch/message", { ...place, recall: true, to_peers: "Jerry" }, "400 105"],
    ["POST", "/1.1/rtm/patch/message", { ...place, recall: true }, "404 4404"],
    ["PUT", "/1.1/rtm/messages/logs", record, "400 105"],
    ["PUT", "/1.1/rtm/messages/logs", { ...record, to: "c1", data: "!", bin: true }, "400 105"],
    ["DELETE", "/1.1/rtm/messages/logs?msgid=m1&timestamp=5", undefined, "400 1"],
  ])("%s %s refuses %j", async (method, path, body, expected) => {
    const id = await conversationOf(["Tom", "Jerry"]);
    await saidBy("Tom", id, "hello");
    expect(await outcome(rest(method, path, body && { conv_id: id, ...body }))).toBe(expected);
    expect(await textsIn(id)).toEqual(["hello"]);
  });
});

describe("[B-19] conversations as rows of a class", () => {
  const CLASS = "/1.1/classes/_Conversation";

  test("are created, read, changed and deleted as the Python SDK does it, and members are told", async () => {
    const [tom, jerry, spike] = named("tom", "jerry", "spike");
    const spikes = await Device.of(spike);
    const made = await done<{ objectId: string }>("POST", `${CLASS}?fetchWhenSave=false`, {
      ...{ name: "cheese", unique: false, m: [tom, jerry] },
    });
    const row = `${CLASS}/${made.objectId}`;
    await done("PUT", row, { m: { __op: "AddUnique", objects: [spike] } });
    const joined = await spikes.push("conv");
    expect(joined.convMessage?.cid).toBe(made.objectId);
    await done("PUT", row, { m: { __op: "Remove", objects: [jerry] } });
    await done("PUT", row, { name: "gouda", "attr.holes": 3 });
    expect(await done("GET", row)).toMatchObject({
      ...{ objectId: made.objectId, name: "gouda", m: [tom, spike], attr: { holes: 3 } },
    });
    await done("DELETE", row, {});
    expect(await outcome(rest("GET", row))).toBe("404 101");
  });

  test("are found by any condition, in the order asked for", async () => {
    const [tom] = named("tom");
    const first = await done<{ objectId: string }>("POST", CLASS, { m: [tom], name: "first" });
    const second = await done<{ objectId: string }>("POST", CLASS, {
      m: { __op: "Add", objects: [tom] },
      name: "second",
    });
    const where = encodeURIComponent(JSON.stringify({ m: tom }));
    const find = async (more: string) => {
      const found = await done<{ results: { objectId: string }[] }>("GET", `${CLASS}?where=${where}${more}`);
      return found.results.map(({ objectId }) => objectId);
    };
    expect(await find("")).toEqual([first.objectId, second.objectId]);
    expect(await find("&order=-name")).toEqual([second.objectId, first.objectId]);
    expect(await find("&limit=1&skip=1")).toEqual([second.objectId]);
  });

  test("other classes are not served, and it says so", async () => {
    expect(await outcome(rest("GET", "/1.1/classes/Todo"))).toBe("404 404");
  });
});
