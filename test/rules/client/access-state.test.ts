import { describe, expect, test } from "vitest";
import { AccessState } from "../../../src/client/access-state.ts";
import { clientTables } from "../../../src/client/client-tables.ts";
import { MemorySql } from "../../support/sqlite.ts";

const NOW = 1_700_000_000_000;

describe("the access state of a client", () => {
  test("[X-03] without a kick or ban nothing is revoked and nothing is written", () => {
    const sql = new MemorySql();
    const standing = new AccessState(clientTables(sql));
    expect([standing.isRevoked(0), standing.ban, standing.issueTime(NOW)]).toEqual([false, undefined, NOW]);
    standing.liftBan();
    expect(sql.exec("SELECT 1 FROM sqlite_master").toArray()).toEqual([]);
  });

  test("[X-03] a kick revokes what is from before it or from its own millisecond, and nothing later", () => {
    const standing = new AccessState(clientTables(new MemorySql()));
    standing.kick(NOW);
    const times = [0, NOW - 1, NOW, NOW + 1, Number.POSITIVE_INFINITY];
    expect(times.map((time) => standing.isRevoked(time))).toEqual([true, true, true, false, false]);
  });

  test("[X-03] a token issued in the kick's own millisecond is valid, until the next kick in it", () => {
    const standing = new AccessState(clientTables(new MemorySql()));
    standing.kick(NOW);
    const token = standing.issueTime(NOW);
    expect(standing.isRevoked(token)).toBe(false);
    standing.kick(NOW);
    expect(standing.isRevoked(token)).toBe(true);
    expect(standing.isRevoked(standing.issueTime(NOW - 60_000))).toBe(false);
  });

  test("[X-22] a ban revokes what is from before it, and lifting it does not restore that", () => {
    const standing = new AccessState(clientTables(new MemorySql()));
    const token = standing.issueTime(NOW - 1);
    standing.setBan({ reason: "no cats", at: NOW });
    standing.liftBan();
    expect([token, NOW, NOW + 1].map((time) => standing.isRevoked(time))).toEqual([true, true, false]);
  });

  test("[X-22] [I9] a ban and a kick survive a restart of the object, and neither lifts the other", () => {
    const sql = new MemorySql();
    const first = new AccessState(clientTables(sql));
    first.setBan({ reason: "no cats", at: NOW });
    first.kick(NOW + 5);
    const second = new AccessState(clientTables(sql));
    expect([second.ban, second.isRevoked(NOW + 5)]).toEqual([{ reason: "no cats", at: NOW }, true]);
    second.liftBan();
    const third = new AccessState(clientTables(sql));
    expect([third.ban, third.isRevoked(NOW + 5)]).toEqual([undefined, true]);
  });
});
