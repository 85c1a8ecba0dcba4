import { describe, expect, test } from "vitest";
import { parametersOf } from "../../../../src/hooks/app-server/hook-call.ts";
import type { HookQuestion } from "../../../../src/hooks/before/hook-question.ts";
import type { Leaving, ReportedEvent } from "../../../../src/model/app-events.ts";
import { arriving, editing, saying, starting, unseen } from "../../../support/hook-examples.ts";

const conversationId = "65537a0e0000000000000001";
const NOON = Date.UTC(2026, 10, 25, 12);
const changing = { conversationId, by: "Tom", members: ["Jerry"] };
const seen = { initBy: "Tom", members: ["Jerry"], convId: conversationId };

const cases: [string, HookQuestion | ReportedEvent, object][] = [
  [
    "[H-01] a message that arrived",
    saying(new Uint8Array([1, 2, 3])),
    {
      fromPeer: "Tom",
      convId: conversationId,
      toPeers: ["Jerry", "Spike"],
      content: "AQID",
      bin: true,
      transient: false,
      receipt: true,
      system: null,
      groupId: null,
      timestamp: NOON,
      sourceIP: "203.0.113.7",
    },
  ],
  [
    "[H-04] an edit",
    editing("cheese"),
    {
      fromPeer: "Tom",
      convId: conversationId,
      toPeers: ["Jerry", "Spike"],
      content: "cheese",
      bin: false,
      timestamp: NOON,
      msgId: "message-1",
      recall: false,
      system: null,
      sourceIP: null,
    },
  ],
  [
    "[H-03] who is offline, and who of them is mentioned",
    unseen("hello"),
    {
      fromPeer: "Tom",
      convId: conversationId,
      offlinePeers: ["Jerry", "Spike"],
      content: "hello",
      timestamp: NOON,
      mentionAll: false,
      mentionOfflinePeers: ["Jerry"],
    },
  ],
  [
    "[H-03] who is offline, all of them mentioned",
    unseen(new Uint8Array([1, 2, 3]), { mentionAll: true }),
    {
      fromPeer: "Tom",
      convId: conversationId,
      offlinePeers: ["Jerry", "Spike"],
      content: "AQID",
      timestamp: NOON,
      mentionAll: true,
      mentionOfflinePeers: [],
    },
  ],
  [
    "[H-02] a message that was delivered",
    {
      id: "e",
      at: NOON,
      name: "messageSent",
      messageId: "m",
      conversationId,
      from: "Tom",
      content: "hello",
      timestamp: NOON,
      address: undefined,
      transient: false,
      receipt: false,
      mentionAll: true,
      mentions: [],
      pushData: "{}",
      to: undefined,
      online: ["Jerry"],
      offline: ["Spike"],
    },
    {
      fromPeer: "Tom",
      convId: conversationId,
      msgId: "m",
      onlinePeers: ["Jerry"],
      transient: false,
      offlinePeers: ["Spike"],
      system: null,
      bin: false,
      content: "hello",
      receipt: false,
      timestamp: NOON,
      sourceIP: null,
    },
  ],
  [
    "[H-05] a conversation to be created",
    starting({ name: "cheese", colour: 1 }),
    { initBy: "Tom", members: ["Tom", "Jerry"], attr: { name: "cheese", colour: 1 } },
  ],
  [
    "[H-05] a conversation created",
    { id: "e", at: NOON, name: "conversationStarted", ...changing },
    { convId: conversationId },
  ],
  ["[H-06] a member to come", { name: "conversationAdd", ...changing }, seen],
  ["[H-06] a member who came", { id: "e", at: NOON, name: "conversationAdded", ...changing }, seen],
  ["[H-07] a member to go", { name: "conversationRemove", ...changing }, seen],
  ["[H-07] a member who went", { id: "e", at: NOON, name: "conversationRemoved", ...changing }, seen],
  [
    "[H-08] attributes to change",
    { name: "conversationUpdate", conversationId, by: "Tom", attributes: { name: "x" } },
    { initBy: "Tom", convId: conversationId, attr: { name: "x" } },
  ],
  [
    "[H-08] a mute to change",
    { name: "conversationUpdate", conversationId, by: "Tom", mute: false },
    { initBy: "Tom", convId: conversationId, mute: false },
  ],
  [
    "[H-09] a client who logged in",
    arriving("e"),
    { peerId: "Tom", sourceIP: "203.0.113.7", tag: "Mobile", reconnect: 0 },
  ],
  ["[H-09] a client who was lost", leaving("lost"), { peerId: "Tom", closeCode: 2, closeMsg: "gone" }],
];

function leaving(why: Leaving): ReportedEvent {
  const who = { clientId: "Tom", address: undefined, tag: undefined };
  return { id: "e", at: NOON, name: "clientOffline", why, message: "gone", ...who };
}

describe("the app's server receives the documented fields and no others", () => {
  test.each(cases)(
    "the app's server receives the documented fields of %s and no others",
    (_, event, parameters) => {
      expect(parametersOf(event)).toStrictEqual(parameters);
    },
  );

  test("[H-09] the close code shows how a session ended", () => {
    const codes = (["logout", "lost", "displaced", "kicked"] as const).map(
      (why) => parametersOf(leaving(why)).closeCode,
    );
    expect(codes).toEqual([1, 2, 3, 4]);
  });
});
