import { expect, test } from "vitest";
import { settingsFrom } from "../../../src/settings/schema.ts";
import { switchesOff } from "../../../src/settings/switches-off.ts";

const offWith = (security: object) =>
  switchesOff(settingsFrom({ security: { ...security } }, false).settings).map(({ setting }) => setting);

test("no warning is printed for an app with the recommendations of docs/security.md", () => {
  const recommended = {
    signLogin: true,
    join: "members",
    removeOthers: "creator",
    historyFrom: "joining",
    findOthers: "nobody",
    showMembers: false,
    origins: ["https://example.com"],
  };
  expect(offWith(recommended)).toEqual([]);
});

test("each recommendation that an app does not follow is named", () => {
  expect(offWith({ signLogin: true, join: "members" })).toEqual([
    "security.removeOthers or security.signConversation",
    "security.showMembers",
    "security.origins",
  ]);
  expect(offWith({})).toContain("security.join or security.signConversation");
  expect(offWith({})).toContain("security.historyFrom");
  expect(offWith({ signConversation: true })).not.toContain("security.historyFrom");
});

test("[C-05] accounts on other platforms are named where users are here, unless they are switched off", () => {
  const named = (users: object) =>
    switchesOff(settingsFrom({ users: { ...users } }, false).settings).map(({ setting }) => setting);
  expect(named({ where: "here" })).toContain("users.thirdParty");
  expect(named({ where: "here", thirdParty: false })).not.toContain("users.thirdParty");
  expect(named({ where: "hook" })).not.toContain("users.thirdParty");
});
