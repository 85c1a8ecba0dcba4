import { describe, expect, test } from "vitest";
import type { Json } from "../../../../src/model/json.ts";
import { addressProblems } from "../../../../src/settings/address-problems.ts";
import { patchProblem } from "../../../../src/settings/schema.ts";
import { settingsWith } from "../../../support/app-hooks.ts";

const oppoKeys = { appKey: "key", masterSecret: "5ecret" };
const vivoKeys = { appId: "105542118", appKey: "key", appSecret: "5ecret" };

describe("the setting push.oppo", () => {
  test("a profile of OPPO is for chats by default", () => {
    const { oppo } = settingsWith({ push: { oppo: { _default: oppoKeys } } }).push;
    expect(oppo._default).toEqual({
      ...oppoKeys,
      category: "IM",
      channelId: null,
      notifyLevel: null,
      templateId: null,
      titleParam: null,
      contentParam: null,
      activity: null,
      url: null,
      abroadUrl: null,
    });
  });

  test.each<[Json]>([
    [{ category: "" }],
    [{ notifyLevel: 16 }],
    [{ channelId: "chat", templateId: "65537a0e", titleParam: "用户名称", contentParam: "text_1" }],
    [{ activity: "com.example.Chat$Main" }],
  ])("a profile of OPPO may have %j", (fields) => {
    expect(patchProblem({ push: { oppo: { _default: fields } } })).toBeUndefined();
  });

  test.each<[Json, string]>([
    [{ appKey: "a key" }, "push.oppo._default.appKey: must be a text of 1 to 256 characters without blanks"],
    [{ masterSecret: "***" }, "push.oppo._default.masterSecret: is shown as ***"],
    [{ notifyLevel: 3 }, "push.oppo._default.notifyLevel: must be 1, 2 or 16"],
    [{ titleParam: "$sender$" }, "push.oppo._default.titleParam: must be the name of one of"],
    [{ contentParam: "" }, "push.oppo._default.contentParam: must be the name of one of"],
    [{ abroadUrl: "push.example.com" }, "push.oppo._default.abroadUrl: must be an http or https URL"],
  ])("a profile of OPPO with %j is refused with a sentence", (fields, problem) => {
    expect(patchProblem({ push: { oppo: { _default: fields } } })).toContain(problem);
  });

  test("the address for OPPO's phones from abroad is checked as all others", () => {
    const profile = { ...oppoKeys, abroadUrl: "http://10.0.0.1/" };
    const settings = settingsWith({ push: { oppo: { _default: profile } } });
    const problem = (url: string) => (url === profile.abroadUrl ? "is private" : undefined);
    expect(addressProblems(settings, problem)).toEqual(["push.oppo._default.abroadUrl: is private"]);
  });
});

describe("the setting push.vivo", () => {
  test("a profile of vivo is for chats by default", () => {
    const { vivo } = settingsWith({ push: { vivo: { _default: vivoKeys } } }).push;
    expect(vivo._default).toEqual({
      ...vivoKeys,
      classification: 1,
      category: "IM",
      pushMode: 0,
      intent: null,
      refusedText: null,
      url: null,
    });
  });

  test.each<[Json]>([
    [{ category: "", classification: 0 }],
    [{ pushMode: 1 }],
    [{ intent: "intent://cn.leancloud.push/detail?#Intent;scheme=mixpushscheme;end" }],
    [{ intent: "intent:#Intent;component=com.example/.Chat;S.key=value;end" }],
    [{ refusedText: "您有一条新消息" }],
  ])("a profile of vivo may have %j", (fields) => {
    expect(patchProblem({ push: { vivo: { _default: fields } } })).toBeUndefined();
  });

  test.each<[Json, string]>([
    [{ appId: 105542118 }, "push.vivo._default.appId: must be a text of 1 to 20 digits"],
    [{ appId: "app" }, "push.vivo._default.appId: must be a text of 1 to 20 digits"],
    [{ appId: "1234567890123456" }, "push.vivo._default.appId: must have at most 15 digits"],
    [{ classification: 2 }, "push.vivo._default.classification: must be 0 or 1"],
    [{ pushMode: "1" }, "push.vivo._default.pushMode: must be 0 or 1"],
    [{ intent: "https://example.com" }, "push.vivo._default.intent: must be an intent URI"],
    [
      { intent: `intent:#Intent;S.k=${"x".repeat(1_024)};end` },
      "push.vivo._default.intent: must be an intent URI",
    ],
    [{ refusedText: " " }, "push.vivo._default.refusedText: must be a text of 1 to 40 characters"],
  ])("a profile of vivo with %j is refused with a sentence", (fields, problem) => {
    expect(patchProblem({ push: { vivo: { _default: fields } } })).toContain(problem);
  });
});
