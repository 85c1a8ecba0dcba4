import { beforeEach, expect, test, vi } from "vitest";
import { addressed, clientIdField } from "../../../src/protocol/addressing.ts";
import * as pushes from "../../../src/protocol/client-events.ts";
import { decodeCommand } from "../../../src/protocol/decode.ts";
import * as replies from "../../../src/protocol/replies.ts";
import * as sessionReplies from "../../../src/protocol/session-replies.ts";
import { fromHex, plain } from "../../support/frames.ts";

/** Frames recorded from official SDKs and the answers they accept (wire §12.1). */

const TOM = clientIdField("Tom");
const OPENED = "080010052203546f6d280140024881d095ffbc31b206095203746f6b5880c60a";
const ACKNOWLEDGED = "08032203546f6d280240024882d095ffbc31ca060f220263312882d095ffbc3132026d31";
const REFUSED =
  "08072203546f6d288180fcffffffffffff01ba061d08b1221218494e56414c49445f4d4553534147494e475f544152474554";
const UNREAD = "08052203546f6d40024883d095ffbc31d206130a0a0a0263311000400050011083d095ffbc31";

const SENT_AT = 1_700_000_000_002;

beforeEach(() => {
  vi.useFakeTimers();
});

function expectFrame(frame: Uint8Array, hex: string): void {
  expect(plain(addressed(frame, TOM))).toEqual(plain(fromHex(hex)));
}

test("the decoder reads session/open as JavaScript sends it", () => {
  const frame = fromHex(
    "080010011a1161707031323334352d677a477a6f48737a2203546f6d2801b2061d220d6a732f352e302e302d72632e382800900180d095ffbc319801bb01",
  );
  expect(decodeCommand(frame)).toEqual({
    name: "session.open",
    serial: 1,
    appId: "app12345-gzGzoHsz",
    clientId: "Tom",
    installationId: undefined,
    service: undefined,
    needsCheck: false,
    pushes: "never",
    userAgent: "js/5.0.0-rc.8",
    reconnect: false,
    tag: undefined,
    deviceId: undefined,
    token: undefined,
    capabilities: 187,
    lastUnreadTime: undefined,
    lastPatchTime: 1_700_000_000_000,
    signature: undefined,
  });
});

test("session/opened is encoded as the hosted service did", () => {
  vi.setSystemTime(1_700_000_000_001);
  expectFrame(sessionReplies.sessionOpened(1, { token: "tok", tokenTtl: 172_800 }), OPENED);
});

test("the decoder reads direct as JavaScript sends it", () => {
  const frame = fromHex(
    "08022802c206250a1d7b225f6c6374797065223a2d312c225f6c6374657874223a226869227d50015a026331",
  );
  expect(decodeCommand(frame)).toEqual({
    name: "message.send",
    serial: 2,
    appId: undefined,
    clientId: undefined,
    installationId: undefined,
    service: undefined,
    needsCheck: false,
    pushes: "never",
    conversationId: "c1",
    content: '{"_lctype":-1,"_lctext":"hi"}',
    receipt: true,
    transient: false,
    will: false,
    dedupeToken: undefined,
    pushData: undefined,
    mentionAll: false,
    mentions: [],
    priority: "normal",
    size: 29,
  });
});

test("the acknowledgement of a message is encoded as the hosted service did", () => {
  vi.setSystemTime(SENT_AT);
  expectFrame(
    replies.messageAccepted(2, { conversationId: "c1", messageId: "m1", timestamp: SENT_AT }),
    ACKNOWLEDGED,
  );
});

test("an error for the serial −65535 is encoded as the hosted service did", () => {
  // The recorded one carries neither service nor serverTs, which replies may have (wire §4).
  const { service, serverTs, ...reply } = plain(
    addressed(replies.errorReply(-65_535, "INVALID_MESSAGING_TARGET"), TOM),
  );
  expect(reply).toEqual(plain(fromHex(REFUSED)));
});

test("an unread event with a count of 0 is encoded as the hosted service did", () => {
  const notifiedAt = 1_700_000_000_003;
  vi.setSystemTime(notifiedAt);
  const summary = { conversationId: "c1", kind: "normal", unread: 0, mentioned: false } as const;
  expectFrame(pushes.unread({ conversations: [summary], notifiedAt }), UNREAD);
});
