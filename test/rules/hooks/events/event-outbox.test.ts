import { describe, expect, test, vi } from "vitest";
import { clientTables } from "../../../../src/client/client-tables.ts";
import { EventOutbox, EventSender } from "../../../../src/hooks/events/event-outbox.ts";
import type { AppEvent } from "../../../../src/model/app-events.ts";
import type { Content } from "../../../../src/model/records.ts";
import { arriving, sending } from "../../../support/hook-examples.ts";
import { MemorySql } from "../../../support/sqlite.ts";

const idsOf = (events: AppEvent[]) => events.map(({ id }) => id);

describe("the outbox of events", () => {
  test("[I9] an outbox that never had events has no table", () => {
    const sql = new MemorySql();
    const outbox = new EventOutbox(clientTables(sql));
    expect(outbox.take(10)).toEqual([]);
    outbox.remove(["a"].slice(1));
    expect(sql.exec("SELECT 1 FROM sqlite_master").toArray()).toEqual([]);
  });

  test("[H-09] the outbox keeps events in order until they are sent, also over hibernation", () => {
    const sql = new MemorySql();
    const outbox = new EventOutbox(clientTables(sql));
    for (const id of ["c", "a", "b"]) outbox.add(arriving(id));
    expect(idsOf(outbox.take(2))).toEqual(["c", "a"]);
    const revived = new EventOutbox(clientTables(sql));
    expect(revived.take(10)).toEqual([arriving("c"), arriving("a"), arriving("b")]);
    revived.remove(["c", "a"]);
    revived.add(arriving("d"));
    expect(idsOf(outbox.take(10))).toEqual(["b", "d"]);
    outbox.remove(["b", "d", "never there"]);
    expect(revived.take(10)).toEqual([]);
  });

  test.each<[string, Content]>([
    ["text", '汤姆 " \\ \0 🧀'],
    ["text that looks like bytes", '{"base64":"AAAA"}'],
    ["bytes", Uint8Array.from({ length: 256 }, (_, at) => at)],
    ["no bytes", new Uint8Array()],
  ])("the outbox returns %s as it was", (_, content) => {
    const outbox = new EventOutbox(clientTables(new MemorySql()));
    outbox.add(sending("a", content));
    expect(outbox.take(1)).toEqual([sending("a", content)]);
  });

  test("the outbox returns at most what a queue accepts at once, and at least one event", () => {
    const outbox = new EventOutbox(clientTables(new MemorySql()));
    const long = "x".repeat(60_000);
    for (const id of ["a", "b", "c"]) outbox.add(sending(id, long));
    expect(idsOf(outbox.take(100))).toEqual(["a"]);
    outbox.remove(["a"]);
    outbox.add(sending("d"));
    expect(idsOf(outbox.take(100))).toEqual(["b"]);
    outbox.remove(["b"]);
    expect(idsOf(outbox.take(100))).toEqual(["c", "d"]);
  });

  test("the outbox leaves out an event too large for a queue, which would delay all others", () => {
    const complaint = vi.spyOn(console, "error").mockReturnValue();
    const outbox = new EventOutbox(clientTables(new MemorySql()));
    outbox.add(sending("a", "汤".repeat(50_000)));
    outbox.add(sending("b"));
    expect(idsOf(outbox.take(100))).toEqual(["b"]);
    expect(complaint).toHaveBeenCalledOnce();
    complaint.mockRestore();
  });
});

describe("the sender of events", () => {
  /** A queue that accepts everything, or nothing while it is `failing`. */
  function queue() {
    const sql = new MemorySql();
    const taken: string[][] = [];
    const state = { failing: false, retries: 0 };
    const sender = new EventSender(
      new EventOutbox(clientTables(sql)),
      async (events) => {
        if (state.failing) throw new Error("the queue is full");
        taken.push(idsOf(events));
        return "all";
      },
      () => {
        state.retries += 1;
      },
    );
    return { sql, taken, state, sender };
  }

  const settled = () => new Promise((resolve) => setTimeout(resolve));

  test("[H-09] events of one turn are sent together, and events during that after it", async () => {
    const { sender, taken, sql } = queue();
    sender.enqueue(arriving("a"));
    sender.enqueue(arriving("b"));
    await Promise.resolve();
    sender.enqueue(arriving("c"));
    await settled();
    expect(taken.flat()).toEqual(["a", "b", "c"]);
    expect(taken[0]).toEqual(["a", "b"]);
    expect(new EventOutbox(clientTables(sql)).take(10)).toEqual([]);
  });

  test("[H-09] an alarm is set before events are sent, so that a crash loses none", () => {
    const { sender, state } = queue();
    sender.enqueue(arriving("a"));
    expect(state.retries).toBe(1);
  });

  test("[H-09] another alarm is set if one runs while events are being sent", async () => {
    const { sender, state } = queue();
    sender.enqueue(arriving("a"));
    await sender.send();
    expect(state.retries).toBe(2);
    await settled();
  });

  test("[H-09] [I11] events that the queue refuses are kept and sent in order at the alarm", async () => {
    const complaint = vi.spyOn(console, "error").mockReturnValue();
    const { sender, taken, state } = queue();
    state.failing = true;
    sender.enqueue(arriving("a"));
    await settled();
    sender.enqueue(arriving("b"));
    await settled();
    expect([taken, state.retries]).toEqual([[], 4]);
    state.failing = false;
    await sender.send();
    expect(taken).toEqual([["a", "b"]]);
    complaint.mockRestore();
  });

  test("[H-09] events are sent in batches of a hundred", async () => {
    const { sender, taken } = queue();
    for (let at = 0; at < 250; at++) sender.enqueue(arriving(`${at}`));
    await settled();
    expect(taken.map(({ length }) => length)).toEqual([100, 100, 50]);
  });
});
