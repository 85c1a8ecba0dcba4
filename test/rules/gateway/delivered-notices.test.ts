import { expect, test } from "vitest";
import { DeliveredNotices } from "../../../src/gateway/delivered-notices.ts";

test("[I4] a notice is delivered once, also one that a later notice has overtaken", () => {
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

test("[I4] notices older than the latest 16 of a conversation count as delivered", () => {
  const noticed = new DeliveredNotices(() => false);
  for (let at = 1; at <= 100; at += 1) noticed.add("chat", at * 10);
  expect(noticed.has("chat", 15)).toBe(true);
  expect(noticed.has("chat", 995)).toBe(false);
});

test("[I13] delivered notices are remembered for 2,000 conversations, and for those in use", () => {
  const noticed = new DeliveredNotices((id) => id === "chat0");
  for (let at = 0; at <= 2_001; at += 1) noticed.add(`chat${at}`, 1);
  expect([noticed.has("chat0", 1), noticed.has("chat1", 1), noticed.has("chat2001", 1)]).toEqual([
    true,
    false,
    true,
  ]);
});
