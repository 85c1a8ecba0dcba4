import { expect, test } from "vitest";
import { addressed, clientIdField } from "../../../src/protocol/addressing.ts";
import * as replies from "../../../src/protocol/replies.ts";
import { decodeFrame, encodeCommand, has, plain, toHex } from "../../support/frames.ts";

test.each(["alice", "", "张三", "x".repeat(64), "x".repeat(200), "x".repeat(20_000)])(
  "the peerId field is what an encoder writes (%#)",
  (peerId) => expect(toHex(clientIdField(peerId))).toBe(toHex(encodeCommand({ peerId }))),
);

test("[7] one frame addressed to many clients is otherwise the same", () => {
  const frame = replies.memberCount(1, { conversationId: "c1", count: 0 });
  expect(has(decodeFrame(frame), "peerId")).toBe(false);
  for (const clientId of ["alice", "bob"]) {
    expect(plain(addressed(frame, clientIdField(clientId)))).toEqual({ ...plain(frame), peerId: clientId });
  }
});
