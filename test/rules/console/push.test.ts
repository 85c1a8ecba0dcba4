import { describe, expect, test } from "vitest";
import { wordsOf } from "../../../console/views/push/content.ts";
import { bodyOf, type Draft } from "../../../console/views/push/notification-draft.ts";
import { keyFacts, keyIdIn, profilesIn, topicsIn } from "../../../console/views/push/provider-keys.ts";
import { pushPath, settingPath } from "../../../console/views/push/push-path.ts";
import { pastOf, presentOf } from "../../../console/views/push/reasons.ts";
import { audienceOf, reachable, searchFor } from "../../../console/views/push/where.ts";

const words = {
  nobody: "nobody",
  notObject: "no object",
  needed: "needed",
  dataInvalid: "no content",
  past: "past",
};
const jerry = { clientId: "Jerry", conversationId: "c1" };

describe("the condition on installations", () => {
  test.each([
    ["client", " Jerry ", { where: '{"channels":"Jerry"}' }],
    ["vendor", "mi", { where: '{"$or":[{"vendor":"mi"},{"deviceType":"mi"}]}' }],
    ["where", '{"valid": false}', { where: '{"valid": false}' }],
    ["where", "[1]", { problem: "no object" }],
    ["client", "  ", { where: undefined }],
  ] as const)("by %s for %j is %j", (field, typed, search) => {
    expect(searchFor(field, typed, words.notObject)).toEqual(search);
  });

  test("for a token looks at every id that a device has", () => {
    const search = searchFor("token", 'a"b', words.notObject);
    expect("where" in search && JSON.parse(search.where ?? "")).toEqual({
      $or: [
        { deviceToken: 'a"b' },
        { registrationId: 'a"b' },
        { installationId: 'a"b' },
        { objectId: 'a"b' },
      ],
    });
  });

  test("of an audience is never everybody where a text is missing", () => {
    expect(audienceOf("all", "", words)).toEqual({ where: {} });
    expect(audienceOf("channel", " , ", words)).toEqual({ problem: "nobody" });
    expect(audienceOf("where", "", words)).toEqual({ problem: "nobody" });
    expect(audienceOf("channel", "Tom, Jerry", words)).toEqual({
      where: { channels: { $in: ["Tom", "Jerry"] } },
    });
  });

  test("of those a push reaches adds that they are valid and were seen in 90 days", () => {
    expect(JSON.parse(reachable({ vendor: "mi" }, Date.UTC(2026, 5, 1)))).toEqual({
      $and: [
        { vendor: "mi" },
        { valid: true, updatedAt: { $gte: { __type: "Date", iso: "2026-03-03T00:00:00.000Z" } } },
      ],
    });
  });
});

describe("a notification's draft", () => {
  const now = Date.UTC(2026, 0, 1);
  const draft: Draft = {
    audience: "channel",
    who: "Jerry",
    isRaw: false,
    title: "",
    alert: "Cheese",
    data: "",
    isLater: false,
    at: "",
    environment: "prod",
  };
  const made = (changes: Partial<Draft>) => bodyOf(Object.assign({}, draft, changes), words, now);

  test("asks for what it says", () => {
    expect(made({ title: "Tom" })).toEqual({
      body: {
        where: { channels: { $in: ["Jerry"] } },
        data: { alert: "Cheese", title: "Tom" },
        prod: "prod",
      },
    });
    expect(made({ isLater: true, at: "2026-02-01T08:00:00Z" })).toMatchObject({
      body: { push_time: "2026-02-01T08:00:00.000Z" },
    });
  });

  test("names every field that is wrong", () => {
    expect(made({ who: "", alert: " ", isLater: true, at: "" })).toEqual({
      problems: { who: "nobody", alert: "needed", at: "past" },
    });
    expect(made({ isRaw: true, data: "{}" })).toEqual({ problems: { data: "no content" } });
    expect(made({ isLater: true, at: "2026-01-01T00:00:30Z" })).toEqual({ problems: { at: "past" } });
  });
});

describe("what the push view says of content and keys", () => {
  test.each([
    [{ alert: "a", title: "t" }, "t: a"],
    [{ ios: { alert: { title: "t", body: "b" } } }, "t: b"],
    [{ android: { alert: "a" } }, "a"],
    [{ holes: 3, alert: 7 }, undefined],
  ])("the words of %j are %j", (data, said) => {
    expect(wordsOf(data)).toBe(said);
  });

  test("secrets are named and never among the values, and the default profile is first", () => {
    expect(keyFacts({ appId: "1", appSecret: "***", url: null, notifyLevel: 2, category: "" })).toEqual({
      values: [
        ["appId", "1"],
        ["notifyLevel", "2"],
      ],
      secrets: ["appSecret"],
    });
    const setting = { other: { appId: "1" }, _default: { appId: "2" } };
    expect(profilesIn(setting).map(({ name }) => name)).toEqual(["_default", "other"]);
    expect(profilesIn(null)).toEqual([]);
  });

  test("an APNs key's id is read from Apple's name of its file, and topics stand one a line or with commas", () => {
    expect([keyIdIn("AuthKey_ABC1234567.p8"), keyIdIn("mine.pem")]).toEqual(["ABC1234567", undefined]);
    expect(topicsIn("a.b\n c.d,e.f")).toEqual(["a.b", "c.d", "e.f"]);
  });

  test("paths keep ids whole", () => {
    expect(pushPath("why", { client: "a&b", conv: "" })).toBe("/console/push?tab=why&client=a%26b");
    expect(settingPath("push.fcm")).toBe("/console/settings?q=push.fcm");
  });
});

describe("why a message was not pushed", () => {
  const past = (
    pushed: { known: boolean; results: { outcome: string; provider?: string; why?: string }[] },
    more: { isLogOn?: boolean; wasOnline?: boolean } = {},
  ) =>
    pastOf(
      {
        isLogOn: more.isLogOn ?? true,
        hasMessage: true,
        recipient: { pushed, wasOnline: more.wasOnline ?? false },
      },
      jerry,
    );

  test("is told by what the provider answered", () => {
    const results = [{ outcome: "failed", provider: "apns", why: "BadDeviceToken" }];
    expect(past({ known: true, results })).toMatchObject({
      verdict: "not pushed",
      reasons: [{ code: "failed", provider: "apns", why: "BadDeviceToken", link: { mend: "keys" } }],
    });
    expect(past({ known: true, results: [...results, { outcome: "sent", provider: "fcm" }] }).verdict).toBe(
      "pushed",
    );
    expect(past({ known: true, results: [{ outcome: "later" }] }).verdict).toBe("unknown");
  });

  test.each([
    ["the app's hook said not to push", "hook", "hooks"],
    ["no push provider is set up", "no provider", "keys"],
    ["there is no content: no hook's, no pushData, no push.static", "content", "static"],
    ["all offline recipients muted it, or the hook left none", "all muted", "members"],
    ["no offline recipient has a device (no …)", "no device", "installations"],
    ["the devices are invalid, inactive for 90 days, …", "devices lost", "installations"],
    ["no configured provider serves the devices", "device not served", "keys"],
  ])("is told by the log's %j, with the place that mends it", (why, code, mend) => {
    expect(past({ known: true, results: [{ outcome: "not pushed", why }] })).toMatchObject({
      verdict: "not pushed",
      reasons: [{ code, link: { mend } }],
    });
  });

  test("is unknown where nothing was kept, and never guessed", () => {
    const nothing = { known: false, results: [] };
    expect(past(nothing, { isLogOn: false })).toMatchObject({
      verdict: "unknown",
      reasons: [{ code: "noLog", link: { href: "/console/settings?q=events.logDays" } }],
    });
    expect(past(nothing)).toMatchObject({ verdict: "unknown", reasons: [{ code: "notLogged" }] });
    expect(past(nothing, { wasOnline: true })).toMatchObject({
      verdict: "not pushed",
      reasons: [{ code: "wasOnline" }],
    });
    const gone = { isLogOn: true, hasMessage: false, recipient: undefined };
    expect(pastOf(gone, jerry).reasons[0]).toEqual({ code: "noMessage" });
    expect(pastOf({ ...gone, hasMessage: true }, jerry)).toMatchObject({
      verdict: "not pushed",
      reasons: [{ code: "notRecipient" }],
    });
  });

  test("is told of devices by the codes of the preview, and what has none is shown", () => {
    const devices: Parameters<typeof presentOf>[0]["devices"] = [
      { installation: "i1", problem: "the installation is not valid", problem_code: "invalid" },
      { installation: "i2", problem: "in other words", problem_code: "not served" },
      { installation: "i3", problem: "something new" },
      { installation: "i4" },
    ];
    expect(presentOf({ problems: [{ code: "muted" }, { code: "sender" }], devices }, jerry)).toMatchObject([
      { code: "muted", link: { href: "/console/conversations/c1?tab=members" } },
      { code: "sender" },
      { code: "device invalid", link: { href: "/console/push/installations/i1" } },
      { code: "device not served", link: { mend: "keys" } },
      { code: "device other", why: "something new" },
    ]);
  });
});
