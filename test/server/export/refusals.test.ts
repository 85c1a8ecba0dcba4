import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { inOrder } from "../support/leancloud/app-data.ts";
import { expectAll } from "./comparison.ts";
import { asJson, manifestIn, rowsIn, runExport, startExport } from "./exporting.ts";
import { useHostedApp } from "./hosted.ts";

/** What a server refuses, for a day, for a while or for ever, and what the export makes of it. */

const hosted = useHostedApp(8, { conversations: 60, messages: 3_000, users: 40 });
const { to, run } = hosted;

describe("a trial's calls of a day", () => {
  test("when used up, end the command with code 3, and the next day it goes on", async () => {
    hosted.app.callsADay = 40;
    let days = 0;
    for (let code: number | null = 3; code === 3; days++) {
      const result = await run("--unread", "--yes");
      code = result.code;
      if (code === 3) expect(result.output).toContain("used up");
      expect([0, 3]).toContain(code);
      hosted.app.beginDay();
    }
    expect(days).toBeGreaterThan(3);
    await expectAll(to(), hosted.app.data, hosted.filesAt);
  });

  test("when used up, are waited for with --wait", async () => {
    hosted.app.callsADay = 40;
    const { ended } = startExport(
      ["--server", hosted.app.url, "--to", to(), "--wait", "--unread", "--yes"],
      hosted.app.environment,
    );
    let isOver = false;
    const result = ended.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await sleep(50);
      hosted.app.beginDay();
    }
    expect((await result).code).toBe(0);
    await expectAll(to(), hosted.app.data, hosted.filesAt);
  });
});

test("a list that takes more calls than a day has is gone on with in the middle", async () => {
  const service = hosted.app.data.classes._Conversation?.find(({ sys }) => sys === true)?.objectId ?? "";
  const crowd = Array.from({ length: 4_000 }, (_, at) => ({ subscriber: `client ${at}`, timestamp: at }));
  hosted.app.data.subscribers = { [service]: crowd };
  hosted.app.callsADay = 45;
  let days = 0;
  const without = "messages,files,blacklists,silences";
  for (let code: number | null = 3; code === 3 && days < 10; days++) {
    ({ code } = await run("--without", without));
    hosted.app.beginDay();
  }
  expect(days).toBeLessThan(8);
  expect(await rowsIn(to(), "lists/subscribers")).toEqual(
    crowd.map((each) => ({ ...each, conv_id: service })),
  );
});

describe("ways to read", () => {
  test("are queries where scans are refused", async () => {
    hosted.app.refuses.add("scan");
    expect((await run("--unread", "--yes")).code).toBe(0);
    await expectAll(to(), hosted.app.data, hosted.filesAt);
  });

  test("are LeanCloud's own export where scans and queries are refused", async () => {
    hosted.app.refuses.add("scan").add("query");
    expect((await run("--unread", "--yes")).code).toBe(0);
    await expectAll(to(), hosted.app.data, hosted.filesAt);
  });

  test("are LeanCloud's own export for a class that --by-archive names", async () => {
    await run("--by-archive", "_User", "--unread", "--yes");
    await expectAll(to(), hosted.app.data, hosted.filesAt);
    expect(hosted.app.calls.filter((path) => /scan.*_User/.test(path))).toEqual([]);
    expect(hosted.app.calls.filter((path) => path === "/1.1/exportData").length).toBe(1);
  });

  test("that keep passwords back are told, with where they are to be had", async () => {
    for (const user of hosted.app.data.classes._User ?? []) delete user.password;
    await run("--without", "messages,files");
    const { skipped } = await manifestIn(to());
    expect(skipped).toEqual([
      { what: "classes/_User", why: expect.stringMatching(/password.*--by-archive/), count: 1 },
    ]);
  });

  test("are told with each refusal where none is left", async () => {
    hosted.app.refuses.add("scan").add("query").add("exportData");
    expect((await run("--without", "_Conversation")).code).toBe(0);
    const { skipped, totals } = await manifestIn(to());
    expect(totals["classes/_User"]).toBeUndefined();
    expect(skipped.find(({ what }) => what === "classes/_User")?.why).toMatch(
      /scan.*404.*_User.*exportData.*404/,
    );
  });

  test("of messages are version 1.1's where 1.2 is refused", async () => {
    hosted.app.refuses.add("1.2");
    await run();
    expect(await rowsIn(to(), "messages")).toEqual(asJson(inOrder(hosted.app.data.messages)));
  });

  test("of lists may be missing, which three conversations tell", async () => {
    hosted.app.refuses.add("lists");
    expect((await run()).code).toBe(0);
    const { skipped } = await manifestIn(to());
    expect(skipped.map(({ what }) => what)).toEqual(
      expect.arrayContaining(["lists/blacklists", "lists/silences"]),
    );
    expect(hosted.app.calls.filter((path) => path.endsWith("blacklists")).length).toBeLessThan(9);
  });

  test("a class that the app does not have is told as such, without another try", async () => {
    delete hosted.app.data.classes._SysMessage;
    await run();
    expect((await manifestIn(to())).skipped).toContainEqual({
      what: "classes/_SysMessage",
      why: "the app has no such class",
      count: 1,
    });
    expect(hosted.app.calls.filter((path) => path.includes("exportData"))).toEqual([]);
  });
});

describe("a refusal in the middle", () => {
  test("of messages ends the command with code 4, and the same command goes on", async () => {
    hosted.app.callsADay = 3;
    expect((await run("--without", "_Conversation")).code).toBe(3);
    hosted.app.beginDay();
    hosted.app.callsADay = Number.POSITIVE_INFINITY;
    hosted.app.refuses.add("1.2");
    const { code, output } = await run("--without", "_Conversation");
    expect(code).toBe(4);
    expect(output).toContain("refuses the rest");
    hosted.app.refuses.clear();
    expect((await run("--without", "_Conversation")).code).toBe(0);
    expect(await rowsIn(to(), "messages")).toEqual(asJson(inOrder(hosted.app.data.messages)));
  });

  test("of a class ends the command with code 4, and the same command goes on", async () => {
    const users = Array.from({ length: 5_000 }, (_, at) => ({ objectId: at.toString(16).padStart(24, "0") }));
    hosted.app.data.classes._User = users;
    const without = "messages,files,_Conversation,_ConversationMemberInfo,_Installation";
    hosted.app.callsADay = 5;
    expect((await run("--without", without)).code).toBe(3);
    hosted.app.beginDay();
    hosted.app.callsADay = Number.POSITIVE_INFINITY;
    hosted.app.refuses.add("scan").add("query").add("exportData");
    expect((await run("--without", without)).code).toBe(4);
    hosted.app.refuses.clear();
    expect((await run("--without", without)).code).toBe(0);
    expect(await rowsIn(to(), "classes/_User")).toEqual(users);
  });
});

describe("what cannot be done", () => {
  test("a wrong master key ends the command with code 1", async () => {
    const { code, output } = await runExport(["--server", hosted.app.url, "--to", to()], {
      APP_ID: hosted.app.appId,
      MASTER_KEY: "another-key-of-24-letters",
    });
    expect(code).toBe(1);
    expect(output).toContain("does not take this app id and master key");
    expect(output).not.toContain("another-key");
  });

  test("a host without an address ends the command with code 4", async () => {
    const { code, output } = await runExport(["--server", "https://api.parley.invalid", "--to", to()], {
      ...hosted.app.environment,
      PARLEY_TEST_PACE: "0.001,2000,500",
    });
    expect(code).toBe(4);
    expect(output).toMatch(/does not answer \((ENOTFOUND|EAI_AGAIN)\)/);
  });

  test("a folder with something else in it is left alone", async () => {
    const { code, output } = await runExport(
      ["--server", hosted.app.url, "--to", import.meta.dirname],
      hosted.app.environment,
    );
    expect(code).toBe(1);
    expect(output).toContain("is not empty");
  });

  test("a folder of another app's export is not gone on with", async () => {
    hosted.app.callsADay = 10;
    await run();
    const { code, output } = await runExport(["--server", hosted.app.url, "--to", to()], {
      ...hosted.app.environment,
      APP_ID: "another-app",
    });
    expect(code).toBe(1);
    expect(output).toContain("another export");
  });

  test("another machine is not sent the master key without TLS", async () => {
    const { code, output } = await runExport(
      ["--server", "http://im.example.com", "--to", to()],
      hosted.app.environment,
    );
    expect(code).toBe(2);
    expect(output).toContain("must begin with https");
  });

  test("two exports at once cannot write to one folder", async () => {
    hosted.app.faults.rates = { slow: 1 };
    const first = startExport(["--server", hosted.app.url, "--to", to()], hosted.app.environment);
    await sleep(1_500);
    const { code, output } = await run();
    first.child.kill("SIGKILL");
    expect(code).toBe(1);
    expect(output).toContain("Another export is writing");
  });
});

test("messages without any of their conversations are no whole export, and the same command asks for these again", async () => {
  const conversations = hosted.app.data.classes._Conversation ?? [];
  hosted.app.data = { ...hosted.app.data, classes: { ...hosted.app.data.classes, _Conversation: [] } };
  const first = await run("--unread", "--yes");
  expect(first.code).toBe(4);
  expect(first.output).toContain("none of their conversations");
  expect(first.output).not.toContain("The export is whole");
  hosted.app.data = {
    ...hosted.app.data,
    classes: { ...hosted.app.data.classes, _Conversation: conversations },
  };
  expect((await run("--unread", "--yes")).code).toBe(0);
  await expectAll(to(), hosted.app.data, hosted.filesAt);
});

test("an export of an app that gives no conversations is not whole, unless they are left out", async () => {
  for (const way of ["scan", "query", "exportData"] as const) hosted.app.refuses.add(way);
  const refusal = await run();
  expect(refusal.code, refusal.output).toBe(4);
  expect(refusal.output).toContain("did not give the conversations");
  expect(refusal.output).not.toContain("The export is whole");
  hosted.app.refuses.clear();
  expect((await run()).code).toBe(0);
  const conversations = hosted.app.data.classes._Conversation ?? [];
  expect((await rowsIn(to(), "classes/_Conversation")).length).toBe(conversations.length);
});

test("a wrong master key is told before anything else is asked", async () => {
  const { code, output } = await runExport(["--server", hosted.app.url, "--to", to()], {
    ...hosted.app.environment,
    MASTER_KEY: "another-key",
  });
  expect(code).toBe(1);
  expect(output).toContain("does not take this app id and master key");
  expect(hosted.app.calls).toEqual(["/1.1/classes/_Conversation"]);
});

test("counts of unread messages for an export that is whole come by an export of changes, as it says", async () => {
  const estimate = await run("--unread");
  expect(estimate.output).toContain("--since this one, --unread and --yes");
  expect(estimate.output).not.toMatch(/\b1 days/);
  expect((await run("--unread", "--yes")).output).toContain("for unread counts, with --unread --yes");
  await hosted.runTo("counts", "--since", to(), "--unread", "--yes");
  expect((await rowsIn(to("counts"), "lists/unread")).length).toBeGreaterThan(0);
});
