import { expect, test } from "vitest";
import { SETTINGS_SPREAD } from "../../../../src/bounds.ts";
import { conversationTables } from "../../../../src/conversation/conversation-tables.ts";
import { Announcements } from "../../../../src/conversation/service/announcements.ts";
import { ConversationState } from "../../../../src/conversation/state.ts";
import { conversation, message } from "../../../support/records.ts";
import { MemorySql } from "../../../support/sqlite.ts";

const BEGIN = 1_000_000; // ms

/** A service, and Tom, who is online all the time. */
function newsAndTom() {
  const facts = conversation("65537a0e0000000000000001", { kind: "system", creator: "", members: [] });
  const state = ConversationState.create(conversationTables(new MemorySql()), facts);
  const { service } = state;
  if (service === undefined) throw new Error("no service");
  let now = BEGIN;
  let heard = 0;
  const waits: number[] = [];
  const announcements = new Announcements(state, service, {
    now: () => now,
    saveUnexpired: async () => {},
    onlineAfter: async (clientId) => (clientId === "" ? ["tom"] : []),
    announce: async () => {
      heard += 1;
    },
    announceWithin: (delay) => waits.push(delay),
  });
  return {
    /** A broadcast of this moment. Resolves when nothing more is done at once. */
    broadcast: async () => {
      const record = message(now);
      state.log.append(record, undefined, 0);
      service.added(record, { to: "everybody", validTill: now + 3_600_000 });
      await announcements.begin();
      await new Promise((resolve) => setImmediate(resolve));
    },
    run: () => announcements.run(),
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    heard: () => heard,
    waits,
  };
}

test("[V-04] a broadcast to everybody is sent at once, while the one before still waits to be sent again", async () => {
  const { broadcast, pass, heard, waits } = newsAndTom();
  await broadcast();
  expect(heard()).toBe(1);
  expect(waits.at(-1)).toBe(SETTINGS_SPREAD);

  pass(10);
  await broadcast();
  expect(heard()).toBe(2);
  expect(waits.at(-1)).toBe(SETTINGS_SPREAD - 10);
});

test("[V-04] a broadcast to everybody is sent once more when all isolates know of it, and then no more", async () => {
  const { broadcast, run, pass, heard, waits } = newsAndTom();
  await broadcast();
  pass(SETTINGS_SPREAD);
  await run();
  expect(heard()).toBe(2);
  await run();
  expect(heard()).toBe(2);
  expect(waits).toHaveLength(1);
});
