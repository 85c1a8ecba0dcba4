import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  HOUR,
  inTime,
  PUSH,
  type PushAccepted,
  pushedLater,
  setUpPush,
  waiting,
  waitingOf,
} from "../support/push.ts";
import { done, outcome, rest } from "../support/rest.ts";
import { configure, openWorld } from "../support/world.ts";
import { cheese, DEVICES, ownId, record } from "./push-calls.ts";

/** What the app's server may ask to be pushed, and what it hears (http-api §10.2). */

beforeAll(() => openWorld());
beforeEach(() => setUpPush());
afterEach(() => configure({ push: null }));

const DAY = 24 * HOUR;

describe("[N-04] a push by conditions", () => {
  test("[N-04] a push by conditions is answered with the id of its record", async () => {
    const accepted = await done<PushAccepted>("POST", PUSH, { ...cheese, channels: ["Jerry"] });
    expect(accepted).toEqual({
      objectId: expect.stringMatching(/^[0-9a-f]{24}$/),
      createdAt: expect.stringMatching(/Z$/),
    });
    expect(await record(accepted.objectId)).toMatchObject({
      objectId: accepted.objectId,
      createdAt: accepted.createdAt,
      msg: { alert: "Cheese" },
      prod: "prod",
      where: { channels: { $in: ["Jerry"] } },
      "push-time": accepted.createdAt,
    });
  });

  test("[N-04] a push reaches the named channels of the installations that its conditions fit, or all", async () => {
    const where = { city: "Burbank" };
    const jerry = { channels: { $in: ["Jerry"] } };
    const conditions = async (body: object) => (await waiting((await pushedLater(body)).objectId)).where;
    expect(await conditions({})).toEqual({});
    expect(await conditions({ where })).toEqual(where);
    expect(await conditions({ where: JSON.stringify(where) })).toEqual(where);
    expect(await conditions({ channels: "Jerry" })).toEqual(jerry);
    expect(await conditions({ where, channels: ["Jerry", "Spike"] })).toEqual({
      $and: [where, { channels: { $in: ["Jerry", "Spike"] } }],
    });
  });

  test.each([
    ["an operator nobody knows", { city: { $near: 1 } }],
    ["a list that is none", { channels: { $in: "Jerry" } }],
  ])("[N-04] a push by %s is refused with 102", async (_, where) => {
    expect(await outcome(rest("POST", PUSH, { ...cheese, where }))).toBe("400 102");
  });

  test("[N-04] a push may have 4096 bytes, and no more", async () => {
    const around = JSON.stringify({ data: { alert: "" } }).length;
    const body = (bytes: number) => ({ data: { alert: "x".repeat(bytes - around) } });
    expect(await outcome(rest("POST", PUSH, body(4_096)))).toBe("200");
    expect(await outcome(rest("POST", PUSH, body(4_097)))).toBe("413 413");
  });

  test("[N-04] a push without a provider is refused with the names of the settings", async () => {
    await configure({ push: null });
    const response = await rest("POST", PUSH, cheese);
    expect(response.status).toBe(400);
    expect((await response.json<{ error: string }>()).error).toContain("push.webhook.url");
  });

  test("[N-04] a push by CQL is refused with a hint at conditions", async () => {
    const response = await rest("POST", PUSH, { ...cheese, cql: "select * from _Installation" });
    expect(await response.json()).toEqual({ code: 105, error: "cql: is not understood; say it in where" });
  });
});

describe("[N-05] a push to devices by their ids", () => {
  const sent = async (body: object) => {
    const asked = { ...cheese, notification_id: ownId(), ...body };
    await done("POST", DEVICES, asked);
    return (await record(asked.notification_id)).where;
  };

  test("[N-05] a push by device ids reaches the installations of its type with one of them", async () => {
    expect(await sent({ device_type: "ios", device_ids: ["a", "b"] })).toEqual({
      deviceType: "ios",
      deviceToken: { $in: ["a", "b"] },
    });
    expect(await sent({ device_type: "android", device_ids: ["a"], vendor: "mi" })).toEqual({
      deviceType: "android",
      vendor: "mi",
      $or: [{ registrationId: { $in: ["a"] } }, { installationId: { $in: ["a"] } }],
    });
  });

  test("[N-05] a push by device ids with a profile reaches only the installations of that profile", async () => {
    const ios = { device_type: "ios", device_ids: ["a"] };
    expect(await sent({ ...ios, device_profile: "beta" })).toMatchObject({ deviceProfile: "beta" });
    expect(await sent({ ...ios, device_profile: "_default" })).not.toHaveProperty("deviceProfile");
  });

  test("[N-05] a push may name 500 devices, however long their ids, beside 4096 bytes of content", async () => {
    const body = { device_type: "android", device_ids: Array.from({ length: 500 }, () => "x".repeat(512)) };
    const around = JSON.stringify({ alert: "" }).length;
    const of = (bytes: number) => ({ ...body, data: { alert: "x".repeat(bytes - around) } });
    const id = ownId();
    expect(await outcome(rest("POST", DEVICES, { ...of(4_096), notification_id: id }))).toBe("200");
    // Not shown: it would fill every page.
    expect(await record(id)).not.toHaveProperty("where");
    expect(await outcome(rest("POST", DEVICES, of(4_097)))).toBe("413 413");
    const tooMany = { ...body, ...cheese, device_ids: Array.from({ length: 501 }, () => "x") };
    expect(await outcome(rest("POST", DEVICES, tooMany))).toBe("400 105");
  });

  test.each([
    ["no type", { device_ids: ["a"] }],
    ["another type", { device_type: "web", device_ids: ["a"] }],
    ["no devices", { device_type: "ios", device_ids: [] }],
    ["an empty id", { device_type: "ios", device_ids: [""] }],
    ["nothing to be pushed", { device_type: "ios", device_ids: ["a"], data: null }],
  ])("[N-05] a push by device ids with %s is refused", async (_, body) => {
    expect(await outcome(rest("POST", DEVICES, { ...cheese, ...body }))).toBe("400 105");
  });

  test("[N-05] a push by device ids is sent at once and may name no time", async () => {
    const id = ownId();
    const asked = { ...cheese, device_type: "ios", device_ids: ["a"], notification_id: id };
    expect(await outcome(rest("POST", DEVICES, { ...asked, push_time: inTime(HOUR) }))).toBe("400 105");
    await done("POST", DEVICES, asked);
    expect(await waitingOf(id)).toEqual([]);
    expect((await record(id)).status).not.toBe("scheduled");
  });
});

describe("[N-06] when it is sent, and until when", () => {
  test("[N-06] a push is sent at its push_time and expires 7 days later", async () => {
    const push_time = inTime(HOUR);
    const { objectId } = await pushedLater({ push_time });
    const { at, push } = await waiting(objectId);
    expect([at, push.expiresAt]).toEqual([Date.parse(push_time), Date.parse(push_time) + 7 * DAY]);
    expect(await record(objectId)).toMatchObject({ status: "scheduled", "push-time": push_time });
  });

  test.each([
    ["not named", undefined],
    ["less than a minute ahead", 50_000],
    ["past", -HOUR],
  ])("[N-06] a push is sent at once if its time is %s", async (_, ahead) => {
    const time = ahead === undefined ? {} : { push_time: inTime(ahead) };
    const { objectId, createdAt } = await done<PushAccepted>("POST", PUSH, { ...cheese, ...time });
    expect(await record(objectId)).toMatchObject({ "push-time": createdAt });
    expect(await waitingOf(objectId)).toEqual([]);
  });

  test("[N-06] a push expires at a time, or a number of seconds after it was sent", async () => {
    const expiration_time = inTime(2 * HOUR);
    const absolute = await waiting((await pushedLater({ expiration_time })).objectId);
    expect(absolute.push.expiresAt).toBe(Date.parse(expiration_time));
    const relative = await waiting((await pushedLater({ expiration_interval: 60 })).objectId);
    expect(relative.push.expiresAt - relative.at).toBe(60_000);
  });

  test.each<[string, () => object]>([
    ["over already", () => ({ expiration_time: inTime(-1_000) })],
    ["over before it is sent", () => ({ push_time: inTime(HOUR), expiration_time: inTime(HOUR / 2) })],
    ["given twice", () => ({ expiration_time: inTime(HOUR), expiration_interval: 60 })],
    ["no time", () => ({ expiration_time: "tomorrow" })],
    ["not of this calendar", () => ({ push_time: "2026-13-45T00:00:00.000Z" })],
    ["after no time at all", () => ({ expiration_interval: 0 })],
  ])("[N-06] a push is refused if its time is %s", async (_, body) => {
    expect(await outcome(rest("POST", PUSH, { ...cheese, ...body() }))).toBe("400 105");
  });
});

describe("[N-07] the pushed content", () => {
  const content = async (body: object) => (await waiting((await pushedLater(body)).objectId)).push.content;

  test("[N-07] the content of a push is an object with its per-platform parts, or a text as its alert", async () => {
    const data = {
      alert: "Cheese",
      ios: { sound: "squeak" },
      mi: { title: "Cheese!" },
      custom: [1, { a: null }],
    };
    expect(await content({ data })).toEqual(data);
    expect(await content({ data: "Cheese" })).toEqual({ alert: "Cheese" });
  });

  test("[N-07] the content of a push has the Android channel, wherever the request named it", async () => {
    const squeaks = { alert: "Cheese", _notificationChannel: "squeaks" };
    expect(await content({ ...cheese, _notificationChannel: "squeaks" })).toEqual(squeaks);
    expect(await content({ data: squeaks })).toEqual(squeaks);
    const id = ownId();
    const android = { device_type: "android", device_ids: ["a"], channel: "squeaks" };
    await done("POST", DEVICES, { ...cheese, ...android, notification_id: id });
    expect((await record(id)).msg).toEqual(squeaks);
  });

  test.each([
    ["nothing", {}],
    ["null", { data: null }],
    ["a list", { data: ["Cheese"] }],
    ["a number", { data: 7 }],
    ["an empty text", { data: "" }],
  ])("[N-07] a push is refused if its content is %s", async (_, body) => {
    expect(await outcome(rest("POST", PUSH, body))).toBe("400 105");
  });

  test("[N-07] the content of a push is JSON whose keys reach no prototype", async () => {
    expect(await outcome(rest("POST", PUSH, '{"data":'))).toBe("400 107");
    expect(await outcome(rest("POST", PUSH, '{"data":{"__proto__":{}}}'))).toBe("400 107");
  });
});

describe("[N-10] Apple's keys and environments", () => {
  const push = async (body: object, headers: Record<string, string> = {}) => {
    const sent = { data: "Cheese", push_time: inTime(HOUR), ...body };
    const response = await rest("POST", PUSH, sent, headers);
    return (await waiting((await response.json<PushAccepted>()).objectId)).push;
  };
  const environment = async (body: object, headers = {}) => (await push(body, headers)).environment;

  test("[N-10] a push uses production unless set otherwise", async () => {
    expect(await environment({})).toBe("prod");
    expect(await environment({}, { "X-LC-Prod": "1" })).toBe("prod");
    expect(await environment({}, { "X-LC-Prod": "0" })).toBe("dev");
    expect(await environment({}, { "X-AVOSCloud-Application-Production": "0" })).toBe("dev");
    expect(await environment({ prod: "dev" })).toBe("dev");
    expect(await environment({ prod: "prod" }, { "X-LC-Prod": "0" })).toBe("prod");
  });

  test("[N-10] [P-17] [P-19] the environment may be in the content, and is not pushed with it", async () => {
    const { environment, teamId, content } = await push({
      data: { alert: "Cheese", _profile: "dev", _apns_team_id: "TEAM" },
    });
    expect([environment, teamId, content]).toEqual(["dev", "TEAM", { alert: "Cheese" }]);
    expect((await push({ data: { alert: "Cheese", _profile: "dev" }, prod: "prod" })).environment).toBe(
      "prod",
    );
  });

  test("[N-10] [P-16] team and topic may be beside the content as well", async () => {
    expect(await push({ topic: "com.example.cheese", apns_team_id: "TEAM" })).toMatchObject({
      topic: "com.example.cheese",
      teamId: "TEAM",
    });
    const data = { alert: "Cheese", _apns_team_id: "OTHER" };
    expect(await push({ data, apns_team_id: "TEAM" })).toMatchObject({ teamId: "TEAM" });
  });

  test.each([{ prod: "staging" }, { topic: "" }, { apns_team_id: 7 }])(
    "[N-10] a push with %j is refused",
    async (body) => {
      expect(await outcome(rest("POST", PUSH, { ...cheese, ...body }))).toBe("400 105");
    },
  );
});
