import { describe, expect, test } from "vitest";
import type { InstallationContent } from "../../../src/database/installations/save.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { changeInstallation, namesIn } from "../../../src/push/installation-changes.ts";

const phone: InstallationContent = {
  deviceType: "ios",
  deviceToken: "a1b2",
  channels: ["news"],
  valid: true,
  badge: 2,
  fields: { lives: 9 },
  installationId: undefined,
  registrationId: undefined,
  vendor: undefined,
  subscription: undefined,
};

const after = (changes: JsonObject, before: InstallationContent | undefined = phone) =>
  changeInstallation(before, changes);

describe("[N-01] a save of an installation", () => {
  test.each<[JsonObject, Partial<InstallationContent>]>([
    [{}, {}],
    [
      { badge: 0, valid: false },
      { badge: 0, valid: false },
    ],
    [{ badge: { __op: "Increment", amount: 2 } }, { badge: 4 }],
    [
      { badge: null, valid: null, channels: null },
      { badge: 0, valid: true, channels: [] },
    ],
    [{ channels: ["sports", "sports", ""] }, { channels: ["sports"] }],
    [{ channels: { __op: "Add", objects: ["news", "sports"] } }, { channels: ["news", "sports"] }],
    [{ channels: { __op: "AddUnique", objects: ["sports"] } }, { channels: ["news", "sports"] }],
    [{ channels: { __op: "Remove", objects: ["news"] } }, { channels: [] }],
    [{ lives: { __op: "Increment", amount: -1 } }, { fields: { lives: 8 } }],
    [{ lives: null }, { fields: {} }],
    [{ toys: { __op: "AddUnique", objects: ["ball"] } }, { fields: { lives: 9, toys: ["ball"] } }],
    [
      { "size.cm": 30, ACL: { "*": { read: true } } },
      { fields: { lives: 9, size: { cm: 30 }, ACL: { "*": { read: true } } } },
    ],
    [{ id: "mine", fields: 1 }, { fields: { lives: 9, id: "mine", fields: 1 } }],
    [
      { objectId: "x", createdAt: "x", updatedAt: "x", className: "x", __internalId: "x", __type: "Object" },
      {},
    ],
    // Of what an SDK does not know yet it writes nothing, in a text.
    [{ deviceToken: "", installationId: "", registrationId: "", vendor: "" }, {}],
    [
      { deviceToken: null, installationId: "i" },
      { deviceToken: undefined, installationId: "i" },
    ],
    [
      { timeZone: "UTC", deviceProfile: "cats" },
      { fields: { lives: 9, timeZone: "UTC", deviceProfile: "cats" } },
    ],
  ])("[N-01] a save applies the changes %j", (changes, expected) => {
    expect(after(changes)).toEqual({ ...phone, ...expected });
    expect(phone).toMatchObject({ channels: ["news"], fields: { lives: 9 } });
  });

  test("[N-01] a new installation needs a type and a name, and is valid", () => {
    const none = {
      deviceToken: undefined,
      installationId: undefined,
      registrationId: undefined,
      vendor: undefined,
    };
    const made = { ...none, deviceType: "android", channels: [], valid: true, badge: 0, fields: {} };
    for (const name of ["deviceToken", "installationId", "registrationId"]) {
      const changes = { deviceType: "android", [name]: "x" };
      expect(changeInstallation(undefined, changes)).toEqual({
        ...made,
        subscription: undefined,
        [name]: "x",
      });
    }
    expect(changeInstallation(undefined, { installationId: "x" })).toEqual({
      refused: "deviceType: is required",
    });
    const refused = { refused: "deviceToken or installationId is required" };
    expect(changeInstallation(undefined, { deviceType: "ios", deviceToken: "" })).toEqual(refused);
    expect(after({ deviceToken: { __op: "Delete" } })).toEqual(refused);
  });

  test.each<[JsonObject, string]>([
    [{ deviceType: 5 }, "deviceType: must be a text"],
    [{ deviceType: "x".repeat(65) }, "deviceType: must have at most 64 characters"],
    [{ deviceToken: ["a"] }, "deviceToken: must be a text"],
    [{ deviceToken: "x".repeat(1_025) }, "deviceToken: must have at most"],
    [{ channels: "news" }, "channels: must be a list"],
    [{ channels: [5] }, "channels: must be a text"],
    [{ channels: { __op: "Increment", amount: 1 } }, "channels: not a number"],
    [{ channels: Array.from({ length: 1_001 }, (_, at) => `c${at}`) }, "channels: must have at most 1000"],
    [{ badge: 1.5 }, "badge: must be a whole number"],
    [{ badge: -1 }, "badge: must be a whole number"],
    [{ valid: "yes" }, "valid: must be true or false"],
    [{ timeZone: 8 }, "timeZone: must be a text"],
    [{ lives: { __op: "Add", objects: [1] } }, "lives: not an array"],
    [{ lives: { __op: "BitAnd", value: 1 } }, "lives: unknown __op BitAnd"],
    [{ "lives.left": 1 }, "lives.left: passes through"],
    [{ "a..b": 1 }, "a..b: not the name of a field"],
    [{ $set: 1 }, "$set: not the name of a field"],
    [{ 'a"': 1 }, "not the name of a field"],
    [{ subscription: null }, "subscription: is set by registering"],
    [{ "subscription.endpoint": "x" }, "subscription: is set by registering"],
    [{ own: "x".repeat(65_536) }, "an installation has at most 65536 bytes"],
    [{ own: "猫".repeat(22_000) }, "an installation has at most 65536 bytes"],
  ])("[N-01] a save with %j is refused", (changes, why) => {
    expect(after(changes)).toEqual({ refused: expect.stringContaining(why) });
  });

  test("[N-03] every valid client id is a valid channel", () => {
    const channels = ["news", "a-b_c=d", "猫", "Tom & Jerry", "12:34", "x".repeat(64)];
    expect(after({ channels })).toMatchObject({ channels });
    for (const channel of ["x".repeat(65), "a\nb", "\ud800"]) {
      expect(after({ channels: [channel] })).toEqual({
        refused: expect.stringContaining("channels: must have 1 to 64"),
      });
    }
  });

  test("[N-01] a save does not change the fields of a registered browser", () => {
    const subscription = { endpoint: "https://push.example.com/x", keys: { p256dh: "p", auth: "a" } };
    const browser: InstallationContent = {
      ...phone,
      deviceType: "web",
      deviceToken: subscription.endpoint,
      subscription,
    };
    expect(changeInstallation(browser, { badge: 0, deviceType: "web" })).toEqual({ ...browser, badge: 0 });
    const refused: JsonObject[] = [
      { deviceType: "ios" },
      { deviceToken: "a1b2" },
      { deviceToken: null, installationId: "i" },
    ];
    for (const changes of refused)
      expect(changeInstallation(browser, changes)).toEqual({
        refused: expect.stringContaining("subscription"),
      });
  });
});

test("[N-01] the names of a device are those that changes set as plain values", () => {
  expect(namesIn({ deviceToken: "a", installationId: "", registrationId: { __op: "Delete" } })).toEqual({
    deviceToken: "a",
  });
});
