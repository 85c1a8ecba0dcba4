import { expect, test } from "vitest";
import { GroupCommit } from "../../../../src/conversation/messages/group-commit.ts";

/** A clock and turns of the thread that the test moves; far from the times of other tests. */
function setUp({ readers = 0 } = {}) {
  const turns: (() => void)[] = [];
  const host = {
    at: Math.random() * 1e12,
    now: () => host.at,
    turn: () => new Promise<void>((resolve) => turns.push(resolve)),
    readers: () => readers,
  };
  const commits: string[][] = [];
  const group = new GroupCommit<string>((items) => void commits.push(items), host);
  const passTurn = async () => {
    for (const resolve of turns.splice(0)) resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  /** Passes turns until nothing waits for one. Returns how many it were. */
  const passTurns = async () => {
    let passed = 0;
    for (; turns.length > 0; passed += 1) await passTurn();
    return passed;
  };
  return { host, group, commits, passTurn, passTurns };
}

test("[I1] after a quiet moment a write is committed at once", () => {
  const { host, group, commits } = setUp();
  group.add("hello");
  host.at += 1_000;
  group.add("again");
  expect(commits).toEqual([["hello"], ["again"]]);
});

test("[I2] writes that arrive while the thread is busy share one commit, in order", async () => {
  const { host, group, commits, passTurns } = setUp();
  group.add("first");
  host.at += 1;
  for (const text of ["a", "b", "c"]) group.add(text);
  expect(commits).toEqual([["first"]]);
  await passTurns();
  expect(commits).toEqual([["first"], ["a", "b", "c"]]);
  expect(await passTurns()).toBe(0);
  expect(commits).toHaveLength(2);
});

test("[I2] a write waits as long as each few turns bring another one", async () => {
  const { group, commits, passTurn, passTurns } = setUp();
  group.add("first");
  for (const text of ["a", "b", "c", "d", "e", "f"]) {
    group.add(text);
    await passTurn();
    await passTurn();
  }
  expect(commits).toEqual([["first"]]);
  await passTurns();
  expect(commits).toEqual([["first"], ["a", "b", "c", "d", "e", "f"]]);
});

test("[I1] a write is committed after so many turns, whatever comes meanwhile", async () => {
  const { group, commits, passTurn } = setUp();
  group.add("first");
  let added = 0;
  for (; commits.length < 2 && added < 1_000; added += 1) {
    group.add("more");
    await passTurn();
  }
  expect(added).toBeLessThan(200);
});

test("[I2] writes to a large audience wait longer for others", async () => {
  const [few, many] = [setUp(), setUp({ readers: 100 })];
  for (const { group } of [few, many]) for (const text of ["first", "a"]) group.add(text);
  const passed = await few.passTurns();
  expect(few.commits).toEqual([["first"], ["a"]]);
  expect(await many.passTurns()).toBeGreaterThan(2 * passed);
  expect(many.commits).toEqual([["first"], ["a"]]);
});

test("[I2] a flush commits the waiting writes first", async () => {
  const { host, group, commits, passTurns } = setUp();
  group.add("first");
  host.at += 1;
  group.add("second");
  group.flush();
  expect(commits).toEqual([["first"], ["second"]]);
  group.add("third");
  await passTurns();
  expect(commits).toEqual([["first"], ["second"], ["third"]]);
});

test("[I1] writes are committed while the clock stands still", async () => {
  const { group, commits, passTurns } = setUp();
  for (const text of ["first", "a", "b"]) group.add(text);
  await passTurns();
  expect(commits).toEqual([["first"], ["a", "b"]]);
});

test("[I1] writes that come together after a quiet moment share one commit, at once", () => {
  const { group, commits } = setUp();
  const added = group.together(() => {
    for (const text of ["a", "b"]) group.add(text);
    expect(commits).toEqual([]);
    return "added";
  });
  expect(added).toBe("added");
  expect(commits).toEqual([["a", "b"]]);
});

test("[I2] writes that come together while the thread is busy wait for more of them", async () => {
  const { group, commits, passTurns } = setUp();
  group.add("first");
  group.together(() => group.add("a"));
  group.together(() => group.add("b"));
  expect(commits).toEqual([["first"]]);
  await passTurns();
  expect(commits).toEqual([["first"], ["a", "b"]]);
});

test("[I2] a flush among writes that come together commits those before it", async () => {
  const { group, commits, passTurns } = setUp();
  group.together(() => {
    group.add("a");
    group.flush();
    group.add("b");
    expect(commits).toEqual([["a"]]);
  });
  await passTurns();
  expect(commits).toEqual([["a"], ["b"]]);
});

test("[I2] a wait that brought nothing makes the next one short, until more writes come", async () => {
  const { group, commits, passTurn, passTurns } = setUp();
  group.add("first");
  group.add("a");
  const inVain = await passTurns();
  group.add("b");
  expect(await passTurns()).toBeLessThan(inVain);
  group.add("c");
  group.add("d");
  await passTurn();
  group.add("e");
  await passTurns();
  group.add("f");
  await passTurn();
  group.add("g");
  expect(await passTurns()).toBeGreaterThanOrEqual(inVain);
  expect(commits).toEqual([["first"], ["a"], ["b"], ["c", "d", "e"], ["f", "g"]]);
});
