import { describe, expect, test } from "vitest";
import type { Command, CommandName, CommandOf } from "../../../src/protocol/commands.ts";
import { decodeCommand } from "../../../src/protocol/decode.ts";
import { type CommandInit, encodeCommand, fromHex } from "../../support/frames.ts";

function decode(init: CommandInit): Command | undefined {
  return decodeCommand(encodeCommand(init));
}

/** The decoded command, which must be of this name. */
function decodeAs<Name extends CommandName>(name: Name, init: CommandInit): CommandOf<Name> {
  const command = decode(init);
  const isNamed = (candidate: Command): candidate is CommandOf<Name> & Command => candidate.name === name;
  if (command === undefined || !isNamed(command)) {
    throw new Error(`expected ${name}, got ${JSON.stringify(command)}`);
  }
  return command;
}

function refusal(init: CommandInit): string {
  return decodeAs("malformed", init).error;
}

describe("the envelope", () => {
  test.each([0, -1, -65_535, 2_147_483_647])("the decoder keeps the serial %i", (i) => {
    expect(decode({ cmd: "echo", i })?.serial).toBe(i);
  });

  test("C#'s heartbeat has no serial and belongs to no client", () => {
    const beat = decode({ cmd: "echo", appId: "app", peerId: "app" });
    expect(beat).toMatchObject({ name: "echo", serial: undefined, clientId: undefined, appId: "app" });
  });

  test("Java's push login keeps service and installation", () => {
    const login = decode({ cmd: "login", service: 1, installationId: "device", loginMessage: {} });
    expect(login).toMatchObject({ name: "login", service: 1, installationId: "device", serial: undefined });
  });

  test("bytes that are no command decode to nothing", () => {
    expect(decodeCommand(new Uint8Array())).toBeUndefined();
    expect(decodeCommand(fromHex("ff"))).toBeUndefined();
    expect(decodeCommand(fromHex("0802c206ff"))).toBeUndefined();
    expect(decodeCommand(new TextEncoder().encode("hello"))).toBeUndefined();
  });

  test("a command or operation outside the schema is unsupported, not unreadable", () => {
    expect(decodeCommand(fromHex("08632801"))).toMatchObject({
      name: "unsupported",
      what: "unknown command",
      error: "UNSUPPORTED_COMMAND",
      serial: 1,
    });
    expect(decodeCommand(fromHex("0801108f4e2801"))).toMatchObject({ name: "unsupported", what: "conv" });
  });

  test("operations on blacklists that nobody has are unsupported", () => {
    expect(decodeAs("unsupported", { cmd: "blacklist", op: "members" })).toMatchObject({
      what: "blacklist/members",
      error: "UNSUPPORTED_COMMAND",
    });
  });

  test("a blacklist command names a conversation, or else is about the client itself", () => {
    const block = (blacklistMessage: CommandInit["blacklistMessage"]): CommandInit => ({
      cmd: "blacklist",
      op: "block",
      blacklistMessage,
    });
    expect(decodeAs("conversation.block", block({ srcCid: "c1", toPids: ["Tom"] }))).toMatchObject({
      conversationId: "c1",
      members: ["Tom"],
    });
    expect(decodeAs("client.refuse", block({ srcPid: "Tom", toCids: ["c1"] }))).toMatchObject({
      conversationIds: ["c1"],
    });
  });

  test("Java counts the pages of a list by itself, and a `next` that is no number is malformed", () => {
    const asked = (next: string) =>
      ({ cmd: "conv", op: "query_shutup", convMessage: { cid: "c1", limit: 10, next } }) as const;
    expect(decodeAs("conversation.silenced", asked("20"))).toMatchObject({ limit: 10, offset: 20 });
    expect(decodeAs("malformed", asked("-1")).error).toBe("CONVERSATION_API_FAILED");
  });
});

describe("sessions", () => {
  test("a login has everything a device reports about itself", () => {
    const open = decodeAs("session.open", {
      cmd: "session",
      op: "open",
      sessionMessage: {
        ua: "swift/1",
        r: true,
        tag: "phone",
        deviceId: "d1",
        deviceToken: "apns",
        st: "tok",
        configBitmap: 187,
        lastUnreadNotifTime: 5,
        lastPatchTime: 6,
        s: "abc",
        t: 1_700_000_000_000,
        n: "nonce",
      },
    });
    expect(open).toMatchObject({
      userAgent: "swift/1",
      reconnect: true,
      tag: "phone",
      deviceId: "d1",
      token: "tok",
      capabilities: 187,
      lastUnreadTime: 5,
      lastPatchTime: 6,
      signature: { signature: "abc", timestamp: 1_700_000_000_000, nonce: "nonce" },
    });
  });

  test("a push token serves as the device id (Swift, Objective-C)", () => {
    const init: CommandInit = { cmd: "session", op: "open", sessionMessage: { deviceToken: "apns" } };
    expect(decodeAs("session.open", init).deviceId).toBe("apns");
  });

  test("a login without fields (C# reopen without configBitmap) has none", () => {
    expect(decodeAs("session.open", { cmd: "session", op: "open" })).toMatchObject({
      capabilities: undefined,
      signature: undefined,
      token: undefined,
      reconnect: false,
    });
  });
});

describe("starting a conversation", () => {
  const start = (convMessage: CommandInit["convMessage"]) =>
    decodeAs("conversation.start", { cmd: "conv", op: "start", convMessage });

  test("C#'s start of a unique chat room is one of a plain chat room", () => {
    expect(start({ transient: true, unique: true })).toMatchObject({ kind: "room", unique: false });
  });

  test("a start of a temporary conversation may be unique and has a lifetime", () => {
    const sent = { tempConv: true, tempConvTTL: 600, unique: true, transient: false };
    expect(start(sent)).toMatchObject({ kind: "temporary", unique: true, timeToLive: 600 });
  });

  test("a start of a normal conversation has no lifetime", () => {
    expect(start({ tempConvTTL: 600 })).toMatchObject({
      kind: "normal",
      unique: false,
      timeToLive: undefined,
    });
  });

  test("a start has its columns as sent, and absent, empty and null columns are the empty object", () => {
    expect(start({ attr: { data: '{"name":"n","attr":{"k":1},"x":2}' } }).columns).toEqual({
      name: "n",
      attr: { k: 1 },
      x: 2,
    });
    for (const attr of [undefined, { data: "" }, { data: "null" }])
      expect(start({ attr }).columns).toEqual({});
  });
});

describe("querying conversations", () => {
  const query = (convMessage: CommandInit["convMessage"]) =>
    decodeAs("conversation.query", { cmd: "conv", op: "query", convMessage });

  test("the flag bits of a query request compact results and last messages", () => {
    const flags = [0, 1, 2, 3].map((flag) => query({ flag })).map((q) => [q.compact, q.withLastMessage]);
    expect(flags).toEqual([
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]);
  });

  test("a query splits Java's comma lists of temporary ids", () => {
    expect(query({ tempConvIds: ["_tmp:a,_tmp:b", "_tmp:c", ""] }).temporaryIds).toEqual([
      "_tmp:a",
      "_tmp:b",
      "_tmp:c",
    ]);
  });

  test("a query without a where differs from one with an empty where", () => {
    expect(query({}).where).toBeUndefined();
    expect(query({ where: { data: "{}" } }).where).toEqual({});
  });
});

describe("messages", () => {
  const send = (directMessage: CommandInit["directMessage"]) =>
    decodeAs("message.send", { cmd: "direct", directMessage });

  test("a message with bytes and text has the bytes, unless there are none (Java)", () => {
    const bytes = new Uint8Array([0, 0xff]);
    expect(send({ cid: "c", msg: "x", binaryMsg: bytes }).content).toEqual(bytes);
    expect(send({ cid: "c", msg: "x", binaryMsg: new Uint8Array() }).content).toBe("x");
  });

  test("binary content does not keep its frame in memory", () => {
    const { content } = send({ cid: "c", binaryMsg: new Uint8Array([1, 2, 3]) });
    expect(content instanceof Uint8Array && content.buffer.byteLength).toBe(3);
  });

  test("[B-09] the size of a message counts UTF-8 bytes of content and push data", () => {
    expect(send({ cid: "c", msg: "aé中😀", pushData: "中" }).size).toBe(1 + 2 + 3 + 4 + 3);
    expect(send({ cid: "c", binaryMsg: new Uint8Array(7), pushData: "{}" }).size).toBe(9);
  });

  test("invalid UTF-8 in a text field is neither thrown nor refused", () => {
    // directMessage { cid "c", msg ff fe }
    const command = decodeCommand(fromHex("0802c206070a02fffe5a0163"));
    expect(command).toMatchObject({ name: "message.send", conversationId: "c", content: "��" });
  });

  test("an acknowledgement has one message or a range", () => {
    expect(decode({ cmd: "ack", ackMessage: { cid: "c", mid: "m" } })).toMatchObject({
      name: "message.acknowledge",
      conversationId: "c",
      messageId: "m",
      from: undefined,
      to: undefined,
    });
    expect(decode({ cmd: "ack", ackMessage: { cid: "c", fromts: 1, tots: 2 } })).toMatchObject({
      from: 1,
      to: 2,
    });
    expect(decode({ cmd: "ack", ackMessage: { ids: ["push"] } })?.name).toBe("unsupported");
  });

  test("a read command has tuples, without those that name no conversation", () => {
    const convs = [{ cid: "a", timestamp: 5, mid: "m" }, { cid: "b" }, { cid: "" }];
    expect(decodeAs("read", { cmd: "read", readMessage: { convs } }).conversations).toEqual([
      { conversationId: "a", timestamp: 5, messageId: "m" },
      { conversationId: "b", timestamp: undefined, messageId: undefined },
    ]);
  });
});

describe("history", () => {
  const history = (logsMessage: CommandInit["logsMessage"]) =>
    decodeAs("message.history", { cmd: "logs", logsMessage: { cid: "c", ...logsMessage } });

  test("a history query has JavaScript's l or the limit of others, and 0 stays 0", () => {
    const limits = [{ l: 10 }, { limit: 30 }, { l: 0 }, { limit: 0 }, {}].map((sent) => history(sent).limit);
    expect(limits).toEqual([10, 30, 0, 0, undefined]);
  });

  test("a history query has its bounds, whether they are included, and the direction", () => {
    expect(history({ t: 5, mid: "m", tIncluded: true, tt: 9, direction: 2, lctype: -1 })).toMatchObject({
      start: { timestamp: 5, messageId: "m", inclusive: true },
      end: { timestamp: 9, messageId: undefined, inclusive: false },
      direction: "newer",
      messageType: -1,
    });
    expect(history({ lctype: 0 })).toMatchObject({
      start: undefined,
      end: undefined,
      direction: "older",
      messageType: undefined,
    });
  });

  test("a 64-bit time beyond safe numbers is the greatest time", () => {
    expect(history({ t: 2n ** 63n - 1n }).start?.timestamp).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe("edits and recalls", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  type Patches = NonNullable<NonNullable<CommandInit["patchMessage"]>["patches"]>;
  const patch = (item: Patches[number]) =>
    decodeAs("message.patch", {
      cmd: "patch",
      op: "modify",
      patchMessage: { patches: [{ cid: "c", mid: "m", timestamp: 5, ...item }] },
    }).patches[0];

  test("an edit has text and mentions", () => {
    expect(patch({ data: bytes("\ufeffnew"), mentionPids: ["bob"], mentionAll: true })).toEqual({
      conversationId: "c",
      messageId: "m",
      timestamp: 5,
      recall: false,
      content: "\ufeffnew",
      mentionAll: true,
      mentions: ["bob"],
      size: 6,
    });
  });

  test("an edit with bytes in the text field has bytes (Java)", () => {
    expect(patch({ data: new Uint8Array([0xff, 0]) })?.content).toEqual(new Uint8Array([0xff, 0]));
    expect(patch({ binaryMsg: new Uint8Array([1]) })?.content).toEqual(new Uint8Array([1]));
  });

  test("a recall has no content, even if Swift sends some", () => {
    const recalled = patch({ recall: true, data: bytes('{"_lctype":-127}') });
    expect(recalled).toMatchObject({ recall: true, content: undefined });
  });
});

describe("commands that are refused by their code", () => {
  const update = (data: string): CommandInit => ({
    cmd: "conv",
    op: "update",
    convMessage: { cid: "c", attr: { data } },
  });
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

  const table: [string, CommandInit, string][] = [
    ["a message to nowhere", { cmd: "direct", directMessage: { msg: "x" } }, "INVALID_MESSAGING_TARGET"],
    ["a direct without body", { cmd: "direct" }, "INVALID_MESSAGING_TARGET"],
    ["history of nothing", { cmd: "logs" }, "CONVERSATION_NOT_FOUND"],
    ["joining nothing", { cmd: "conv", op: "add" }, "CONVERSATION_NOT_FOUND"],
    ["a patch of nothing", { cmd: "patch", op: "modify" }, "MESSAGE_NOT_FOUND"],
    [
      "a patch without a time",
      { cmd: "patch", op: "modify", patchMessage: { patches: [{ cid: "c", mid: "m" }] } },
      "MESSAGE_NOT_FOUND",
    ],
    [
      "where not JSON",
      { cmd: "conv", op: "query", convMessage: { where: { data: "{" } } },
      "CONVERSATION_QUERY_FAILED",
    ],
    [
      "columns not JSON",
      { cmd: "conv", op: "start", convMessage: { attr: { data: "x" } } },
      "CONVERSATION_API_FAILED",
    ],
    [
      "columns no object",
      { cmd: "conv", op: "start", convMessage: { attr: { data: "[]" } } },
      "CONVERSATION_API_FAILED",
    ],
    ["changes not JSON", update("{"), "CONVERSATION_UPDATE_FAILED"],
    ["a prototype key", update('{"__proto__":{"a":1}}'), "CONVERSATION_UPDATE_FAILED"],
    ["a prototype key deep down", update('{"a":[{"constructor":1}]}'), "CONVERSATION_UPDATE_FAILED"],
    ["a prototype in a path", update('{"attr.__proto__.x":1}'), "CONVERSATION_UPDATE_FAILED"],
    ["33 levels", update(deep(33)), "CONVERSATION_UPDATE_FAILED"],
    ["100000 levels", update("[".repeat(100_000) + "]".repeat(100_000)), "CONVERSATION_UPDATE_FAILED"],
    ["a number beyond numbers", update('{"a":1e999}'), "CONVERSATION_UPDATE_FAILED"],
  ];
  test.each(table)("a command is refused by its code: %s", (_what, init, error) =>
    expect(refusal(init)).toBe(error),
  );

  test("an update of 32 levels and with names similar to prototypes is accepted", () => {
    expect(decode(update(deep(32)))?.name).toBe("conversation.update");
    expect(decode(update('{"my_constructor":1,"prototypes":2}'))?.name).toBe("conversation.update");
  });
});
