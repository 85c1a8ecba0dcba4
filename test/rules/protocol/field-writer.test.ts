import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { MessageRecord } from "../../../src/model/records.ts";
import * as clientEvents from "../../../src/protocol/client-events.ts";
import { CommandType, GenericCommandSchema } from "../../../src/protocol/generated/message_pb.js";
import * as replies from "../../../src/protocol/replies.ts";

const NOON = 1_795_608_000_000;

const plain: MessageRecord = {
  id: "AaIlz0mfcGAu_qwdrm8q3A",
  from: "Tom",
  timestamp: NOON,
  content: "Hello",
  mentionAll: false,
  mentions: [],
  receipt: false,
  patchedAt: undefined,
  recalled: false,
  recipients: undefined,
  address: undefined,
  deleted: false,
};

/** What the library makes of the same fields; the time is the one in the frame. */
function byLibrary(frame: Uint8Array, fields: MessageInitShape<typeof GenericCommandSchema>): Uint8Array {
  const serverTs = serverTimeIn(frame);
  return toBinary(GenericCommandSchema, create(GenericCommandSchema, { service: 2, serverTs, ...fields }));
}

function serverTimeIn(frame: Uint8Array): bigint {
  // The field after `service` (8), which is 2.
  const at = frame.findIndex(
    (_, index) => frame[index] === 0x40 && frame[index + 1] === 2 && frame[index + 2] === 0x48,
  );
  let time = 0n;
  for (let index = at + 3, shift = 0n; index < frame.length; index++, shift += 7n) {
    const byte = BigInt(frame[index] ?? 0);
    time |= (byte & 127n) << shift;
    if (byte < 128n) return time;
  }
  throw new Error("no time");
}

test.each([0, 1, 127, 128, 2 ** 31 - 1, -1, -(2 ** 31), undefined])(
  "an accepted message is answered as the library writes it, to serial %s",
  (serial) => {
    const accepted = { conversationId: "5f0e", messageId: plain.id, timestamp: NOON };
    const frame = replies.messageAccepted(serial, accepted);
    const expected = byLibrary(frame, {
      cmd: CommandType.ack,
      i: serial,
      ackMessage: { uid: plain.id, t: BigInt(NOON), cid: "5f0e" },
    });
    expect(frame).toEqual(expected);
  },
);

test.each<[string, Partial<MessageRecord>, { transient?: boolean; offline?: boolean; hasMore?: boolean }]>([
  ["a text", {}, {}],
  ["an empty text", { content: "" }, {}],
  ["a text that is not ASCII", { content: "Größe 你好 😀", from: "汤姆" }, {}],
  ["half a character", { content: "a\ud83d" }, {}],
  ["a long text", { content: "x".repeat(5_000) }, {}],
  ["a long text that is not ASCII", { content: "é".repeat(100_000) }, {}],
  ["bytes", { content: new Uint8Array([0, 255, 128]) }, {}],
  ["empty bytes", { content: new Uint8Array() }, {}],
  ["mentions", { mentions: ["Jerry", "é"], mentionAll: false }, {}],
  ["mentions beside all", { mentions: ["Jerry"], mentionAll: true }, {}],
  ["a mention of all", { mentionAll: true }, {}],
  ["a patched message", { patchedAt: NOON + 1, sentAt: NOON - 5 }, {}],
  ["a message that was missed", {}, { offline: true, hasMore: true }],
  ["a transient message", {}, { transient: true }],
])("%s is delivered as the library writes it", (_, change, more) => {
  const message = { ...plain, ...change };
  const frame = clientEvents.message({ conversationId: "5f0e", kind: "normal", message, ...more });
  const { content, mentions, mentionAll, patchedAt } = message;
  const isText = typeof content === "string" || content.length === 0;
  const expected = byLibrary(frame, {
    cmd: CommandType.direct,
    directMessage: {
      id: message.id,
      cid: "5f0e",
      fromPeerId: message.from,
      timestamp: BigInt(message.sentAt ?? message.timestamp),
      convType: 1,
      msg: typeof content === "string" ? content : isText ? "" : undefined,
      binaryMsg: typeof content === "string" || isText ? undefined : content,
      mentionPids: mentions,
      mentionAll: mentions.length > 0 ? mentionAll : mentionAll || undefined,
      patchTimestamp: patchedAt === undefined ? undefined : BigInt(patchedAt),
      ...more,
    },
  });
  expect(Buffer.from(frame)).toEqual(Buffer.from(expected));
});
