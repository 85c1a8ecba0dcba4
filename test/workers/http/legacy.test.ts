import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { MessagePlace, PatchByServer, Said } from "../../../src/env.ts";
import { masterKeys, openWorld } from "../support/world.ts";
import { answering, ask } from "./ask.ts";

beforeAll(() => openWorld());

const asked: unknown[] = [];
beforeEach(() => {
  asked.length = 0;
});

const env = answering({
  conversations: {
    say: async (message: Said) => {
      asked.push(message);
      return { messageId: "m1", timestamp: 5 };
    },
    patch: async (patch: PatchByServer) => {
      asked.push(patch);
      return undefined;
    },
    deleteMessage: async (place: MessagePlace) => {
      asked.push(place);
      return undefined;
    },
  },
});

const to = (method: string, path: string, body?: unknown) =>
  ask(`http://im.example.com${path}`, {
    ...{ method, headers: masterKeys, env },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

const said = {
  ...{ from: "Tom", content: "Hello", transient: true, noSync: false, mentionAll: false, mentions: [] },
  ...{ pushData: undefined, dedupeToken: undefined },
};

describe("[A-08] version 1.1", () => {
  test.each([
    // As documented: transient unless told otherwise (http-api §15.5).
    ["/1.1/rtm/messages", { message: "Hello" }, said],
    [
      "/1.1/rtm/messages/",
      { message: "Hello", transient: false, no_sync: true },
      { ...said, transient: false, noSync: true },
    ],
    // As the Python SDK sends it.
    [
      "/1.1/rtm/messages",
      { message: "Hello", transient: false, push_data: { alert: "Hi" } },
      { ...said, transient: false, pushData: '{"alert":"Hi"}' },
    ],
    // As back ends that forget to make a text of it.
    ["/1.1/rtm/messages", { message: { _lctype: -1 } }, { ...said, content: '{"_lctype":-1}' }],
  ])("POST %s with %j", async (path, body, expected) => {
    const response = await to("POST", path, { from_peer: "Tom", conv_id: "c1", ...body });
    expect(await response.json()).toEqual({ "msg-id": "m1", timestamp: 5 });
    expect(asked).toEqual([expected]);
  });

  const place = { messageId: "m1", timestamp: 5, from: "Tom" };
  const patch = { from_peer: "Tom", conv_id: "c1", msg_id: "m1", timestamp: 5 };

  test.each([
    [
      { ...patch, message: "x" },
      { ...place, recall: false, silent: false, content: "x" },
    ],
    [
      { ...patch, message: "x", recall: true },
      { ...place, recall: true, silent: false },
    ],
    [
      { ...patch, timestamp: "5", recall: true },
      { ...place, recall: true, silent: false },
    ],
  ])("POST patch/message with %j", async (body, expected) => {
    expect(await (await to("POST", "/1.1/rtm/patch/message", body)).json()).toEqual({});
    expect(asked).toEqual([expected]);
  });

  const record = {
    ...{ "msg-id": "m1", timestamp: 5, from: "Tom", to: "c1", "conv-id": "c100", "is-conv": true },
    ...{ "is-room": false, "from-ip": "203.0.113.7", data: "x", bin: false },
  };

  test("PUT messages/logs rewrites the stored copy from a whole record, bytes included", async () => {
    expect(await (await to("PUT", "/1.1/rtm/messages/logs", record)).json()).toEqual({});
    await to("PUT", "/1.1/rtm/messages/logs", { ...record, data: "AP8=", bin: true });
    expect(asked).toEqual([
      { ...place, recall: false, silent: true, content: "x" },
      { ...place, recall: false, silent: true, content: new Uint8Array([0, 255]) },
    ]);
  });

  test("DELETE messages/logs deletes it, and what a body says beside is passed over", async () => {
    const path = "/1.1/rtm/messages/logs?convid=c1&msgid=m1&timestamp=5&from=Tom";
    // The Python SDK puts `null` into the body of every DELETE.
    expect(await (await to("DELETE", path, null)).json()).toEqual({});
    expect(asked).toEqual([place]);
  });

  test.each([
    ["POST", "/1.1/rtm/messages", { from_peer: "Tom", message: "x" }],
    ["POST", "/1.1/rtm/messages", { from_peer: "Tom", conv_id: "c1", message: "x", to_peers: ["Jerry"] }],
    ["POST", "/1.1/rtm/messages", { from_peer: "Tom", conv_id: "../x", message: "x" }],
    ["POST", "/1.1/rtm/patch/message", patch],
    ["POST", "/1.1/rtm/patch/message", { ...patch, recall: true, to_peers: "Jerry" }],
    ["PUT", "/1.1/rtm/messages/logs", { ...record, to: undefined }],
    ["PUT", "/1.1/rtm/messages/logs", { ...record, data: "!", bin: true }],
  ])("%s %s refuses %j", async (method, path, body) => {
    const response = await to(method, path, body);
    expect([response.status, await response.json()]).toMatchObject([400, { code: 105 }]);
    expect(asked).toEqual([]);
  });
});
