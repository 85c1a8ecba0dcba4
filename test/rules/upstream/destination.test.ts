import { describe, expect, test } from "vitest";
import { defaultSettings, type Settings } from "../../../src/settings/schema.ts";
import { destinationOf } from "../../../src/upstream/destination.ts";

const { upstream, users } = defaultSettings(false);
const both: Pick<Settings, "users" | "upstream"> = {
  users,
  upstream: { ...upstream, url: "https://storage.example", functionsUrl: "https://engine.example" },
};

const baseOf = (path: string, settings = both) => {
  const destination = destinationOf(path, settings);
  return destination.to === "upstream" ? destination.base : destination.to;
};

describe("where a request goes that no route serves", () => {
  test.each([
    ["/1.1/classes/Todo", "https://storage.example"],
    ["/1.1/cloudQuery", "https://storage.example"],
    ["/1/classes/Todo/1", "https://storage.example"],
    ["/1.1/classes/_ConversationOfMine", "https://storage.example"],
    ["/1.1/pushes", "https://storage.example"],
    ["/1.1/scan/classes/Todo", "https://storage.example"],
    ["/1.1/scan/classes/_User", "https://storage.example"],
    ["/1.1/scan/classes/_ConversationOfMine", "https://storage.example"],
    ["/1.1/scan", "https://storage.example"],
    ["/1.1/functionsOfMine", "https://storage.example"],
    ["/1.1/functions/hello", "https://engine.example"],
    ["/1.1/call/a-b_c", "https://engine.example"],
    ["/1.1/functions/%E7%8C%AB", "https://engine.example"],
    ["/1.1/functions/user.rename", "https://engine.example"],
    ["/1.1/functions/100%25;a=1", "https://engine.example"],
    ["/1.1/classes/Todo/1;x=1", "https://storage.example"],
    ["/1.1/batch/nothing", "https://storage.example"],
  ])("%s goes to %s", (path, base) => {
    expect(baseOf(path)).toBe(base);
  });

  test.each([
    "/",
    "/1.1",
    "/1.1/",
    "/2/route",
    "/11.1/classes/Todo",
    "/1.1.1/x",
    "/1.1/..%2Fx",
    "/admin/settings",
  ])("%s is no path of the API", (path) => {
    expect(baseOf(path)).toBe("nowhere");
  });

  test.each([
    "/1.1/classes/_Conversation",
    "/1.1/classes/_conversation/1/2",
    "/1.1/classes/_Conversation%2F1",
    "/1.1/classes%2f_Installation",
    "/1.1/scan/classes/_Conversation",
    "/1.1/scan%2Fclasses/_installation",
    "/1.1/Scan/classes/_File/",
    "/1.1/scan/classes/_ConversationMemberInfo",
    "/1.1/exportData",
    "/1.1/exportData/1",
    "/1.1/rtm/x",
    "/1.1/%2F/rtm/x",
    "/1.1/a%2F..%2Frtm/x",
    "/1.2/rtm/x",
    "/1.1/RTM/x",
    "/1.1/files/1",
    "/1.1/classes/_file/1",
    "/1.1/functions/_hook",
    "/1.1/functions/%5F%68ook",
    "/1.1/Functions/_hook",
    "/1.1/functions%2F_hook",
    "/1.1/functions/Todo/beforeSave",
    "/1.1/functions/Todo%5CbeforeSave",
    "/1.1/functions/%ff%2fbeforeSave",
    "/1.1/LiveQuery/subscribe",
    "/1/batch",
    "/1.2/batch/save",
    "/1.1/BATCH",
    "/1.1/batch;x",
    "/1.1/functions;x/_rtmClientSign",
    "/1.1/;x/functions/_hook",
    "/1.1/call;a/_h",
    "/1.1/call/;a/_h",
    "/1.1/functions/%20_hook",
    "/1.1/functions/%3B/_hook",
    "/1.1/functions/%255fhook",
    "/1.1/functions/hello/..;/_hook",
    "/1.1/functions/_hook/..;",
    "/1.1/classes/_Conversation;x=1",
    "/1.1/classes/_Conversation%3Bx=1",
    "/1.1/classes/_Conversation%20",
    "/1.1/classes/_Conversation.json",
    "/1.1/classes/_Conversation.json;x%20",
    "/1.1/classes/_Conversation.",
    "/1.1/classes/_Conversation%3Fx",
    "/1.1/classes.json/_Installation/1",
    "/1.1/files;x=1",
    "/1.1/push;x=1",
    "/1.1/push.json",
    "/1.1/rtm%20/x",
    "/1.1/rtm/..;/x",
    "/1.1/push%00",
    "/1.1/classes/Todo%0a",
    "/1.1/classes/Todo%2500",
    "/1.1/classes/%7fTodo",
  ])("%s goes nowhere, in whatever spelling", (path) => {
    expect(baseOf(path)).toBe("nobody");
  });

  test("without addresses, each refusal names the setting", () => {
    const settings = { users, upstream };
    expect(destinationOf("/1.1/classes/Todo", settings)).toMatchObject({
      reason: expect.stringContaining("upstream.url"),
    });
    expect(destinationOf("/1.1/functions/hello", settings)).toMatchObject({
      reason: expect.stringContaining("upstream.functionsUrl"),
    });
    expect(destinationOf("/1.1/login", settings)).toMatchObject({
      reason: expect.stringContaining("users.where"),
    });
  });

  test("a call about what is kept here, which there is not, is refused with the place where the calls are", () => {
    expect(destinationOf("/1.2/rtm/nothing", { users, upstream })).toMatchObject({
      reason: "Conversations and messages are kept by Parley, which has no such call: see /docs.",
    });
  });

  test("scans of users pass to nobody where the users are here", () => {
    const here = { ...both, users: { ...users, where: "here" as const } };
    expect(baseOf("/1.1/scan/classes/_User", here)).toBe("nobody");
  });

  test("functions go to upstream.url where they have no address of their own", () => {
    const settings = { users, upstream: { ...both.upstream, functionsUrl: null } };
    expect(baseOf("/1.1/functions/hello", settings)).toBe("https://storage.example");
  });

  test("signatures for sessions go to the upstream only where the users are there", () => {
    const there = { ...both, users: { ...users, where: "upstream" as const } };
    for (const path of ["/1.1/rtm/sign", "/1.2/rtm/clients/sign"]) {
      expect([baseOf(path, there), baseOf(path)]).toEqual(["https://storage.example", "nobody"]);
    }
    expect(baseOf("/1.1/rtm/signs", there)).toBe("nobody");
  });
});
