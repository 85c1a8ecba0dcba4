import { describe, expect, test } from "vitest";
import { FailedLogins } from "../../../src/users/failed-logins.ts";

const MINUTE = 60_000; // ms
const home = { network: "8.8.8.8", isShared: false };
const elsewhere = { network: "9.9.9.9", isShared: false };
const office = { network: "10.0.0.1", isShared: true };
const unknown = { network: undefined, isShared: true };

function failing(
  failures: FailedLogins,
  user: string,
  source: typeof home | typeof unknown,
  times: number,
  now = 0,
) {
  for (let time = 0; time < times; time++) failures.failed(user, source, now);
}

describe("[C-05] wrong passwords", () => {
  test("[C-05] after six of one user from one network, that network waits 15 minutes for that user", () => {
    const failures = new FailedLogins();
    failing(failures, "Tom", home, 5);
    expect(failures.allows("Tom", home, 0)).toBe(true);
    failures.failed("Tom", home, MINUTE);
    expect(failures.allows("Tom", home, 16 * MINUTE - 1)).toBe(false);
    expect(failures.allows("Tom", home, 16 * MINUTE)).toBe(true);
  });

  test("[C-05] nobody is kept out by what others do elsewhere", () => {
    const failures = new FailedLogins();
    failing(failures, "Tom", home, 1_000);
    expect(failures.allows("Tom", elsewhere, 0)).toBe(true);
    expect(failures.allows("Tom", unknown, 0)).toBe(true);
  });

  test("[C-05] after a hundred of all users from a network, it waits for every user, unless it stands for many people", () => {
    const failures = new FailedLogins();
    for (let user = 0; user < 100; user++) {
      failures.failed(`user ${user}`, home, 0);
      failures.failed(`user ${user}`, office, 0);
    }
    expect(failures.allows("Tom", home, 0)).toBe(false);
    expect(failures.allows("Tom", office, 0)).toBe(true);
  });

  test("[C-05] networks that cannot be told apart have thirty together for a user", () => {
    const failures = new FailedLogins();
    failing(failures, "Tom", unknown, 29);
    expect(failures.allows("Tom", unknown, 0)).toBe(true);
    failures.failed("Tom", unknown, 0);
    expect(failures.allows("Tom", unknown, 0)).toBe(false);
  });

  test("[C-05] a right password begins anew for the user, and not for the network", () => {
    const failures = new FailedLogins();
    failing(failures, "Tom", home, 5);
    failures.succeeded("Tom", home);
    failing(failures, "Tom", home, 5);
    expect(failures.allows("Tom", home, 0)).toBe(true);
    failing(failures, "Jerry", home, 90);
    expect(failures.allows("Tom", home, 0)).toBe(false);
  });

  test("[I10] however many users and networks fail, only so many are remembered, the latest", () => {
    const failures = new FailedLogins(undefined, 10);
    failing(failures, "Tom", home, 6);
    for (let at = 0; at < 100; at++)
      failures.failed(`user ${at}`, { ...elsewhere, network: `1.1.1.${at}` }, 0);
    expect(failures.size).toBe(10);
    expect(failures.allows("Tom", home, 0)).toBe(true);
  });
});
