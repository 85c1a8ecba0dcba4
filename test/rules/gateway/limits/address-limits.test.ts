import { expect, test } from "vitest";
import { AddressLimits } from "../../../../src/gateway/limits/address-limits.ts";

const NOW = 1_000_000;

test("an address may do its limit in a minute, and again in the next", () => {
  const limits = new AddressLimits();
  for (let at = 1; at <= 3; at += 1) expect(limits.take("10.1.1.1", "login", 1, 3, NOW)).toBe(true);
  expect(limits.take("10.1.1.1", "login", 1, 3, NOW + 59_999)).toBe(false);
  expect(limits.take("10.1.1.2", "login", 1, 3, NOW + 59_999)).toBe(true);
  expect(limits.take("10.1.1.1", "send", 1, 3, NOW + 59_999)).toBe(true);
  expect(limits.take("10.1.1.1", "login", 1, 3, NOW + 60_000)).toBe(true);
});

test("a refused command is not counted, and one over the limit of a whole minute passes once", () => {
  const limits = new AddressLimits();
  expect(limits.take("10.1.1.1", "read", 5, 10, NOW)).toBe(true);
  expect(limits.take("10.1.1.1", "read", 6, 10, NOW)).toBe(false);
  expect(limits.take("10.1.1.1", "read", 5, 10, NOW)).toBe(true);
  expect(limits.take("10.1.1.1", "start", 50, 10, NOW)).toBe(true);
  expect(limits.take("10.1.1.1", "start", 1, 10, NOW)).toBe(false);
});

test("a limit of 0 is no limit, and a device without a known address is not counted", () => {
  const limits = new AddressLimits();
  for (let at = 1; at <= 10; at += 1) {
    expect(limits.take("10.1.1.1", "send", 1, 0, NOW)).toBe(true);
    expect(limits.take(undefined, "send", 1, 1, NOW)).toBe(true);
  }
  expect(limits.size).toBe(0);
});

test("a hundred thousand addresses take no more memory than the number that is remembered", () => {
  const limits = new AddressLimits(50);
  limits.take("192.0.9.9", "send", 1, 1, NOW);
  for (let at = 0; at < 100_000; at += 1) {
    limits.take(`11.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, "send", 1, 1, NOW);
    if (at % 40 === 0) limits.take("192.0.9.9", "send", 1, 1, NOW);
  }
  expect(limits.size).toBe(50);
  // An address that continues is not forgotten.
  expect(limits.take("192.0.9.9", "send", 1, 1, NOW)).toBe(false);
});

test("the IPv6 network of one subscriber counts as one address", () => {
  const limits = new AddressLimits();
  expect(limits.take("2a00:db8:1:2:3:4:5:6", "send", 1, 1, NOW)).toBe(true);
  expect(limits.take("2A00:DB8:0001:2::", "send", 1, 1, NOW)).toBe(false);
  expect(limits.take("2a00:db8:1:3::", "send", 1, 1, NOW)).toBe(true);
});
