import { expect, test } from "vitest";
import { DeliveredNotices } from "../../../src/gateway/delivered-notices.ts";

test("[I4] a notice is told once, and one that was overtaken by a later one is told too", () => {
  const noticed = new DeliveredNotices(() => false);
  noticed.add("chat", 30);
  expect([noticed.has("chat", 30), noticed.has("chat", 20), noticed.has("house", 30)]).toEqual([
    true,
    false,
    false,
  ]);
  noticed.add("chat", 20);
  expect(noticed.has("chat", 20)).toBe(true);
});

test("[I4] of a conversation in which much happens, what is older than the latest notices counts as told", () => {
  const noticed = new DeliveredNotices(() => false);
  for (let at = 1; at <= 100; at += 1) noticed.add("chat", at * 10);
  expect(noticed.has("chat", 15)).toBe(true);
  expect(noticed.has("chat", 995)).toBe(false);
});

test("[I13] what was told is remembered of 2,000 conversations, and of those in use", () => {
  const noticed = new DeliveredNotices((id) => id === "chat0");
  for (let at = 0; at <= 2_001; at += 1) noticed.add(`chat${at}`, 1);
  expect([noticed.has("chat0", 1), noticed.has("chat1", 1), noticed.has("chat2001", 1)]).toEqual([
    true,
    false,
    true,
  ]);
});
