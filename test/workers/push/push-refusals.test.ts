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
  pushedLater,
  SCHEDULED,
  setUpPush,
  waiting,
  waitingOf,
} from "../support/push.ts";
import { outcome, rest } from "../support/rest.ts";
import { appKeys, configure, http, masterKeys, openWorld, world } from "../support/world.ts";
import { cheese, DEVICES, ownId, record } from "./push-calls.ts";

beforeAll(() => openWorld());
beforeEach(() => setUpPush());
afterEach(async () => {
  vi.restoreAllMocks();
  await repair();
  await configure({ push: null, limits: { pushesPerMinute: null } });
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
