import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ALLOWED } from "../../../../src/hooks/before/hook-question.ts";
import {
  conversationVerdict,
  messageVerdict,
  offlineAnswer,
} from "../../../../src/hooks/before/read-verdict.ts";
import type { Json } from "../../../../src/model/json.ts";
import {
  type ConversationQuestion,
  editing,
  saying,
  starting,
  unseen,
} from "../../../support/hook-examples.ts";

const LIMIT = 100; // bytes
const warn = vi.fn();

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(warn.mockReset());
});
afterEach(() => {
  vi.restoreAllMocks();
});

const unchanged = { allowed: true, content: undefined, reason: undefined, to: undefined };
const bytes = new Uint8Array([1, 2, 3]);

function about(result: Json, question = saying("hello")) {
  return messageVerdict(result, question, LIMIT);
}

describe("[H-01, H-04] a hook's result for a message", () => {
  test.each([true, 1, "yes", {}])(
    "[H-01, H-04] a hook's result drops a message by a truthy value: %j",
    (drop) => {
      expect(about({ drop, code: 5, detail: "no" })).toEqual({
        allowed: false,
        appCode: 5,
        appMessage: "no",
      });
    },
  );

  test.each([false, 0, "", null])(
    "[H-01, H-04] a hook's result does not drop a message by a falsy value: %j",
    (drop) => {
      expect(about({ drop, code: 5 })).toEqual(unchanged);
    },
  );

  test.each([1.5, "5", null, 2 ** 31, {}])(
    "[H-01, H-04] a hook's result has a code that fits the wire, or none: %j",
    (code) => {
      expect(about({ drop: true, code, detail: 5 })).toMatchObject({
        appCode: undefined,
        appMessage: undefined,
      });
    },
  );

  test("[H-01, H-04] a hook's result may be one level deeper", () => {
    expect(about({ result: { drop: true } })).toMatchObject({ allowed: false });
  });

  test("[H-01, H-04] a hook's result rewrites a message, with a reason if it has a positive code", () => {
    expect(about({ content: "bye" })).toEqual({ ...unchanged, content: "bye" });
    expect(about({ content: "bye", code: 3 })).toMatchObject({ reason: { code: 3, detail: "" } });
    expect(about({ content: "bye", code: -3, detail: "x" })).toMatchObject({ reason: undefined });
    expect(about({ code: 3, detail: "x" })).toEqual(unchanged);
    expect(about({ content: "" })).toEqual({ ...unchanged, content: "" });
  });

  test("[H-01, H-04] a hook's result with the same content changes nothing", () => {
    expect(about({ content: "hello", code: 3 })).toEqual(unchanged);
    expect(about({ content: "AQID" }, saying(bytes))).toEqual(unchanged);
  });

  test("[H-01, H-04] a hook's result is Base64 if the request was, or if it says so", () => {
    expect(about({ content: "BAUG" }, saying(bytes))).toMatchObject({ content: new Uint8Array([4, 5, 6]) });
    expect(about({ content: "AQID", bin: true })).toMatchObject({ content: bytes });
    expect(about({ content: "AQID", bin: false }, editing(bytes))).toMatchObject({ content: "AQID" });
    expect(about({ content: "AQID", bin: "true" })).toMatchObject({ content: "AQID" });
    expect(warn).not.toHaveBeenCalled();
  });

  test.each([
    ["an object", { content: { text: "bye" } }],
    ["a number", { content: 5 }],
    ["no Base64", { content: "???", bin: true }],
    ["too long", { content: "ü".repeat(LIMIT / 2 + 1) }],
  ])("[H-01, H-04] a hook's result whose content is %s is ignored with a warning", (_, result) => {
    expect(about(result)).toEqual(unchanged);
    expect(warn).toHaveBeenCalledOnce();
  });

  test("[H-01, H-04] a hook's content may be as long as a client's own", () => {
    expect(about({ content: "ü".repeat(LIMIT / 2) })).toMatchObject({ content: "ü".repeat(LIMIT / 2) });
  });

  test("[H-01, H-04] a hook's result keeps some of the recipients or none, and adds none", () => {
    expect(about({ toPeers: ["Butch", "Spike", 5, null, "Spike"] })).toEqual({ ...unchanged, to: ["Spike"] });
    expect(about({ toPeers: [] })).toEqual({ ...unchanged, to: [] });
    expect(about({ toPeers: ["Spike", "Jerry", "Butch"] })).toEqual(unchanged);
    expect(about({ toPeers: "Jerry" })).toEqual(unchanged);
    expect(warn).toHaveBeenCalledOnce();
  });
});

describe("[H-05 to H-08] a hook's result for a conversation", () => {
  const change = { name: "conversationUpdate" as const, conversationId: "c", by: "Tom" };
  const renaming: ConversationQuestion = { ...change, attributes: { name: "good" } };
  const muting: ConversationQuestion = { ...change, mute: true };

  test("[H-05 to H-08] a hook's result refuses a change of a conversation", () => {
    const refusal = { allowed: false, appCode: 5, appMessage: "no" };
    expect(conversationVerdict({ reject: true, code: 5, detail: "no" }, starting())).toEqual(refusal);
    expect(conversationVerdict({ reject: 1, code: 5, detail: "no" }, muting)).toEqual(refusal);
    expect(conversationVerdict({ reject: false, code: 5 }, starting())).toEqual(ALLOWED);
    expect(conversationVerdict(undefined, starting())).toEqual(ALLOWED);
  });

  test("[H-05 to H-08] a hook's result replaces the requested field, never the other", () => {
    const both = { attr: { name: "better" }, mute: false };
    const attributes = { name: "better" };
    expect(conversationVerdict(both, renaming)).toEqual({ allowed: true, instead: { attributes } });
    expect(conversationVerdict(both, muting)).toEqual({ allowed: true, instead: { mute: false } });
    expect(conversationVerdict({ mute: false }, renaming)).toEqual(ALLOWED);
    expect(conversationVerdict({ attr: { name: "x" } }, muting)).toEqual(ALLOWED);
    expect(conversationVerdict({ attr: "x" }, renaming)).toEqual(ALLOWED);
    expect(conversationVerdict({ mute: 0 }, muting)).toEqual(ALLOWED);
  });

  test("[H-05 to H-08] a hook's result does not rewrite a new conversation", () => {
    expect(conversationVerdict({ attr: { name: "x" } }, starting())).toEqual(ALLOWED);
  });
});

describe("[H-03, P-09, P-22] a hook's result for offline recipients", () => {
  const asUsual = { skip: false, offline: ["Jerry", "Spike"], pushMessage: undefined, force: false };
  const event = unseen("hello");

  test("[H-03, P-09, P-22] an empty result for offline recipients changes nothing", () => {
    expect(offlineAnswer(undefined, event)).toEqual(asUsual);
    expect(offlineAnswer({}, event)).toEqual(asUsual);
  });

  test("[H-03, P-09, P-22] a hook's result skips the push, whatever its other fields are", () => {
    expect(offlineAnswer({ skip: true, force: true }, event)).toEqual({ skip: true });
  });

  test("[H-03, P-09, P-22] a hook's result restricts the recipients of a push and may reach the muted ones", () => {
    const answer = offlineAnswer({ offlinePeers: ["Spike", "Butch"], force: 1 }, event);
    expect(answer).toEqual({ ...asUsual, offline: ["Spike"], force: true });
  });

  test.each([
    ["a JSON text", '{"alert":"hi"}'],
    ["an object", { alert: "hi" }],
  ])("[H-03, P-09, P-22] a hook's result has push content as %s", (_, pushMessage) => {
    expect(offlineAnswer({ pushMessage }, event)).toEqual({ ...asUsual, pushMessage: '{"alert":"hi"}' });
  });

  test.each(["hi", "[1]", "", 5, [{}]])(
    "[H-03, P-09, P-22] a hook's result has no push content by %j",
    (pushMessage) => {
      expect(offlineAnswer({ pushMessage }, event)).toEqual(asUsual);
      expect(warn).toHaveBeenCalledOnce();
    },
  );
});
