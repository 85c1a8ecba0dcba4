import { expect, test } from "vitest";
import { GroupChat } from "./group-chat.ts";

const MEMBERS = ["jerry", "mary", "spike", "tom"];
/** Longer (ms) than reads gather. */
const GATHERED = 300;

test("[I5] reads of several members within a moment are written together, in one row, and told after that", () => {
  const group = new GroupChat(MEMBERS);
  const said = group.say();
  for (const [serial, name] of ["jerry", "mary", "spike"].entries()) group.read(name, { serial });
  expect(group.written(() => group.pass(100))).toEqual([]);
  expect(group.sent).toEqual([]);
  expect(group.cursorOf("mary")).toBeLessThan(said);
  expect(group.written(() => group.pass(GATHERED))).toEqual(["recent_reads"]);
  expect(group.cursorOf("mary")).toBe(said);
  expect(group.sent).toEqual([
    "jerry unread",
    "jerry reply 0",
    "mary unread",
    "mary reply 1",
    "spike unread",
    "spike reply 2",
  ]);
  expect(group.timers).toBe(0);
});

test("[I9] an object that wakes has the cursors of reads that shared a row, and when they moved", () => {
  const group = new GroupChat(MEMBERS);
  const said = group.say();
  for (const name of ["jerry", "mary"]) group.read(name);
  group.pass(GATHERED);
  const movedAt = group.state.members.get("mary")?.readCursorMovedAt;
  group.wake();
  expect(["jerry", "mary"].map((name) => group.cursorOf(name))).toEqual([said, said]);
  expect(group.cursorOf("spike")).toBeLessThan(said);
  expect(group.state.members.get("mary")).toMatchObject({
    readCursorMovedAt: movedAt,
    deliveredCursor: said,
  });
});

test("[I1] reads that waited when the object died were not confirmed, and their cursors have not moved", () => {
  const group = new GroupChat(MEMBERS);
  const said = group.say();
  for (const name of ["jerry", "mary"]) group.read(name, { serial: 1 });
  group.wake();
  group.pass(GATHERED);
  expect(group.sent).toEqual([]);
  expect(group.cursorOf("jerry")).toBeLessThan(said);
});

test("[I5] of two reads of one member the further one counts, and each serial has its reply", () => {
  const group = new GroupChat(MEMBERS);
  const said = [group.say(), group.say()];
  group.read("jerry", { upTo: said[1], serial: 1 });
  group.read("jerry", { upTo: said[0], serial: 2 });
  group.read("mary", { upTo: said[0], serial: 3 });
  group.pass(GATHERED);
  expect(group.cursorOf("jerry")).toBe(said[1]);
  expect(group.cursorOf("mary")).toBe(said[0]);
  expect(group.sent).toEqual([
    "jerry unread",
    "jerry reply 1",
    "jerry reply 2",
    "mary unread",
    "mary reply 3",
  ]);
});

test("[I5] a read covers what was said when it came, and not what is said while it waits", () => {
  const group = new GroupChat(MEMBERS);
  const said = group.say();
  for (const name of ["jerry", "mary"]) group.read(name);
  group.say();
  group.pass(GATHERED);
  expect(["jerry", "mary"].map((name) => group.cursorOf(name))).toEqual([said, said]);
});

test("a single read is written in its member's row, once", () => {
  const group = new GroupChat(MEMBERS);
  group.say();
  group.read("jerry");
  expect(group.written(() => group.pass(GATHERED))).toEqual(["members"]);
  group.read("jerry", { serial: 7 });
  expect(group.sent).toEqual(["jerry unread", "jerry unread", "jerry reply 7"]);
  expect(group.timers).toBe(0);
});

test("a conversation of two stores each read at once, with its time", () => {
  const group = new GroupChat(["jerry", "tom"]);
  const said = group.say();
  expect(group.written(() => group.read("jerry", { serial: 1 }))).toEqual(["members"]);
  expect(group.sent).toEqual(["jerry unread", "jerry reply 1"]);
  expect(group.state.members.get("jerry")?.readMoves).toMatchObject([[said, expect.any(Number)]]);
});

test("[I2] a client's next command finds their reads done, and commands of others leave them waiting", () => {
  const group = new GroupChat(MEMBERS);
  const said = group.say();
  for (const name of ["jerry", "mary"]) group.read(name);
  for (const name of ["message.send", "message.history", "message.acknowledge"] as const)
    group.reads.flushBefore(name, "spike");
  group.reads.flushBefore("message.acknowledge", "jerry");
  group.reads.flushBefore("read", "jerry");
  expect(group.cursorOf("jerry")).toBeLessThan(said);
  group.reads.flushBefore("message.history", "jerry");
  expect(group.cursorOf("jerry")).toBe(said);
  expect(group.timers).toBe(0);
});

test.each(["conversation.maxRead", "conversation.add", "conversation.remove"] as const)(
  "[I2] `%s` finds everybody's reads done",
  (name) => {
    const group = new GroupChat(MEMBERS);
    const said = group.say();
    group.read("jerry");
    group.reads.flushBefore(name, "spike");
    expect(group.cursorOf("jerry")).toBe(said);
  },
);

test("[I13] 128 reads that wait are written at once, and their readers are told a few in each turn", () => {
  const names = Array.from({ length: 128 }, (_, at) => `reader-${at}`);
  const group = new GroupChat([...names, "tom"]);
  group.say();
  const [last = "", ...others] = names.toReversed();
  for (const [at, name] of others.entries()) group.read(name, { serial: at });
  expect(group.sent).toEqual([]);
  expect(group.written(() => group.read(last, { serial: 127 }))).toEqual(["recent_reads"]);
  const told = group.sent.length;
  expect(told).toBeLessThan(64);
  for (let turn = 0; turn < 16; turn += 1) group.passTurn();
  expect(group.sent).toHaveLength(256);
});

test("a read that a stopped timer forgot is done with the next one", () => {
  const group = new GroupChat(MEMBERS);
  const said = group.say();
  group.read("jerry");
  group.now += 60_000;
  group.read("mary");
  expect(["jerry", "mary"].map((name) => group.cursorOf(name))).toEqual([said, said]);
});

test("[I5] what a member's own row has since is newer than the shared row", () => {
  const group = new GroupChat(MEMBERS);
  group.say();
  for (const name of ["jerry", "mary"]) group.read(name);
  group.pass(GATHERED);
  const later = group.say();
  group.read("jerry");
  group.pass(GATHERED);
  group.wake();
  expect(group.cursorOf("jerry")).toBe(later);
});

test("[I5] whoever leaves and joins again begins anew, also after the object woke, and as an import has them", () => {
  const group = new GroupChat(MEMBERS);
  const said = group.say();
  for (const name of ["jerry", "mary", "spike"]) group.read(name);
  group.pass(GATHERED);
  for (const name of ["jerry", "mary"]) group.state.removeMember(name);
  group.wake();
  expect(group.cursorOf("jerry")).toBeUndefined();
  group.state.addMembers(["jerry"], said + 10);
  group.state.members.add("mary", 1_000, 0);
  group.wake();
  expect(["jerry", "mary", "spike"].map((name) => group.cursorOf(name))).toEqual([said + 10, 1_000, said]);
});

test("[I5] a read that waits while its member leaves and joins again is answered and moves nothing", () => {
  const group = new GroupChat(MEMBERS);
  group.say();
  group.read("jerry", { serial: 1 });
  group.read("mary", { serial: 2 });
  group.state.removeMember("jerry");
  group.state.members.add("jerry", 1_000, 0);
  group.pass(GATHERED);
  expect(group.sent).toContain("jerry reply 1");
  group.wake();
  expect(group.cursorOf("jerry")).toBe(1_000);
});

test("a read that waits while the conversation is deleted is refused, and writes nothing", () => {
  const group = new GroupChat(MEMBERS);
  group.say();
  for (const name of ["jerry", "mary"]) group.read(name, { serial: 1 });
  group.state.delete(group.now);
  expect(group.written(() => group.pass(GATHERED))).toEqual([]);
  expect(group.sent).toEqual(["jerry reply 1", "mary reply 1"]);
});

test("[I13] the shared row has room for 500 members and 32 KB: whoever read longest ago has their own row again", () => {
  const names = Array.from({ length: 600 }, (_, at) => `${at}-${"reader".repeat(at < 100 ? 1 : 12)}`);
  const group = new GroupChat([...names, "tom"]);
  const said = group.say();
  const written = group.written(() => {
    for (const name of names) group.read(name);
    group.pass(GATHERED);
  });
  expect(written.filter((table) => table === "members").length).toBeGreaterThan(100);
  const [{ size } = { size: 0 }] = group.sql
    .exec<{ size: number }>("SELECT length(reads) AS size FROM recent_reads")
    .toArray();
  expect(size).toBeGreaterThan(30_000);
  expect(size).toBeLessThanOrEqual(32 * 1024);
  group.wake();
  expect(names.filter((name) => group.cursorOf(name) !== said)).toEqual([]);
});
