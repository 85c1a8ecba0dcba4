import { expect, test } from "vitest";
import { GroupCommit } from "../../../../src/conversation/messages/group-commit.ts";

/** A clock and ticks that the test moves; far from the times of other tests. */
function setUp() {
  const ticks: (() => void)[] = [];
  const turns: { run: () => void; isWanted: () => boolean }[] = [];
  const host = {
    at: Math.random() * 1e12,
    now: () => host.at,
    tick: (run: () => void) => void ticks.push(run),
    turns: (run: () => void, isWanted: () => boolean) => void turns.push({ run, isWanted }),
  };
  const commits: string[][] = [];
  const group = new GroupCommit<string>((items) => void commits.push(items), host);
  const tick = () => {
    for (const run of ticks.splice(0)) run();
  };
  const passTurns = () => {
    for (const { run, isWanted } of turns.splice(0)) if (isWanted()) run();
  };
  return { host, group, commits, tick, passTurns };
}

test("[I1] after a quiet moment a write is committed at once", () => {
  const { host, group, commits } = setUp();
  group.add("hello");
  host.at += 1_000;
  group.add("again");
  expect(commits).toEqual([["hello"], ["again"]]);
});

test("[I2] writes that arrive while the thread is busy share one commit, in order", () => {
  const { host, group, commits, tick } = setUp();
  group.add("first");
  host.at += 1;
  for (const text of ["a", "b", "c"]) group.add(text);
  expect(commits).toEqual([["first"]]);
  tick();
  expect(commits).toEqual([["first"], ["a", "b", "c"]]);
  tick();
  expect(commits).toHaveLength(2);
});

test("[I2] a flush commits the waiting writes first", () => {
  const { host, group, commits, tick } = setUp();
  group.add("first");
  host.at += 1;
  group.add("second");
  group.flush();
  expect(commits).toEqual([["first"], ["second"]]);
  tick();
  expect(commits).toHaveLength(2);
});

test("[I1] writes are committed without a tick while the clock stands still", () => {
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

test("[I2] writes wait for a tick and not for turns of the thread once the clock moves", () => {
  const { host, group, commits, tick, passTurns } = setUp();
  for (const text of ["first", "a", "b"]) group.add(text);
  host.at += 1;
  passTurns();
  expect(commits).toEqual([["first"]]);
  tick();
  expect(commits).toEqual([["first"], ["a", "b"]]);
  host.at += 1;
  group.add("c");
  tick();
  expect(commits).toEqual([["first"], ["a", "b"], ["c"]]);
});
