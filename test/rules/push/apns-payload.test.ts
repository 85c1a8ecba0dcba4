import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/model/json.ts";
import { apnsContentOf } from "../../../src/push/apns-payload.ts";

const payloadOf = (content: JsonObject, badge = 0) => apnsContentOf(content, badge).payload;

describe("[N-07] an Apple payload", () => {
  test("[N-07] an Apple payload has the common keys, overridden by those of `ios`", () => {
    const content = {
      alert: "hello",
      sound: "a.caf",
      from: "Tom",
      ios: { alert: "hello, iPhone", to: "Jerry" },
    };
    expect(payloadOf(content)).toEqual({
      aps: { alert: "hello, iPhone", sound: "a.caf" },
      from: "Tom",
      to: "Jerry",
    });
  });

  test.each(["ios", "android", "mi", "hms", "mz", "vivo", "oppo", "honor", "fcm", "web"])(
    "[N-07] an Apple payload has no key `%s`",
    (platform) => {
      const content = { alert: "hello", [platform]: { from: "Tom" } };
      expect(payloadOf(content)).not.toHaveProperty(platform);
    },
  );

  test("[N-07] an Apple payload has the app's own key `ios` if it is not an object", () => {
    expect(payloadOf({ alert: "hello", ios: "hello" })).toEqual({ aps: { alert: "hello" }, ios: "hello" });
  });
});

describe("[P-19] control keys", () => {
  test("[P-19] control keys are in no Apple payload, wherever the content has them", () => {
    const keys = { _profile: "dev", _apns_team_id: "TEAM1", _notificationChannel: "loud" };
    expect(payloadOf({ alert: "hello", ...keys, ios: keys })).toEqual({ aps: { alert: "hello" } });
    expect(payloadOf({ aps: { alert: "hello" }, ...keys })).toEqual({ aps: { alert: "hello" } });
  });
});

describe("[N-08] the key `aps`", () => {
  test.each([
    ["alert", { "title-loc-key": "GREETING", "loc-args": ["Tom"] }],
    ["badge", 3],
    ["sound", { name: "a.caf", critical: 1, volume: 0.5 }],
    ["category", "invitation"],
    ["thread-id", "chat-1"],
    ["content-available", 1],
    ["mutable-content", 1],
    ["target-content-id", "window-1"],
    ["url-args", ["boarding", "A998"]],
    ["interruption-level", "time-sensitive"],
    ["relevance-score", 0.7],
  ])("[N-08] `aps` has `%s` as given", (key, value) => {
    expect(payloadOf({ [key]: value })).toEqual({ aps: { [key]: value } });
  });

  test("[N-08] `aps` has the alert with the title and subtitle beside it", () => {
    const content = { alert: "the party begins", title: "Jerry", subtitle: "tonight" };
    const alert = { title: "Jerry", subtitle: "tonight", body: "the party begins" };
    expect(payloadOf(content)).toEqual({ aps: { alert } });
  });

  test("[N-08] `aps` has a title alone as an alert", () => {
    expect(payloadOf({ title: "Jerry" })).toEqual({ aps: { alert: { title: "Jerry" } } });
  });

  test("[N-08] `aps` has an alert object's own title before one beside it", () => {
    expect(payloadOf({ title: "Parley", alert: { title: "Jerry", body: "hi" } })).toEqual({
      aps: { alert: { title: "Jerry", body: "hi" } },
    });
    expect(payloadOf({ title: "Parley", alert: { body: "hi" } })).toEqual({
      aps: { alert: { title: "Parley", body: "hi" } },
    });
  });

  test("[N-08] a ready `aps` is kept, with every other key beside it", () => {
    const aps = { alert: "hello", badge: 1, "my-own": true };
    expect(payloadOf({ ios: { aps, category: "c" }, title: "Tom" })).toEqual({
      aps,
      category: "c",
      title: "Tom",
    });
    expect(payloadOf({ aps, from: "Tom" })).toEqual({ aps, from: "Tom" });
  });
});

describe("[P-07][P-08] keys of the app's own", () => {
  test("[P-07][P-08] the app's own keys are beside `aps`, those for Android too", () => {
    const own = { from: "Tom", conversation: { id: "c1" }, silent: true, action: "com.example.VIEW" };
    expect(payloadOf({ alert: "hello", ...own })).toEqual({ aps: { alert: "hello" }, ...own });
  });
});

describe("[P-06] the badge `Increment`", () => {
  test("[P-06] the badge `Increment` becomes the device's number, in a ready `aps` too", () => {
    expect(payloadOf({ badge: "Increment" }, 5)).toEqual({ aps: { badge: 5 } });
    expect(payloadOf({ ios: { badge: "Increment" } }, 5)).toEqual({ aps: { badge: 5 } });
    expect(payloadOf({ aps: { alert: "a", badge: "Increment" } }, 5)).toEqual({
      aps: { alert: "a", badge: 5 },
    });
  });

  test("[P-06] the badge `Increment` is case-sensitive, and a number sets the badge", () => {
    expect(payloadOf({ badge: "increment" }, 5)).toEqual({ aps: { badge: "increment" } });
    expect(payloadOf({ badge: 0 }, 5)).toEqual({ aps: { badge: 0 } });
  });
});

describe("[N-08] a value for Apple's headers", () => {
  const told = (content: JsonObject) => {
    const { payload: _, ...headers } = apnsContentOf(content, 0);
    return headers;
  };

  test("[N-08] Apple's headers come from the content, and are not in the payload", () => {
    const keys = { "collapse-id": "score", "apns-priority": 5, "apns-push-type": "location" };
    expect(apnsContentOf({ alert: "1:0", ios: keys }, 0)).toEqual({
      payload: { aps: { alert: "1:0" } },
      collapseId: "score",
      priority: 5,
      pushType: "location",
    });
  });

  test("[N-08] Apple's headers are of an alert with the highest priority by default", () => {
    expect(told({ alert: "hi" })).toEqual({ collapseId: undefined, priority: 10, pushType: "alert" });
  });

  test.each<JsonObject>([{ "content-available": 1 }, { aps: { "content-available": 1 }, from: "Tom" }])(
    "[N-08] Apple's headers are of a background push if nothing is shown: %j",
    (content) => {
      expect(told(content)).toMatchObject({ priority: 5, pushType: "background" });
    },
  );

  test.each<JsonObject>([{ alert: "hi" }, { badge: 0 }, { sound: "a.caf" }])(
    "[N-08] Apple's headers are of an alert if something is shown: %j",
    (shown) => {
      expect(told({ "content-available": 1, ...shown })).toMatchObject({ priority: 10, pushType: "alert" });
    },
  );

  test.each([
    [1, 1],
    ["5", 5],
    [10, 10],
    [7, 10],
    ["high", 10],
  ])("[N-08] the priority %j becomes Apple's priority %d", (asked, priority) => {
    expect(told({ alert: "hi", "apns-priority": asked })).toMatchObject({ priority });
  });

  test("[N-08] a background push never has the highest priority, which Apple refuses", () => {
    const content = { "content-available": 1, "apns-priority": 10 };
    expect(told(content)).toMatchObject({ priority: 5, pushType: "background" });
  });

  test("[N-08] Apple's headers have no value that a header cannot hold", () => {
    expect(told({ alert: "hi", "apns-push-type": "alert\r\nx: y" })).toMatchObject({ pushType: "alert" });
  });
});
