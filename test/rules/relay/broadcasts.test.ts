import { expect, test } from "vitest";
import type { ConversationControl } from "../../../src/protocol/link-controls.ts";
import { controlRecord, eventRecord, readRecords } from "../../../src/protocol/link-records.ts";
import type { RelayedFrame } from "../../../src/protocol/relay-calls.ts";
import {
  type RelaySocket,
  type RelaySubscriber,
  RelaySubscribers,
} from "../../../src/relay/relay-subscribers.ts";

/** What a relay sends its sessions of one call, by the number of frames and by their records. */

const text = (payload: Uint8Array) => new TextDecoder().decode(payload);

function audience(...clientIds: string[]) {
  const subscribers = new RelaySubscribers([]);
  const people = clientIds.map((clientId, at) => {
    const frames: string[][] = [];
    const socket: RelaySocket = {
      send: (frame) => frames.push(readRecords(frame).map((record) => text(record.payload))),
      close: () => {},
      serializeAttachment: () => {},
      deserializeAttachment: () => null,
    };
    const session: RelaySubscriber = {
      conversationId: "room",
      clientId,
      sessionId: `session of ${clientId}`,
      origin: at,
      mode: "pull",
      address: undefined,
      isPresent: true,
      relay: 1,
      isEvicted: false,
    };
    subscribers.add(socket, session);
    return frames;
  });
  return { subscribers, people };
}

function message(content: string, rest: Partial<RelayedFrame> = {}): RelayedFrame {
  return {
    frame: eventRecord(new TextEncoder().encode(content)),
    narrowed: undefined,
    author: undefined,
    upTo: undefined,
    noticeAt: undefined,
    isEphemeral: false,
    ...rest,
  };
}

test("[T3] a relay sends each session what one call brings as one frame, in order", () => {
  const { subscribers, people } = audience("Tom", "Jerry");
  subscribers.broadcast([message("one"), message("two"), message("three")]);
  expect(people).toEqual([[["one", "two", "three"]], [["one", "two", "three"]]]);
});

test("[T3] a relay leaves out of a session's frame what is not for it, and sends its author what is meant for it", () => {
  const { subscribers, people } = audience("Tom", "Jerry");
  const toJerry = { to: "these" as const, clientIds: ["Jerry"], instead: undefined, isLast: false };
  const instead = eventRecord(new TextEncoder().encode("sent"));
  subscribers.broadcast([
    message("one", { author: { origin: 0, instead } }),
    message("for Jerry", { narrowed: toJerry }),
    message("own", { author: { origin: 1, instead: undefined } }),
  ]);
  subscribers.broadcast([message("for Jerry", { narrowed: toJerry })]);
  expect(people).toEqual([[["sent", "own"]], [["one", "for Jerry"], ["for Jerry"]]]);
});

test("[X-19] [T4] a client that a call removes from the audience is sent what was before that, and nothing after it", () => {
  const { subscribers, people } = audience("Tom", "Jerry");
  const control: ConversationControl = { type: "presence", isPresent: false, isRoom: true };
  const last = { to: "these" as const, clientIds: ["Jerry"], instead: undefined, isLast: true };
  const removal = message("", { frame: controlRecord(control), narrowed: last });
  subscribers.broadcast([message("before"), removal, message("after")]);
  expect(people).toEqual([[["before", "after"]], [["before", JSON.stringify(control)]]]);
  expect(subscribers.isPresent("Jerry")).toBe(false);
});
