import { describe, expect, test } from "vitest";
import { clientTables } from "../../../src/client/client-tables.ts";
import { Logouts } from "../../../src/client/logouts.ts";
import { TOKEN_LIFETIME } from "../../../src/client/session-token.ts";
import { MemorySql } from "../../support/sqlite.ts";

const NOW = 1_700_000_000_000;

describe("the logouts of a client's devices", () => {
  test("[C-09] without a logout nothing is revoked and nothing is written", () => {
    const sql = new MemorySql();
    const logouts = new Logouts(clientTables(sql));
    expect([logouts.isRevoked("phone", 0), logouts.issueTime("phone", NOW)]).toEqual([false, NOW]);
    expect(sql.exec("SELECT 1 FROM sqlite_master").toArray()).toEqual([]);
  });

  test("[C-09] a logout revokes earlier tokens of its device only, and survives a restart of the object", () => {
    const sql = new MemorySql();
    new Logouts(clientTables(sql)).add("phone", NOW);
    const logouts = new Logouts(clientTables(sql));
    expect([NOW - 1, NOW, NOW + 1].map((at) => logouts.isRevoked("phone", at))).toEqual([true, true, false]);
    expect([logouts.isRevoked("tablet", NOW), logouts.isRevoked(undefined, NOW)]).toEqual([false, false]);
  });

  test("[C-09] the token after a logout is newer, also if the clock was set back meanwhile", () => {
    const logouts = new Logouts(clientTables(new MemorySql()));
    logouts.add("phone", NOW);
    const issuedAt = logouts.issueTime("phone", NOW - 3_600_000);
    expect(logouts.isRevoked("phone", issuedAt)).toBe(false);
    logouts.add("phone", NOW - 3_600_000);
    expect(logouts.isRevoked("phone", issuedAt)).toBe(true);
  });

  test("[C-09] a logout is forgotten once every token of that time has expired", () => {
    const sql = new MemorySql();
    const logouts = new Logouts(clientTables(sql));
    logouts.add("phone", NOW);
    logouts.add("tablet", NOW + TOKEN_LIFETIME * 1000 + 1);
    expect(sql.exec("SELECT device FROM logouts").toArray()).toEqual([{ device: "tablet" }]);
  });

  test("[I13] logouts take a bounded number of rows, and dropping some revokes more rather than less", () => {
    const sql = new MemorySql();
    const logouts = new Logouts(clientTables(sql));
    for (let each = 0; each < 1_100; each += 1) logouts.add(`phone ${each}`, NOW + each);
    expect(sql.exec("SELECT device FROM logouts").toArray()).toHaveLength(1_001);
    expect(logouts.isRevoked("phone 0", NOW)).toBe(true);
    expect(new Logouts(clientTables(sql)).isRevoked("tablet", NOW)).toBe(true);
    expect(new Logouts(clientTables(sql)).isRevoked("tablet", NOW + 1_050)).toBe(false);
  });
});
