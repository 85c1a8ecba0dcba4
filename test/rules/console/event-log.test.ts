import { expect, test } from "vitest";
import { changesOf, valueText } from "../../../console/views/events/changes.ts";
import { clientLists, summaryOf, toneOf } from "../../../console/views/events/event-summary.ts";
import { placeIn, placeText } from "../../../console/views/events/place.ts";
import { boundsOf, fieldText, isoText, spanIn } from "../../../console/views/events/time-span.ts";

const words = {
  recipients: (online: number, offline: number) => `${online}/${offline}`,
  offline: (count: number, muted: number) => `${count}-${muted}`,
  reconnected: "back",
  leaving: { kicked: "signed out" },
  outcomes: { "not pushed": "none" },
  deciders: { words: "the word list" },
  noAnswer: "no answer",
};
const said = (event: string, detail: Record<string, unknown>) => summaryOf({ event, detail }, words);

test("each event of the log is summed up in a line", () => {
  expect(said("messageSent", { online: ["Tom"], offline: ["Jerry", "Spike"] })).toBe("1/2");
  expect(said("receiversOffline", { offline: ["Jerry"], muted: ["Jerry"] })).toBe("1-1");
  expect(said("conversationAdded", { members: ["Tom", "Jerry"] })).toBe("Tom, Jerry");
  expect(said("clientOnline", { userAgent: "js/5", tag: null, reconnect: true })).toBe("js/5 · back");
  expect(said("clientOffline", { why: "kicked", message: "spam", tag: "web" })).toBe(
    "signed out · spam · web",
  );
  expect(
    said("pushSettled", { outcome: "not pushed", provider: null, why: "no device", clients: ["Jerry"] }),
  ).toBe("none · no device");
  expect(said("messageChanged", { by: ["hook", "words"], patch: false, code: 7, why: "no ads" })).toBe(
    "hook, the word list · 7 · no ads",
  );
  expect(said("requestPassed", { method: "GET", path: "/1.1/users", status: 200, failure: null })).toBe(
    "GET /1.1/users · 200",
  );
});

test("details of another form, and names of JavaScript's own objects, are harmless", () => {
  expect(said("messageSent", {})).toBe("0/0");
  expect(said("clientOffline", { why: "constructor" })).toBe("constructor");
  expect(said("somethingNew", { online: 3 })).toBe("");
  expect(clientLists({ online: "Tom", offline: [1, "Jerry"], members: [] })).toEqual([
    ["offline", ["Jerry"]],
  ]);
});

test("what failed is told apart from what went well", () => {
  expect(toneOf({ event: "pushSettled", detail: { outcome: "failed" } })).toBe("bad");
  expect(toneOf({ event: "pushSettled", detail: { outcome: "sent" } })).toBe("good");
  expect(toneOf({ event: "requestPassed", detail: { failure: "timeout" } })).toBe("bad");
});

test("a change is shown by the paths that differ, a list as a whole", () => {
  const before = { limits: { members: 500, listed: [1] }, name: "a", same: { x: [1] } };
  const after = { limits: { members: 900, listed: [1, 2] }, added: null, same: { x: [1] } };
  expect(changesOf(before, after)).toEqual([
    { path: "limits.members", before: 500, after: 900 },
    { path: "limits.listed", before: [1], after: [1, 2] },
    { path: "name", before: "a", after: undefined },
    { path: "added", before: undefined, after: null },
  ]);
  expect(changesOf("a", "b")).toEqual([{ path: "", before: "a", after: "b" }]);
  expect(valueText(undefined)).toBe("–");
  expect(valueText({ a: 1 })).toBe('{"a":1}');
});

test("a place in a log stands in the address, and nothing else is one", () => {
  const place = { at: 1795922453330, id: "e186736a-36de" };
  expect(placeIn(placeText(place))).toEqual(place);
  expect(["", "1795922453330", "x.y", "1.", "1.a b", `1.${"x".repeat(65)}`].map(placeIn)).toEqual(
    Array(6).fill(undefined),
  );
});

test("a time is counted from now, or stands between two moments, of which either may be open", () => {
  const now = 1_000 * 3_600_000;
  expect(boundsOf(spanIn("hour"), "", "", now)).toEqual({ from: 999 * 3_600_000 });
  expect(boundsOf(spanIn("nonsense"), "x", "", now)).toEqual({});
  expect(boundsOf("between", "2026-11-29T03:00:00.000Z", "", now)).toEqual({ from: 1795921200000 });
  expect(boundsOf("between", "", "-271000-01-01T00:00:00.000Z", now)).toEqual({ until: 0 });
});

test("the browser's field for a time and the moment in the address say the same", () => {
  expect(isoText(fieldText("2026-11-29T03:20:00.000Z"))).toBe("2026-11-29T03:20:00.000Z");
  expect(fieldText("")).toBe("");
  expect(isoText("")).toBe("");
});
