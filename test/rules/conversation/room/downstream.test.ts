import { expect, test } from "vitest";
import { conversationTables } from "../../../../src/conversation/conversation-tables.ts";
import { Downstream } from "../../../../src/conversation/room/downstream.ts";
import type { Priority } from "../../../../src/model/priority.ts";
import { MemorySql } from "../../../support/sqlite.ts";

/** What people in a room are sent when more is said than they are to receive. */

function room(messagesPerSecond = 50, sql = new MemorySql()) {
  const clock = { now: 1_800_000_000_000 };
  const open = () =>
    new Downstream(conversationTables(sql), {
      now: () => clock.now,
      messagesPerSecond: () => messagesPerSecond,
    });
  return { clock, open, downstream: open() };
}

/** Sends for some seconds, evenly. Returns how many of each priority were sent, of those that were said. */
function say(rates: Partial<Record<Priority, number>>, { downstream, clock }: ReturnType<typeof room>) {
  const sent: Record<Priority, number> = { high: 0, normal: 0, low: 0 };
  const steps = 10_000;
  for (let ms = 0; ms < steps; ms += 1) {
    clock.now += 1;
    for (const priority of ["low", "normal", "high"] as const) {
      const rate = rates[priority] ?? 0;
      if (Math.floor((ms * rate) / 1_000) === Math.floor(((ms + 1) * rate) / 1_000)) continue;
      if (downstream.admitsTransient(priority, 100)) sent[priority] += 1;
    }
  }
  return sent;
}

test("[R-08] nothing is dropped below the rate, whatever its priority", () => {
  expect(say({ low: 15, normal: 15, high: 15 }, room())).toEqual({ low: 150, normal: 150, high: 150 });
});

test("[R-08] above the rate low messages are dropped, and normal ones are not", () => {
  const said = room();
  const { low, normal } = say({ low: 40, normal: 40 }, said);
  expect(normal).toBe(400);
  expect(low).toBeGreaterThan(80);
  expect(low).toBeLessThan(130);
  expect(said.downstream.dropped).toEqual({ low: 400 - low, normal: 0 });
});

test("[R-08] normal messages are dropped when they alone are too many, and high ones never", () => {
  const { low, normal, high } = say({ low: 40, normal: 80, high: 30 }, room());
  expect(high).toBe(300);
  expect(low).toBeLessThan(30);
  expect(normal).toBeGreaterThan(150);
  expect(normal).toBeLessThan(260);
});

test("[R-08] high messages alone are all sent, however many they are", () => {
  expect(say({ high: 500 }, room())).toMatchObject({ high: 5_000 });
});

test("[R-08] a rate of 0 drops nothing", () => {
  expect(say({ low: 900 }, room(0))).toMatchObject({ low: 9_000 });
});

test("[R-08] a long message counts as several, and one longer than all of them together is still sent", () => {
  const { downstream, clock } = room(2);
  expect(downstream.admitsTransient("normal", 60_000)).toBe(true);
  expect(downstream.admitsTransient("normal", 10)).toBe(false);
  clock.now += 5_000;
  expect(downstream.admitsTransient("low", 60_000)).toBe(true);
});

test("[R-08] [L6.2] the entry after dropped ones follows the last one that was sent, also after a restart", () => {
  const said = room(1);
  const { downstream, clock } = said;
  expect(downstream.admitsStored("normal", 10, 0, 100)).toBe(true);
  expect(downstream.previous(100)).toBe(100);
  expect(downstream.admitsStored("normal", 10, downstream.previous(100), 200)).toBe(false);
  expect(downstream.admitsStored("normal", 10, downstream.previous(200), 300)).toBe(false);
  expect(downstream.previous(300)).toBe(100);
  const again = said.open();
  expect(again.previous(300)).toBe(100);
  expect(again.dropped).toEqual({ low: 0, normal: 2 });
  clock.now += 1_000;
  expect(again.admitsStored("normal", 10, again.previous(300), 400)).toBe(true);
  expect(again.previous(400)).toBe(400);
});
