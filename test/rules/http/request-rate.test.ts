import { expect, test } from "vitest";
import { AddressLimits } from "../../../src/gateway/limits/address-limits.ts";
import { isWithinRate } from "../../../src/http/request-rate.ts";
import { REQUESTS_PER_ADDRESS } from "../../../src/request-bounds.ts";

const NOW = 1_800_000_000_000;

test("[I13] an address has a limit of requests per minute with the app key, and others are not affected", () => {
  const limits = new AddressLimits();
  const ask = (address: string | undefined, weight: number, now = NOW) =>
    isWithinRate(address, weight, now, limits);
  expect(ask("8.8.8.8", REQUESTS_PER_ADDRESS.public - 1)).toBe(true);
  expect(ask("8.8.8.8", 10)).toBe(false);
  expect(ask("8.8.8.8", 1)).toBe(true);
  expect(ask("8.8.8.8", 1)).toBe(false);
  expect(ask("8.8.4.4", 1)).toBe(true);
  expect(ask("8.8.8.8", 1, NOW + 60_000)).toBe(true);
});

test.each(["127.0.0.1", "::1", "172.17.0.1"])(
  "[I13] %s has a higher limit of requests, since a proxy may stand there for many callers",
  (address) => {
    const limits = new AddressLimits();
    expect(isWithinRate(address, REQUESTS_PER_ADDRESS.public * 2, NOW, limits)).toBe(true);
    expect(isWithinRate(address, REQUESTS_PER_ADDRESS.other, NOW, limits)).toBe(false);
  },
);
