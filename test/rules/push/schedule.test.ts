import { beforeEach, describe, expect, test } from "vitest";
import { pushTables } from "../../../src/push/push-tables.ts";
import { Schedule, type ScheduledNotification } from "../../../src/push/schedule.ts";
import { MemorySql } from "../../support/sqlite.ts";

const NOON = Date.UTC(2026, 10, 25, 12);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let sql: MemorySql;
let schedule: Schedule;
beforeEach(() => {
  sql = new MemorySql();
  schedule = new Schedule(pushTables(sql));
});

function notification(id: string, at: number, more: { id?: string } = {}): ScheduledNotification {
  return {
    push: {
      id: more.id ?? id,
      cause: { type: "notification", notificationId: id },
      content: { alert: `Cheese, says ${id}` },
      environment: "prod",
      teamId: undefined,
      topic: undefined,
      expiresAt: at + 7 * DAY,
    },
    where: { channels: { $in: ["Jerry"] } },
    at,
    createdAt: NOON,
  };
}

const ids = (now: number) => schedule.waiting(now).map(({ push }) => push.cause.notificationId);

/** Takes the next ones and says the queue has them. */
function handOn(now: number): (string | undefined)[] {
  const numbers = schedule.due(now);
  schedule.markQueued(numbers);
  return numbers.map((number) => schedule.read(number)?.push.cause.notificationId);
}

describe("[N-06] [N-12] a notification that is to be sent later", () => {
  test("[N-06] [N-12] a scheduled notification is due at its time, with all its fields, the next one first", () => {
    for (const [id, at] of [
      ["evening", 8],
      ["morning", 1],
      ["noon", 4],
    ] as const) {
      expect(schedule.accept(notification(id, NOON + at * MINUTE), undefined, NOON)).toEqual({
        notificationId: id,
        createdAt: NOON,
      });
    }
    expect(ids(NOON)).toEqual(["morning", "noon", "evening"]);
    expect(schedule.waiting(NOON)[0]).toMatchObject({
      push: { content: { alert: "Cheese, says morning" } },
      where: { channels: { $in: ["Jerry"] } },
      at: NOON + MINUTE,
    });
    expect(schedule.nextAt).toBe(NOON + MINUTE);
    expect(handOn(NOON + MINUTE - 1)).toEqual([]);
    expect(handOn(NOON + 4 * MINUTE)).toEqual(["morning", "noon"]);
    expect(handOn(NOON + 4 * MINUTE)).toEqual([]);
    expect(schedule.nextAt).toBe(NOON + 8 * MINUTE);
  });

  test("[N-06] [N-12] a scheduled notification survives a restart", () => {
    schedule.accept(notification("evening", NOON + MINUTE), "request", NOON);
    schedule = new Schedule(pushTables(sql));
    expect(ids(NOON)).toEqual(["evening"]);
    expect(schedule.acceptedBefore("request", NOON)).toEqual({ notificationId: "evening", createdAt: NOON });
  });

  test("[N-06] [N-12] a scheduled notification that is canceled by its number is never due", () => {
    schedule.accept(notification("one", NOON + MINUTE), undefined, NOON);
    schedule.accept(notification("two", NOON + MINUTE), undefined, NOON);
    const [first] = schedule.waiting(NOON);
    schedule.remove(first?.number ?? Number.NaN);
    expect(ids(NOON)).toEqual(["two"]);
    expect(handOn(NOON + MINUTE)).toEqual(["two"]);
  });

  test("[N-06] [N-12] the number of a canceled notification is not used again", () => {
    schedule.accept(notification("one", NOON + MINUTE), undefined, NOON);
    const [first] = schedule.waiting(NOON);
    schedule.remove(first?.number ?? Number.NaN);
    schedule.accept(notification("two", NOON + MINUTE), undefined, NOON);
    expect(schedule.read(first?.number ?? Number.NaN)).toBeUndefined();
  });

  test("[N-06] [N-12] at most a thousand notifications are scheduled, not counting those for now", () => {
    for (let count = 0; count < 1_000; count++) {
      schedule.accept(notification(`mouse${count}`, NOON + MINUTE), undefined, NOON);
    }
    expect(schedule.accept(notification("late", NOON + MINUTE), "late", NOON)).toBe("full");
    expect(schedule.acceptedBefore("late", NOON)).toBeUndefined();
    expect(schedule.accept(notification("now", NOON), undefined, NOON)).toMatchObject({
      notificationId: "now",
    });
    // A hundred at a time, until all have gone.
    for (let round = 0; round < 10; round++) expect(handOn(NOON + MINUTE)).toHaveLength(100);
    expect(handOn(NOON + MINUTE)).toHaveLength(1);
    expect(handOn(NOON + MINUTE)).toEqual([]);
    expect(schedule.accept(notification("late", NOON + 2 * MINUTE), "late", NOON + MINUTE)).not.toBe("full");
  });
});

describe("a notification that is to be sent now", () => {
  test("a notification for now is due at once, and not listed as scheduled", () => {
    schedule.accept(notification("now", NOON), undefined, NOON);
    expect(ids(NOON)).toEqual([]);
    expect(schedule.nextAt).toBe(NOON);
    expect(handOn(NOON)).toEqual(["now"]);
  });

  test("a notification for now is kept while its devices are selected, and can be canceled by its id until then", () => {
    schedule.accept(notification("now", NOON), undefined, NOON);
    schedule.accept(notification("launch", NOON, { id: "first" }), undefined, NOON);
    schedule.accept(notification("launch", NOON, { id: "second" }), undefined, NOON);
    const [now, first, second] = schedule.due(NOON);
    schedule.markQueued([now ?? 0, first ?? 0]);
    expect(schedule.read(first ?? 0)?.push.id).toBe("first");
    schedule.removeAll("launch");
    expect([now, first, second].map((number) => schedule.read(number ?? 0)?.push.id)).toEqual([
      "now",
      undefined,
      undefined,
    ]);
    expect(schedule.due(NOON)).toEqual([]);
  });

  test("a notification for now is deleted when it expires on its way, and a scheduled one is not", () => {
    schedule.accept(notification("now", NOON), undefined, NOON);
    schedule.accept(notification("later", NOON + 8 * DAY), undefined, NOON);
    const [now] = schedule.due(NOON);
    schedule.markQueued([now ?? 0]);
    schedule.removeExpired(NOON + 7 * DAY - 1);
    expect(schedule.read(now ?? 0)).toBeDefined();
    schedule.removeExpired(NOON + 7 * DAY);
    expect(schedule.read(now ?? 0)).toBeUndefined();
    expect(ids(NOON)).toEqual(["later"]);
  });
});

describe("[N-06] a request with an id", () => {
  const first = { notificationId: "launch", createdAt: NOON };

  test("[N-06] a request with an id that is repeated within five minutes has the first answer and sends nothing", () => {
    expect(schedule.accept(notification("launch", NOON), "request", NOON)).toEqual(first);
    const again = NOON + 5 * MINUTE - 1;
    expect(schedule.acceptedBefore("request", again)).toEqual(first);
    expect(schedule.accept(notification("another", again), "request", again)).toEqual(first);
    expect(handOn(again)).toEqual(["launch"]);
  });

  test("[N-06] a request with an id is new after five minutes", () => {
    schedule.accept(notification("launch", NOON), "request", NOON);
    const later = NOON + 5 * MINUTE;
    expect(schedule.acceptedBefore("request", later)).toBeUndefined();
    expect(
      schedule.accept({ ...notification("another", later), createdAt: later }, "request", later),
    ).toEqual({
      notificationId: "another",
      createdAt: later,
    });
    expect(schedule.acceptedBefore("request", later)).toMatchObject({ notificationId: "another" });
  });

  test("[N-06] requests with other ids, or without one, are different", () => {
    schedule.accept(notification("one", NOON), "request1", NOON);
    schedule.accept(notification("two", NOON), "request2", NOON);
    schedule.accept(notification("three", NOON), undefined, NOON);
    schedule.accept(notification("four", NOON), undefined, NOON);
    expect(handOn(NOON)).toEqual(["one", "two", "three", "four"]);
  });

  test("[N-06] a request with an id is deleted after five minutes by newer ones", () => {
    const kept = () => sql.exec<{ count: number }>("SELECT count(*) AS count FROM requests").one().count;
    schedule.accept(notification("one", NOON), "request1", NOON);
    schedule.accept(notification("two", NOON), "request2", NOON);
    expect(kept()).toBe(2);
    schedule.accept(notification("three", NOON + 6 * MINUTE), "request3", NOON + 6 * MINUTE);
    expect(kept()).toBe(1);
  });
});
