import { evictAllDurableObjects } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { pushesOf } from "../../../src/push/push-stub.ts";
import { ask, instead } from "../http/ask.ts";
import { breakTable, repair } from "../support/d1.ts";
import {
  HOUR,
  inTime,
  NOTIFICATIONS,
  PUSH,
  type PushAccepted,
  pushedLater,
  SCHEDULED,
  setUpPush,
  waiting,
  waitingOf,
} from "../support/push.ts";
import { done, outcome, rest } from "../support/rest.ts";
import { appKeys, configure, http, masterKeys, openWorld, world } from "../support/world.ts";

/** What the app's server may ask to be pushed, and what it hears (http-api §10.2). */

beforeAll(() => openWorld());
beforeEach(() => setUpPush());
afterEach(async () => {
  vi.restoreAllMocks();
  await repair();
  await configure({ push: null, limits: { pushesPerMinute: null } });
});

const DEVICES = "/1.1/push/devices";
const DAY = 24 * HOUR;
const cheese = { data: { alert: "Cheese" } };

/** An id of one's own, another in each test. */
let ids = 0;
const ownId = (): string => `launch${++ids}x${Math.floor(Math.random() * 1e8)}`.slice(0, 16);

const record = (id: string) => done<Record<string, unknown>>("GET", `${NOTIFICATIONS}/${id}`);

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

describe("[N-06] its ids", () => {
  test("[N-06] an id chosen by the app names the record, counts several notifications in it and pushes each as it is", async () => {
    const id = ownId();
    const first = await pushedLater({ notification_id: id, data: { alert: "Cheese" }, channels: ["Jerry"] });
    const second = await pushedLater({ notification_id: id, data: { alert: "Ham" }, channels: ["Spike"] });
    expect([first.objectId, second.objectId]).toEqual([id, id]);
    expect(await record(id)).toMatchObject({ notificationId: id, msg: { alert: "Cheese" } });
    const sent = await waitingOf(id);
    expect(sent.map(({ push, where }) => [push.content, where])).toEqual([
      [{ alert: "Cheese" }, { channels: { $in: ["Jerry"] } }],
      [{ alert: "Ham" }, { channels: { $in: ["Spike"] } }],
    ]);
    // To a device they are two.
    expect(new Set(sent.map(({ push }) => push.id)).size).toBe(2);
  });

  test("[N-06] a repeated request has the first response, and is pushed once", async () => {
    const asked = { req_id: ownId(), channels: ["Jerry"] };
    const first = await pushedLater(asked);
    expect(await pushedLater(asked)).toEqual(first);
    expect(await pushedLater({ ...asked, data: "Ham" })).toEqual(first);
    expect(await waitingOf(first.objectId)).toHaveLength(1);
    const devices = { ...cheese, req_id: asked.req_id, device_type: "ios", device_ids: ["a"] };
    expect(await done("POST", DEVICES, devices)).toEqual(first);
  });

  test("[N-06] a request sent twice at once is accepted once, and leaves one record", async () => {
    const before = (await done<{ results: object[] }>("GET", `${NOTIFICATIONS}?limit=1000`)).results.length;
    const asked = { req_id: ownId() };
    const answers = await Promise.all(Array.from({ length: 5 }, () => pushedLater(asked)));
    expect(new Set(answers.map(({ objectId }) => objectId)).size).toBe(1);
    expect(await waitingOf(answers[0]?.objectId ?? "")).toHaveLength(1);
    const { results } = await done<{ results: object[] }>("GET", `${NOTIFICATIONS}?limit=1000`);
    expect(results).toHaveLength(before + 1);
  });

  test("[N-06] a repeated request is new again after five minutes", async () => {
    const asked = { req_id: ownId(), push_time: inTime(3 * HOUR) };
    const first = await pushedLater(asked);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 5 * 60_000 + 1_000);
    expect((await pushedLater(asked)).objectId).not.toBe(first.objectId);
  });

  test.each(["", "with space", "seventeen12345678", "Ümlaut", 7])(
    "[N-06] an id that is not 1 to 16 letters and digits is refused: %j",
    async (id) => {
      expect(await outcome(rest("POST", PUSH, { ...cheese, req_id: id }))).toBe("400 105");
      expect(await outcome(rest("POST", PUSH, { ...cheese, notification_id: id }))).toBe("400 105");
    },
  );

  test.each([5_000, 1_000, 999, 1, 0, -1])(
    "[N-06] flow control of %i is accepted, below 1000 as 1000",
    async (flow) => {
      expect(await outcome(rest("POST", PUSH, { ...cheese, flow_control: flow }))).toBe("200");
    },
  );

  test("[N-06] flow control that is not a number is refused", async () => {
    expect(await outcome(rest("POST", PUSH, { ...cheese, flow_control: "fast" }))).toBe("400 105");
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

describe("[N-12] at most a thousand wait", () => {
  test("[N-12] a scheduled notification beyond a thousand is refused with a failed record, and one for now is sent", async () => {
    const fills = ownId();
    const pushes = pushesOf(world);
    const { push, ...when } = await waiting((await pushedLater({})).objectId);
    const cause = { type: "notification" as const, notificationId: fills };
    const room = 1_000 - (await pushes.waiting()).length;
    for (let count = 0; count < room; count++) {
      await pushes.accept({ ...when, push: { ...push, cause } }, undefined);
    }
    const id = ownId();
    const late = { ...cheese, push_time: inTime(HOUR), notification_id: id, req_id: id };
    expect(await outcome(rest("POST", PUSH, late))).toBe("400 400");
    expect(await record(id)).toMatchObject({
      status: "failed",
      errorMessage: expect.stringContaining("1000"),
    });
    expect(await outcome(rest("POST", PUSH, cheese))).toBe("200");
    await pushes.removeAll(fills);
    expect(await outcome(rest("POST", PUSH, late))).toBe("200");
    expect(await record(id)).toMatchObject({ status: "scheduled" });
  });
});

describe("[N-13] clients", () => {
  const asClient = (path: string, body: object) =>
    http(path, { method: "POST", headers: appKeys, body: JSON.stringify({ ...cheese, ...body }) });
  const devices = { device_type: "ios", device_ids: ["a"] };

  test("[N-13] clients may not push unless a setting allows it, and the error explains it", async () => {
    const response = await asClient(PUSH, {});
    expect(response.status).toBe(403);
    expect((await response.json<{ error: string }>()).error).toContain("push.allowClientPush");
    expect(await outcome(asClient(DEVICES, devices))).toBe("403 403");
    await setUpPush({ allowClientPush: true });
    expect(await outcome(asClient(PUSH, {}))).toBe("200");
    expect(await outcome(asClient(DEVICES, devices))).toBe("200");
  });

  test("[N-13] clients never see or cancel scheduled notifications", async () => {
    await setUpPush({ allowClientPush: true });
    expect(await outcome(http(SCHEDULED, { headers: appKeys }))).toBe("401 401");
    expect(await outcome(http(NOTIFICATIONS, { headers: appKeys }))).toBe("401 401");
  });
});

describe("[L-10] the quota of notifications", () => {
  const call = (path: string, body: object) =>
    ask(`http://parley.test${path}`, { method: "POST", headers: masterKeys, body: JSON.stringify(body) });

  test("[L-10] one quota counts both forms of notifications, refuses beyond it with 429 and a time, and does not count bad input", async () => {
    await configure({ limits: { pushesPerMinute: 2 } });
    // The count is in memory alone: a fresh minute.
    await evictAllDurableObjects();
    expect(await outcome(call(PUSH, {}))).toBe("400 105");
    const requestId = ownId();
    expect(await outcome(call(PUSH, { ...cheese, req_id: requestId }))).toBe("200");
    expect(await outcome(call(DEVICES, { ...cheese, device_type: "ios", device_ids: ["a"] }))).toBe("200");
    const over = await call(PUSH, cheese);
    expect(Number(over.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(await outcome(over)).toBe("429 429");
    // What was taken is answered again all the same.
    expect(await outcome(call(PUSH, { ...cheese, req_id: requestId }))).toBe("200");
  });
});

describe("[I11] what fails", () => {
  const failing = () => instead(world.PUSH, () => Promise.reject(new Error("the object is down")));

  test("[I11] a push that the queue refuses fails with its record, and the same request succeeds when repeated", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const id = ownId();
    const body = JSON.stringify({ ...cheese, push_time: inTime(HOUR), notification_id: id });
    const asked = { method: "POST", headers: masterKeys, body };
    expect(await outcome(ask(`http://parley.test${PUSH}`, { ...asked, env: { PUSH: failing() } }))).toBe(
      "503 503",
    );
    expect(await record(id)).toMatchObject({
      status: "failed",
      errorMessage: expect.stringContaining("down"),
    });
    expect(await outcome(ask(`http://parley.test${PUSH}`, asked))).toBe("200");
    expect(await record(id)).toMatchObject({ status: "scheduled" });
    expect(await waitingOf(id)).toHaveLength(1);
  });

  test("[I11] a push while D1 fails is refused with 503, and nothing is pushed", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const id = ownId();
    const asked = { ...cheese, push_time: inTime(HOUR), notification_id: id, req_id: id };
    await breakTable("notifications");
    expect(await outcome(rest("POST", PUSH, asked))).toBe("503 503");
    expect(await outcome(rest("GET", NOTIFICATIONS))).toBe("503 503");
    await repair();
    expect(await waitingOf(id)).toEqual([]);
    expect(await outcome(rest("POST", PUSH, asked))).toBe("200");
    expect(await waitingOf(id)).toHaveLength(1);
  });
});
