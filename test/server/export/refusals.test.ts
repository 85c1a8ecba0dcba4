import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inOrder, randomApp } from "../support/leancloud/app-data.ts";
import type { Fault } from "../support/leancloud/faults.ts";
import { HostedApp } from "../support/leancloud/hosted-app.ts";
import { expectAll } from "./comparison.ts";
import { asJson, manifestIn, rowsIn, runExport, startExport } from "./exporting.ts";

/** What a server refuses, for a day, for a while or for ever, and what the export makes of it. */

let app: HostedApp;
let folder: string;
const to = () => join(folder, "export");
const run = (...args: string[]) => runExport(["--server", app.url, "--to", to(), ...args], app.environment);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-export-"));
  app = new HostedApp();
  await app.open();
  app.data = randomApp(8, { conversations: 60, messages: 3_000, users: 40 }, `${app.url}/files`);
});
afterEach(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

describe("a trial's calls of a day", () => {
  test("when used up, end the command with code 3, and the next day it goes on", async () => {
    app.callsADay = 40;
    let days = 0;
    for (let code: number | null = 3; code === 3; days++) {
      const result = await run("--unread", "--yes");
      code = result.code;
      if (code === 3) expect(result.output).toContain("used up");
      expect([0, 3]).toContain(code);
      app.beginDay();
    }
    expect(days).toBeGreaterThan(3);
    await expectAll(to(), app.data, `${app.url}/files`);
  });

  test("when used up, are waited for with --wait", async () => {
    app.callsADay = 40;
    const { ended } = startExport(
      ["--server", app.url, "--to", to(), "--wait", "--unread", "--yes"],
      app.environment,
    );
    let isOver = false;
    const result = ended.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await sleep(50);
      app.beginDay();
    }
    expect((await result).code).toBe(0);
    await expectAll(to(), app.data, `${app.url}/files`);
  });
});

describe("ways to read", () => {
  test("are queries where scans are refused", async () => {
    app.refuses.add("scan");
    expect((await run("--unread", "--yes")).code).toBe(0);
    await expectAll(to(), app.data, `${app.url}/files`);
  });

  test("are LeanCloud's own export where scans and queries are refused", async () => {
    app.refuses.add("scan").add("query");
    expect((await run("--unread", "--yes")).code).toBe(0);
    await expectAll(to(), app.data, `${app.url}/files`);
  });

  test("are LeanCloud's own export for a class that --by-archive names", async () => {
    await run("--by-archive", "_User", "--unread", "--yes");
    await expectAll(to(), app.data, `${app.url}/files`);
    expect(app.calls.filter((path) => /scan.*_User/.test(path))).toEqual([]);
    expect(app.calls.filter((path) => path === "/1.1/exportData").length).toBe(1);
  });

  test("that keep passwords back are told, with where they are to be had", async () => {
    for (const user of app.data.classes._User ?? []) delete user.password;
    await run("--without", "messages,files");
    const { skipped } = await manifestIn(to());
    expect(skipped).toEqual([
      { what: "classes/_User", why: expect.stringMatching(/password.*--by-archive/), count: 1 },
    ]);
  });

  test("are told with each refusal where none is left", async () => {
    app.refuses.add("scan").add("query").add("exportData");
    expect((await run()).code).toBe(0);
    const { skipped, totals } = await manifestIn(to());
    expect(totals["classes/_User"]).toBeUndefined();
    expect(skipped.find(({ what }) => what === "classes/_User")?.why).toMatch(
      /scan.*404.*_User.*exportData.*404/,
    );
  });

  test("of messages are version 1.1's where 1.2 is refused", async () => {
    app.refuses.add("1.2");
    await run();
    expect(await rowsIn(to(), "messages")).toEqual(asJson(inOrder(app.data.messages)));
  });

  test("of lists may be missing, which three conversations tell", async () => {
    app.refuses.add("lists");
    expect((await run()).code).toBe(0);
    const { skipped } = await manifestIn(to());
    expect(skipped.map(({ what }) => what)).toEqual(
      expect.arrayContaining(["lists/blacklists", "lists/silences"]),
    );
    expect(app.calls.filter((path) => path.endsWith("blacklists")).length).toBeLessThan(9);
  });

  test("a class that the app does not have is told as such, without another try", async () => {
    delete app.data.classes._SysMessage;
    await run();
    expect((await manifestIn(to())).skipped).toContainEqual({
      what: "classes/_SysMessage",
      why: "the app has no such class",
      count: 1,
    });
    expect(app.calls.filter((path) => path.includes("exportData"))).toEqual([]);
  });
});

describe("a scan", () => {
  test("whose cursor expired begins again and has each row once", async () => {
    const users = Array.from({ length: 5_000 }, (_, at) => ({ objectId: at.toString(16).padStart(24, "0") }));
    app.data.classes._User = users;
    app.faults.rates = { slow: 0 };
    const clock = setInterval(() => {
      app.rows.clock += 400_000;
    }, 30);
    expect((await run("--without", "messages,files")).code).toBe(0);
    clearInterval(clock);
    expect(await rowsIn(to(), "classes/_User")).toEqual(users);
  });
});

describe("odd rows", () => {
  test("are kept apart with the reason, and no other row is lost", async () => {
    const [first, ...rest] = app.data.messages;
    if (first === undefined) throw new Error("no message");
    const odd = { ...first, "msg-id": "odd", to: 5 };
    Object.assign(app.data, { messages: [first, odd, ...rest] });
    Object.assign(app.data.classes, {
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
    const [newest, ...older] = app.data.messages;
    if (newest === undefined) throw new Error("no message");
    const twins = Array.from({ length: 1_500 }, (_, at) => {
      return { ...newest, "msg-id": `twin-${at}`, timestamp: newest.timestamp - 1 };
    });
    app.data.messages = inOrder([
      newest,
      ...twins,
      ...older.filter((row) => row.timestamp < newest.timestamp - 1),
    ]);
  }

  test("all come out", async () => {
    sendTwins();
    await run();
    expect(await rowsIn(to(), "messages")).toEqual(asJson(app.data.messages));
  });

  test("stop nothing where the server does not go on between them, but are told", async () => {
    sendTwins();
    app.refuses.add("msgid");
    expect((await run()).code).toBe(0);
    const found = await rowsIn(to(), "messages");
    const older = app.data.messages.filter((row) => row.timestamp < (app.data.messages[1]?.timestamp ?? 0));
    expect(found.slice(-older.length)).toEqual(asJson(older));
    expect((await manifestIn(to())).skipped).toContainEqual({
      what: "messages",
      why: expect.stringContaining("one millisecond earlier"),
      count: 1,
    });
  });
});

describe("a refusal in the middle", () => {
  test("of messages ends the command with code 4, and the same command goes on", async () => {
    app.callsADay = 3;
    expect((await run("--without", "_Conversation")).code).toBe(3);
    app.beginDay();
    app.callsADay = Number.POSITIVE_INFINITY;
    app.refuses.add("1.2");
    const { code, output } = await run("--without", "_Conversation");
    expect(code).toBe(4);
    expect(output).toContain("refuses the rest");
    app.refuses.clear();
    expect((await run("--without", "_Conversation")).code).toBe(0);
    expect(await rowsIn(to(), "messages")).toEqual(asJson(inOrder(app.data.messages)));
  });

  test("of a class ends the command with code 4, and the same command goes on", async () => {
    const users = Array.from({ length: 5_000 }, (_, at) => ({ objectId: at.toString(16).padStart(24, "0") }));
    app.data.classes._User = users;
    const without = "messages,files,_Conversation,_ConversationMemberInfo,_Installation";
    app.callsADay = 5;
    expect((await run("--without", without)).code).toBe(3);
    app.beginDay();
    app.callsADay = Number.POSITIVE_INFINITY;
    app.refuses.add("scan").add("query").add("exportData");
    expect((await run("--without", without)).code).toBe(4);
    app.refuses.clear();
    expect((await run("--without", without)).code).toBe(0);
    expect(await rowsIn(to(), "classes/_User")).toEqual(users);
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
  app.faults.rates = { [fault]: fault === "slow" ? 0.05 : 0.2 };
  app.data = randomApp(9, { conversations: 15, messages: 3_000, users: 12 }, `${app.url}/files`);
  expect((await run("--unread", "--yes")).code).toBe(0);
  await expectAll(to(), app.data, `${app.url}/files`);
});

describe("what cannot be done", () => {
  test("a wrong master key ends the command with code 1", async () => {
    const { code, output } = await runExport(["--server", app.url, "--to", to()], {
      APP_ID: app.appId,
      MASTER_KEY: "another-key-of-24-letters",
    });
    expect(code).toBe(1);
    expect(output).toContain("does not take this app id and master key");
    expect(output).not.toContain("another-key");
  });

  test("a host without an address ends the command with code 4", async () => {
    const { code, output } = await runExport(["--server", "https://api.parley.invalid", "--to", to()], {
      ...app.environment,
      PARLEY_TEST_PACE: "0.001,2000,500",
    });
    expect(code).toBe(4);
    expect(output).toMatch(/does not answer \((ENOTFOUND|EAI_AGAIN)\)/);
  });

  test("a folder with something else in it is left alone", async () => {
    const { code, output } = await runExport(
      ["--server", app.url, "--to", import.meta.dirname],
      app.environment,
    );
    expect(code).toBe(1);
    expect(output).toContain("is not empty");
  });

  test("a folder of another app's export is not gone on with", async () => {
    app.callsADay = 10;
    await run();
    const { code, output } = await runExport(["--server", app.url, "--to", to()], {
      ...app.environment,
      APP_ID: "another-app",
    });
    expect(code).toBe(1);
    expect(output).toContain("another export");
  });

  test("another machine is not sent the master key without TLS", async () => {
    const { code, output } = await runExport(
      ["--server", "http://im.example.com", "--to", to()],
      app.environment,
    );
    expect(code).toBe(2);
    expect(output).toContain("must begin with https");
  });

  test("two exports at once cannot write to one folder", async () => {
    app.faults.rates = { slow: 1 };
    const first = startExport(["--server", app.url, "--to", to()], app.environment);
    await sleep(1_500);
    const { code, output } = await run();
    first.child.kill("SIGKILL");
    expect(code).toBe(1);
    expect(output).toContain("Another export is writing");
  });
});
