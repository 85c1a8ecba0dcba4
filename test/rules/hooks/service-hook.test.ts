import { expect, test } from "vitest";
import { callServiceHook, isWrittenToService } from "../../../src/hooks/app-server/service-hook.ts";
import type { AppEvent } from "../../../src/model/app-events.ts";
import type { Call } from "../../../src/outbound/http-client.ts";

const written = (more: object = {}): AppEvent => ({
  id: "e1",
  at: 5,
  name: "messageSent",
  messageId: "m1",
  transient: false,
  receipt: false,
  mentionAll: false,
  mentions: [],
  pushData: undefined,
  to: [],
  isForService: true,
  conversationId: "c1",
  from: "tom",
  content: "hello",
  timestamp: 7,
  address: "192.0.2.1",
  online: [],
  offline: [],
  ...more,
});

test("[V-06] only what clients write to services, and is kept, goes to their hook", () => {
  expect(isWrittenToService(written())).toBe(true);
  expect(isWrittenToService(written({ to: ["jerry"] }))).toBe(false);
  expect(isWrittenToService(written({ to: undefined }))).toBe(false);
  expect(isWrittenToService(written({ transient: true }))).toBe(false);
  expect(isWrittenToService(written({ isForService: undefined }))).toBe(false);
});

test("[V-06] the hook gets a list of messages in one request, signed, with a deadline of 5 s", async () => {
  const calls: { call: Call; deadline: number }[] = [];
  const outbound = {
    send: async (call: Call, deadline: number) => {
      calls.push({ call, deadline });
      return { status: calls.length === 1 ? 200 : 500, text: "" };
    },
  };
  const events = [written(), written({ id: "e2", content: new Uint8Array([1, 2]), address: undefined })];
  const post = () =>
    callServiceHook(
      events.filter(isWrittenToService),
      { url: "https://app.test/hook", secret: "s" },
      {
        outbound: outbound as never,
        now: () => 9_000,
      },
    );
  expect(await post()).toMatchObject({ outcome: "answered" });
  expect(await post()).toMatchObject({ outcome: "failed" });
  const [first] = calls;
  expect(first?.deadline).toBe(5_000);
  expect(first?.call.headers).toMatchObject({ "webhook-signature": expect.any(String) });
  const date = { __type: "Date", iso: "1970-01-01T00:00:00.007Z" };
  const conv = { __type: "Pointer", className: "_Conversation", objectId: "c1" };
  const common = { from: "tom", conv, createdAt: date, updatedAt: date };
  expect(JSON.parse(String(first?.call.body))).toEqual([
    { ...common, msgId: "m1", fromIp: "192.0.2.1", bin: false, data: "hello" },
    { ...common, msgId: "m1", bin: true, data: "AQI=" },
  ]);
});

test("[V-06] a request keeps its id when it is repeated, and one with more messages has another", async () => {
  const ids: (string | undefined)[] = [];
  const outbound = {
    send: async ({ headers }: Call) => {
      ids.push(headers["webhook-id"]);
      return { status: 204, text: "" };
    },
  };
  const alone = [written()];
  for (const events of [alone, alone, [...alone, written({ id: "e2" })]]) {
    await callServiceHook(
      events.filter(isWrittenToService),
      { url: "https://app.test/hook", secret: "s" },
      { outbound: outbound as never, now: () => 9_000 },
    );
  }
  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
});
