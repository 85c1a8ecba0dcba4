import { describe, expect, test } from "vitest";
import {
  INVITATIONS_OF_ONE,
  INVITATIONS_ON_LOOPBACK,
  INVITATIONS_PER_ADDRESS,
  LOGINS_ON_LOOPBACK,
  LOGINS_PER_ADDRESS,
  LOGINS_PER_SOCKET,
} from "../../../../src/bounds.ts";
import { AllowancesByAddress } from "../../../../src/gateway/limits/address-allowances.ts";
import { InvitationCounts } from "../../../../src/gateway/limits/invitation-counts.ts";
import { LoginAttempts } from "../../../../src/gateway/limits/login-attempts.ts";
import { TokenBucket } from "../../../../src/gateway/limits/token-bucket.ts";

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

/** How many of so many tries are let through. */
function passes(tries: number, isAllowed: () => boolean): number {
  return Array.from({ length: tries }, isAllowed).filter((allowed) => allowed).length;
}

describe("an allowance", () => {
  test("an allowance is spent at once and refilled over time", () => {
    const allowance = new TokenBucket({ atOnce: 10, perMinute: 60 });
    expect(passes(20, () => allowance.take(1, NOW))).toBe(10);
    expect(passes(20, () => allowance.take(1, NOW + 3_000))).toBe(3);
    expect(passes(20, () => allowance.take(1, NOW + 60 * MINUTE))).toBe(10);
  });

  test("an allowance is taken as a whole or not at all", () => {
    const allowance = new TokenBucket({ atOnce: 10, perMinute: 60 });
    expect(allowance.take(11, NOW)).toBe(false);
    expect(allowance.take(10, NOW)).toBe(true);
    expect(allowance.take(0, NOW)).toBe(true);
  });
});

describe("the allowances of one address", () => {
  test("an office of 200 logs in at nine, each person on two sockets and with a retry", () => {
    const addresses = new AllowancesByAddress();
    expect(passes(800, () => addresses.of("8.8.8.8", NOW)?.logins.take(1, NOW) ?? true)).toBe(800);
  });

  test("a flood of invented names is stopped early on any number of sockets, and other addresses are not affected", () => {
    const addresses = new AllowancesByAddress();
    const tries = () => addresses.of("8.8.8.8", NOW)?.logins.take(1, NOW) ?? true;
    expect(passes(10_000, tries)).toBe(LOGINS_PER_ADDRESS.atOnce);
    expect(addresses.of("8.8.4.4", NOW)?.logins.take(1, NOW)).toBe(true);
    expect(addresses.of("8.8.8.8", NOW)?.invitations.take(INVITATIONS_PER_ADDRESS.atOnce, NOW)).toBe(true);
  });

  test("a whole IPv6 /64 counts as one address", () => {
    const addresses = new AllowancesByAddress();
    const one = addresses.of("2a00:1450:4001:81b::200e", NOW);
    expect(addresses.of("2a00:1450:4001:081b:1:2:3:4", NOW)).toBe(one);
    expect(addresses.of("2a00:1450:4001:81c::200e", NOW)).not.toBe(one);
    expect(addresses.of("2a00:1450::1", NOW)).toBe(addresses.of("2a00:1450:0:0:5::1", NOW));
  });

  test.each(["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])(
    "%s is this machine, where load tests pass and a flood of invented names does not",
    (address) => {
      const addresses = new AllowancesByAddress();
      const { atOnce, perMinute } = LOGINS_ON_LOOPBACK;
      const tries = (at: string, now: number) => addresses.of(at, now)?.logins.take(1, now) ?? true;
      expect(passes(3 * atOnce, () => tries(address, NOW))).toBe(atOnce);
      expect(passes(atOnce, () => tries(address, NOW + MINUTE))).toBe(perMinute);
      expect(tries("127.0.0.1", NOW + MINUTE)).toBe(false);
      const invitations = (count: number) => addresses.of(address, NOW)?.invitations.take(count, NOW) ?? true;
      expect(invitations(INVITATIONS_ON_LOOPBACK.atOnce)).toBe(true);
      expect(invitations(1)).toBe(false);
    },
  );

  test("an IPv4 address is the same one on an IPv6 socket", () => {
    const addresses = new AllowancesByAddress();
    expect(addresses.of("::ffff:8.8.8.8", NOW)).toBe(addresses.of("8.8.8.8", NOW));
    expect(addresses.of("::ffff:10.1.2.3", NOW)).toBeUndefined();
  });

  test.each(["10.1.2.3", "192.168.0.7", "fd00::1", "nonsense!", undefined])(
    "%s, where a proxy may stand for everybody, is not counted",
    (address) => expect(new AllowancesByAddress().of(address, NOW)).toBeUndefined(),
  );

  test("the addresses that did nothing lately are forgotten first", () => {
    const addresses = new AllowancesByAddress();
    const busy = addresses.of("8.8.8.8", NOW);
    busy?.logins.take(1_000, NOW);
    for (let at = 0; at < 20_000; at += 1) addresses.of(`9.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, NOW);
    expect(addresses.of("8.8.8.8", NOW)).toBe(busy);
  });
});

test("logins on one socket are counted together for all client ids", () => {
  const logins = new LoginAttempts();
  expect(passes(1_000, () => logins.allows(NOW))).toBe(LOGINS_PER_SOCKET.atOnce);
  expect(passes(1_000, () => logins.allows(NOW + MINUTE))).toBe(LOGINS_PER_SOCKET.perMinute);
});

describe("how often one client is added to conversations", () => {
  const allowed = { atOnce: 10, perMinute: 2 };

  test("additions to conversations are limited for each client separately and refilled over time", () => {
    const invited = new InvitationCounts(allowed, 100);
    expect(passes(50, () => invited.take(["jerry"], NOW))).toBe(10);
    expect(passes(50, () => invited.take(["spike"], NOW))).toBe(10);
    expect(passes(50, () => invited.take(["jerry"], NOW + MINUTE))).toBe(2);
  });

  test("additions to conversations count for all members of a command or for none, and once for a repeated id", () => {
    const invited = new InvitationCounts(allowed, 100);
    expect(passes(10, () => invited.take(["jerry", "jerry"], NOW))).toBe(10);
    expect(invited.take(["spike", "jerry"], NOW)).toBe(false);
    expect(passes(50, () => invited.take(["spike"], NOW))).toBe(10);
  });

  test("additions to conversations are forgotten first for the clients invited longest ago", () => {
    const invited = new InvitationCounts(allowed, 100);
    passes(10, () => invited.take(["jerry"], NOW));
    for (let at = 0; at < 99; at += 1) invited.take([`${at}`], NOW);
    expect(invited.take(["jerry"], NOW)).toBe(false);
    invited.take(["99"], NOW);
    expect(invited.take(["jerry"], NOW)).toBe(true);
  });

  test("additions to conversations count per address over all its sockets", () => {
    const addresses = new AllowancesByAddress();
    const tries = (address: string, count: number) =>
      passes(count, () => addresses.of(address, NOW)?.mayInvite(["jerry"], NOW) ?? true);
    expect(tries("8.8.8.8", 1_000)).toBe(INVITATIONS_OF_ONE.byAddress.atOnce);
    expect(tries("8.8.4.4", 10)).toBe(10);
    expect(tries("127.0.0.1", 1_000)).toBe(1_000);
  });
});
