import { expect, test } from "vitest";
import { GroupCommit } from "../../../../src/conversation/messages/group-commit.ts";

/** A clock, timers and turns that the test moves; far from the times of other tests. */
function setUp() {
  const timers: (() => void)[] = [];
  const turns: { run: () => void; isWanted: () => boolean }[] = [];
  const host = {
    at: Math.random() * 1e12,
    now: () => host.at,
    timer: (_: number, run: () => void) => void timers.push(run),
    afterTurns: (run: () => void, isWanted: () => boolean) => void turns.push({ run, isWanted }),
  };
  const commits: string[][] = [];
  const group = new GroupCommit<string>((items) => void commits.push(items), host);
  const endTimers = () => {
    for (const run of timers.splice(0)) run();
  };
  const passTurns = () => {
    for (const { run, isWanted } of turns.splice(0)) if (isWanted()) run();
  };
  return { host, group, commits, endTimers, passTurns };
}

test("[I1] after a quiet moment a write is committed at once", () => {
  const { host, group, commits } = setUp();
  group.add("hello");
  host.at += 1_000;
  group.add("again");
  expect(commits).toEqual([["hello"], ["again"]]);
});

test("[I2] writes that arrive while the thread is busy share one commit, in order", () => {
  const { host, group, commits, endTimers } = setUp();
  group.add("first");
  host.at += 1;
  for (const text of ["a", "b", "c"]) group.add(text);
  expect(commits).toEqual([["first"]]);
  endTimers();
  expect(commits).toEqual([["first"], ["a", "b", "c"]]);
  endTimers();
  expect(commits).toHaveLength(2);
});

test("[I2] a flush commits the waiting writes first", () => {
  const { host, group, commits, endTimers } = setUp();
  group.add("first");
  host.at += 1;
  group.add("second");
  group.flush();
  expect(commits).toEqual([["first"], ["second"]]);
  endTimers();
  expect(commits).toHaveLength(2);
});

test("[I1] writes are committed without a timer while the clock stands still", () => {
  const tom = setUp();
  const jerry = setUp();
  jerry.host.at = tom.host.at;
  tom.group.add("first");
  tom.group.add("a");
  tom.group.add("b");
  expect(tom.commits).toEqual([["first"]]);
  tom.passTurns();
  expect(tom.commits).toEqual([["first"], ["a", "b"]]);
  jerry.group.add("hello");
  jerry.passTurns();
  expect(jerry.commits).toEqual([["hello"]]);
});

test("[I2] writes wait for a timer and not for counted turns once the clock moves", () => {
  const { host, group, commits, endTimers, passTurns } = setUp();
  for (const text of ["first", "a", "b"]) group.add(text);
  host.at += 1;
  passTurns();
  expect(commits).toEqual([["first"]]);
  endTimers();
  expect(commits).toEqual([["first"], ["a", "b"]]);
  host.at += 1;
  group.add("c");
  endTimers();
  expect(commits).toEqual([["first"], ["a", "b"], ["c"]]);
});
