import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { HOUR, inTime, NOTIFICATIONS, PUSH, pushedLater, setUpPush, waitingOf } from "../support/push.ts";
import { done, outcome, rest } from "../support/rest.ts";
import { configure, openWorld } from "../support/world.ts";
import { cheese, DEVICES, ownId, record } from "./push-calls.ts";

beforeAll(() => openWorld());
beforeEach(() => setUpPush());
afterEach(async () => {
  vi.restoreAllMocks();
  await configure({ push: null });
});

describe("[N-06] the ids of a push", () => {
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
