import { describe, expect, test } from "vitest";
import { inOrder, randomApp } from "../support/leancloud/app-data.ts";
import type { Fault } from "../support/leancloud/faults.ts";
import { expectAll } from "./comparison.ts";
import { asJson, manifestIn, rowsIn } from "./exporting.ts";
import { useHostedApp } from "./hosted.ts";

/** Odd rows, pages that do not fit together, and calls that fail for a moment: an export has everything once. */

const hosted = useHostedApp(8, { conversations: 60, messages: 3_000, users: 40 });
const { to, run } = hosted;

describe("a scan", () => {
  test("whose cursor expired begins again and has each row once", async () => {
    const users = Array.from({ length: 5_000 }, (_, at) => ({ objectId: at.toString(16).padStart(24, "0") }));
    hosted.app.data.classes._User = users;
    hosted.app.faults.rates = { slow: 0 };
    const clock = setInterval(() => {
      hosted.app.rows.clock += 400_000;
    }, 30);
    expect((await run("--without", "messages,files")).code).toBe(0);
    clearInterval(clock);
    expect(await rowsIn(to(), "classes/_User")).toEqual(users);
  });
});

test("pages that take the server too long become smaller", async () => {
  hosted.app.rowsInTime = 90;
  expect((await run("--unread", "--yes")).code).toBe(0);
  await expectAll(to(), hosted.app.data, hosted.filesAt);
});

describe("odd rows", () => {
  test("are kept apart with the reason, and no other row is lost", async () => {
    const [first, ...rest] = hosted.app.data.messages;
    if (first === undefined) throw new Error("no message");
    const odd = { ...first, "msg-id": "odd", to: 5 };
    Object.assign(hosted.app.data, { messages: [first, odd, ...rest] });
    Object.assign(hosted.app.data.classes, {
      _User: [{ objectId: "a" }, { objectId: 5 }, { objectId: "b", n: "\u0000" }],
    });
    expect((await run()).code).toBe(0);
    expect(await rowsIn(to(), "messages")).toEqual(asJson([first, ...rest]));
    expect(await rowsIn(to(), "odd/messages")).toEqual([
      { why: expect.stringContaining("to"), text: JSON.stringify(odd) },
    ]);
    expect((await rowsIn(to(), "classes/_User")).length).toBe(2);
    expect(await rowsIn(to(), "odd/_User")).toEqual([
      { why: expect.stringContaining("objectId"), text: '{"objectId":5}' },
    ]);
  });
});

describe("more messages in one millisecond than a page holds", () => {
  /** 1,500 in the second newest millisecond. */
  function sendTwins(): void {
    const [newest, ...older] = hosted.app.data.messages;
    if (newest === undefined) throw new Error("no message");
    const twins = Array.from({ length: 1_500 }, (_, at) => {
      return { ...newest, "msg-id": `twin-${at}`, timestamp: newest.timestamp - 1 };
    });
    hosted.app.data.messages = inOrder([
      newest,
      ...twins,
      ...older.filter((row) => row.timestamp < newest.timestamp - 1),
    ]);
  }

  test("all come out", async () => {
    sendTwins();
    await run();
    expect(await rowsIn(to(), "messages")).toEqual(asJson(hosted.app.data.messages));
  });

  test("stop nothing where the server does not go on between them, but are told", async () => {
    sendTwins();
    hosted.app.refuses.add("msgid");
    expect((await run()).code).toBe(0);
    const found = await rowsIn(to(), "messages");
    const older = hosted.app.data.messages.filter(
      (row) => row.timestamp < (hosted.app.data.messages[1]?.timestamp ?? 0),
    );
    expect(found.slice(-older.length)).toEqual(asJson(older));
    expect((await manifestIn(to())).skipped).toContainEqual({
      what: "messages",
      why: expect.stringContaining("one millisecond earlier"),
      count: 1,
    });
  });
});

const FAULTS: Fault[] = [
  "too many requests",
  "server error",
  "bad gateway",
  "timeout on the server",
  "dropped",
  "cut",
  "slow",
  "half a page",
  "the page before",
];

test.each(FAULTS)("an export has everything in spite of calls that end with: %s", async (fault) => {
  hosted.app.faults.rates = { [fault]: fault === "slow" ? 0.05 : 0.2 };
  hosted.app.data = randomApp(9, { conversations: 15, messages: 3_000, users: 12 }, hosted.filesAt);
  expect((await run("--unread", "--yes")).code).toBe(0);
  await expectAll(to(), hosted.app.data, hosted.filesAt);
});
