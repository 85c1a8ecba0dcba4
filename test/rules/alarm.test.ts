import { beforeEach, describe, expect, test, vi } from "vitest";
import { Alarm } from "../../src/alarm.ts";
import { elapsed } from "../../src/elapsed.ts";

const NOON = 1_000_000_000;
const HOUR = 60 * 60_000;

let now: number;
let stored: { at: number | null; written: number };
const storage = {
  getAlarm: async () => stored.at,
  setAlarm: async (at: number) => {
    stored = { at, written: stored.written + 1 };
  },
  deleteAlarm: async () => {
    stored = { ...stored, at: null };
  },
};
const newAlarm = () => new Alarm(storage, () => now);

beforeEach(() => {
  now = NOON;
  stored = { at: null, written: 0 };
});

describe("[I11] an object's alarm", () => {
  test("[I11] an object's alarm runs when the first task is due, and is written only for that", async () => {
    const alarm = newAlarm();
    for (const delay of [10_000, 60_000, 2_000, 5_000]) alarm.within(delay);
    expect(stored).toEqual({ at: NOON + 2_000, written: 2 });
    await alarm.run(async () => alarm.within(60_000));
    expect(stored.at).toBe(NOON + 60_000);
  });

  test("[I11] an alarm is set again after its tasks failed, and the failure does not reach the platform", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const alarm = newAlarm();
    await alarm.run(() => Promise.reject(new Error("a test")));
    expect(stored.at).toBe(NOON + 60_000);
    expect(error).toHaveBeenCalledOnce();
    error.mockRestore();
  });

  test("[I11] an alarm is removed from an object that has nothing left to do, and can be set anew", async () => {
    const alarm = newAlarm();
    alarm.within(2_000);
    await alarm.remove();
    expect([alarm.isSet, stored.at]).toEqual([false, null]);
    alarm.within(60_000);
    expect(stored.at).toBe(NOON + 60_000);
  });

  test("[I11] an object's alarm is not postponed by a hibernation", async () => {
    newAlarm().within(2_000);
    const woken = newAlarm();
    await woken.load();
    woken.within(60_000);
    expect(stored).toEqual({ at: NOON + 2_000, written: 1 });
  });

  test("[I11] an object's alarm runs soon after the clock was set back", async () => {
    newAlarm().within(60_000);
    now -= HOUR;
    const woken = newAlarm();
    await woken.load();
    woken.check();
    expect(stored.at).toBe(now);
  });

  test("[I11] an object's alarm is not written again while the clock runs forward", () => {
    const alarm = newAlarm();
    alarm.within(180_000);
    now += 1_000;
    alarm.check();
    expect(stored.written).toBe(1);
  });
});

test("a time from before the clock was set back counts as long ago", () => {
  expect(elapsed(NOON, NOON + 5)).toBe(5);
  expect(elapsed(NOON, NOON - HOUR)).toBe(Number.POSITIVE_INFINITY);
  expect(elapsed(Number.NEGATIVE_INFINITY, NOON)).toBe(Number.POSITIVE_INFINITY);
});
