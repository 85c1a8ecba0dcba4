import { describe, expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import type { Message, SdkExports } from "./sdk-types.ts";
import { useTestApp } from "./test-app.ts";
import { tomAndJerry } from "./tom-and-jerry.ts";
import { next } from "./waiting.ts";

const app = useTestApp();

/** An app's own type number. */
const TYPE = 2_147_483_647;

/** A message class as apps declare theirs: its type number and the fields of its own. */
function declare(sdk: SdkExports, type: number, fields: string[]) {
  class Declared extends sdk.TypedMessage {}
  sdk.messageType(type)(Declared);
  sdk.messageField(fields)(Declared);
  return Declared;
}

const file = (name: string, metaData: object) => ({
  _lcfile: {
    objId: "5f5f5f5f5f5f5f5f5f5f5f5f",
    url: `https://files.example.com/${name}?a=1&b=%E7%8C%AB#x`,
    metaData,
  },
});

const builtIn: [string, number, string[], Record<string, unknown>][] = [
  [
    "image",
    -2,
    ["_lcfile"],
    file("cat.png", { name: "cat.png", format: "png", size: 1234, width: 640, height: 480 }),
  ],
  ["audio", -3, ["_lcfile"], file("meow.mp3", { name: "meow.mp3", size: 1, duration: 3.5 })],
  ["video", -4, ["_lcfile"], file("chase.mp4", { duration: 120.25, size: 9007199254740991 })],
  ["location", -5, ["_lcloc"], { _lcloc: { longitude: 139.7003912, latitude: -35.6895014 } }],
  ["file", -6, ["_lcfile"], file("猫.pdf", {})],
  ["file by URL alone", -6, ["_lcfile"], { _lcfile: { url: "https://elsewhere.example.com/x" } }],
];

/** Texts that careless handling changes. */
const odd: [string, string][] = [
  ["characters beyond 16 bits, joined", "👩‍👩‍👧‍👦🐭𝄞 e\u0301 é"],
  ["right-to-left marks", "\u202eabc\u202c \u200f\u200e"],
  ["separators of lines", "a\u2028b\u2029c\r\nd\re\n\tf"],
  ["control characters", "\u0000\u0001\u001f\u007f\u0085"],
  ["a byte order mark at the start", "\ufeffhello"],
  ["noncharacters", "\uffff\ufffe\ufffd"],
  ["what JSON and HTML escape", '"\\/<script>&amp;\u0022%00$1'],
  ["spaces at both ends", "  spaced \u00a0\u3000 "],
];

describe("the content of messages in the JavaScript SDK", () => {
  /** Sends a message and returns every form in which another gets it: as text, and through the SDK. */
  async function delivered(prepare: (sdk: SdkExports) => Message) {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const watch = await app().raw(jerry.id);
    const received = next(jerry.client, "message");
    const sent = await chat.send(prepare(tom.sdk));
    const live = (await watch.message()).directMessage;
    const page = await watch.ask({ cmd: "logs", logsMessage: { cid: chat.id } });
    const found = await watch.ask({
      cmd: "conv",
      op: "query",
      convMessage: { where: { data: JSON.stringify({ objectId: chat.id }) }, flag: 2 },
    });
    const [row] = JSON.parse(found.convMessage?.results?.data ?? "[]");
    const texts = [live?.msg, page.logsMessage?.logs.at(0)?.data, row?.msg];
    return { sent, message: (await received)[0], view, texts };
  }

  test.each(builtIn)(
    "[B-13] [B-15] [T-02] the content of %s arrives byte for byte as it was sent",
    async (_, type, fields, values) => {
      const { message, texts, view } = await delivered((exports) => {
        const message = Object.assign(new (declare(exports, type, fields))(), values);
        return message.setText("a caption").setAttributes({ from: "the tests" });
      });
      const written = JSON.stringify({
        _lctext: "a caption",
        _lcattrs: { from: "the tests" },
        ...values,
        _lctype: type,
      });
      expect(texts).toEqual([written, written, written]);
      expect(message.content).toMatchObject({ ...values, _lctype: type, _lctext: "a caption" });
      const ofType = await view.queryMessages({ type });
      expect(ofType.map(({ id }) => id)).toEqual([message.id]);
    },
  );

  test.each(odd)("[B-13] [B-14] %s stay as they are, in plain and text messages", async (_, words) => {
    const plain = await delivered((exports) => new exports.Message(words));
    expect(plain.texts).toEqual([words, words, words]);
    expect(plain.message.content).toBe(words);
    expect(await plain.view.queryMessages()).toMatchObject([{ content: words }]);

    const typed = await delivered((exports) =>
      new exports.TextMessage(words).setAttributes({ [words]: [words, null, true, -0.5, 1e21, {}] }),
    );
    const written = JSON.stringify({
      _lctext: words,
      _lcattrs: { [words]: [words, null, true, -0.5, 1e21, {}] },
      _lctype: -1,
    });
    expect(typed.texts).toEqual([written, written, written]);
    expect(typed.message).toMatchObject({
      text: words,
      attributes: { [words]: [words, null, true, -0.5, 1e21, {}] },
    });
  });

  test("[T-03] [T-04] [T-05] [T-06] an own type of message arrives as its class where it is registered, else as a generic one", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const laptop = await app().logIn(sdk5, jerry.id);
    const fields = ["candidate", "weight", "nested"];
    const values = { candidate: "Spike", weight: 2.5, nested: { list: [1, [2, [3]]] } };
    const OwnMessage = declare(jerry.sdk, TYPE, fields);
    jerry.realtime.register([OwnMessage]);
    const received = [next(jerry.client, "message"), next(laptop.client, "message")] as const;
    const vote = Object.assign(new (declare(tom.sdk, TYPE, fields))(), values);
    const sent = await chat.send(vote.setText("vote"));

    const [message] = await received[0];
    expect(message).toBeInstanceOf(OwnMessage);
    expect(message).toMatchObject({ id: sent.id, type: TYPE, text: "vote", ...values });
    const [generic] = await received[1];
    expect(generic).not.toBeInstanceOf(laptop.sdk.TypedMessage);
    expect(generic).toBeInstanceOf(laptop.sdk.Message);
    expect(generic.content).toEqual({ _lctext: "vote", ...values, _lctype: TYPE });
    expect(await view.queryMessages({ type: TYPE })).toMatchObject([{ id: sent.id }]);
    expect(await view.queryMessages({ type: 1 })).toEqual([]);
  });

  test("[T-01] [T-06] unknown keys and every way of writing JSON are left unchanged", async () => {
    for (const written of [
      '{ "_lctype" : -1,\n "_lctext":"caf\\u00e9 \\ud83d\\ude00", "unknown":{"b":1,"a":[]}, "z":1.0, "y":1e2, "z":2 }',
      '{"_lctype":7,"_lcattrs":"a string","_lcfile":null}',
      '{"_lctype":"-1"}',
      '{"no":"type"}',
      "[1,2,3]",
      "null",
      '"quoted"',
      "12345678901234567890",
      "{not JSON",
      "",
    ]) {
      const { texts, message } = await delivered((exports) => new exports.Message(written));
      expect(texts.slice(0, 2)).toEqual([written, written]);
      expect(message.id).toMatch(/.+/);
    }
  });

  test("[B-11] a message's status follows its delivery", async () => {
    const { tom, chat } = await tomAndJerry(app(), sdk5);
    const { MessageStatus } = tom.sdk;
    const message = new tom.sdk.TextMessage("on its way");
    expect(message.status).toBe(MessageStatus.NONE);
    const sending = chat.send(message);
    expect(message.status).toBe(MessageStatus.SENDING);
    await sending;
    expect(message.status).toBe(MessageStatus.SENT);

    const spike = await app().logIn(sdk5, app().named("Spike"));
    const refused = new spike.sdk.TextMessage("let me in");
    const view = await spike.client.getConversation(chat.id);
    await expect(view?.send(refused)).rejects.toMatchObject({ code: 4401 });
    expect(refused.status).toBe(spike.sdk.MessageStatus.FAILED);
    const long = new tom.sdk.TextMessage("x".repeat(33_000));
    await expect(chat.send(long)).rejects.toMatchObject({ code: 4109 });
    expect(long.status).toBe(MessageStatus.FAILED);
  });
});
