import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { FileRow } from "../../../scripts/moving/format.ts";
import { inOrder } from "../support/leancloud/app-data.ts";
import { expectAll } from "./comparison.ts";
import { asJson, manifestIn, rowsIn, textsIn } from "./exporting.ts";
import { useHostedApp } from "./hosted.ts";

/** `npm run export` from a stand-in for LeanCloud that has no faults but those that a test names. */

const hosted = useHostedApp(7, { conversations: 60, messages: 2_500, users: 40 });
const { to, run } = hosted;

describe("an export of everything", () => {
  test("has every row, message, list, unread count and file of the app", async () => {
    const { code, output } = await run("--class", "Todo", "--unread", "--yes");
    expect(output).toContain("The export is whole");
    expect(code).toBe(0);
    await expectAll(to(), hosted.app.data, hosted.filesAt);
    expect(await rowsIn(to(), "classes/Todo")).toEqual(asJson(hosted.app.data.classes.Todo));
  });

  test("has rows as they were written: 1.0 stays 1.0, and texts with odd line ends stay one line", async () => {
    await run();
    const [conversation = ""] = await textsIn(to(), "classes/_Conversation");
    expect(conversation).toContain('"score":1.0,');
    expect((await textsIn(to(), "messages")).some((text) => text.includes("\u2028"))).toBe(true);
  });

  test("counts rows and times in its manifest, for each part", async () => {
    await run("--part-megabytes", "0.1");
    const manifest = await manifestIn(to());
    const parts = manifest.parts.filter(({ kind }) => kind === "messages");
    expect(parts.length).toBeGreaterThan(1);
    expect(parts[0]?.newest).toBe(inOrder(hosted.app.data.messages)[0]?.timestamp);
    expect(parts.at(-1)?.oldest).toBe(inOrder(hosted.app.data.messages).at(-1)?.timestamp);
    expect(manifest.totals).toMatchObject({ messages: 2_500, "classes/_User": 40 });
    expect(manifest.messagesUntil).toBe(parts[0]?.newest);
    expect(manifest.source).toEqual({ kind: "api", server: hosted.app.url, appId: hosted.app.appId });
  });

  test("can be read by its owner alone", async () => {
    await run();
    const { mode } = await stat(join(to(), "manifest.json"));
    expect(mode & 0o077).toBe(0);
  });

  test("shows the master key nowhere, neither printed nor stored", async () => {
    const { output } = await run("--json");
    expect(output).not.toContain(hosted.app.masterKey);
    for (const path of await readdir(to(), { recursive: true, withFileTypes: true })) {
      if (!path.isFile()) continue;
      expect((await readFile(join(path.parentPath, path.name))).includes(hosted.app.masterKey)).toBe(false);
    }
  });

  test("with --json is told as one event a line, the last of which has the manifest", async () => {
    const { output } = await run("--json");
    const events = output
      .trim()
      .split("\n")
      .map((line): { event: string } => JSON.parse(line));
    expect(events[0]).toEqual({ event: "begin", stage: "classes/_Conversation", rows: 0 });
    expect(events.at(-1)).toMatchObject({ event: "done", manifest: { totals: { messages: 2_500 } } });
  });

  test("asks for each class of the app with --class all", async () => {
    await run("--class", "all");
    expect((await manifestIn(to())).totals).toMatchObject({ "classes/Todo": 3, schemas: 7 });
  });

  test("leaves out what --without names", async () => {
    await run("--without", "messages,files,_User", "--without", "blacklists");
    const kinds = Object.keys((await manifestIn(to())).totals);
    expect(kinds).not.toEqual(expect.arrayContaining(["messages"]));
    expect(kinds.filter((kind) => /messages|files|_User|blacklists/.test(kind))).toEqual([]);
    expect(kinds).toContain("classes/_Conversation");
  });
});

describe("messages of single conversations", () => {
  test("come from the conversations that --conversation names", async () => {
    const [one, other] = hosted.app.data.classes._Conversation?.filter(({ sys, tr }) => !sys && !tr) ?? [];
    const ids = [one?.objectId ?? "", other?.objectId ?? ""];
    await run("--conversation", ids[0] ?? "", "--conversation", ids[1] ?? "");
    const wanted = inOrder(hosted.app.data.messages).filter((message) => ids.includes(message.to));
    const found = await rowsIn(to(), "messages");
    expect(found.toSorted(byKey)).toEqual(asJson(wanted).toSorted(byKey));
    expect((await manifestIn(to())).messagesUntil).toBeNull();
  });

  test("with --conversation all are all messages, of rooms and service conversations too", async () => {
    await run("--conversation", "all");
    const found = await rowsIn(to(), "messages");
    expect(found.toSorted(byKey)).toEqual(asJson(hosted.app.data.messages).toSorted(byKey));
  });

  test("of a conversation that is gone are told as missing", async () => {
    await run("--conversation", "nothing-of-that-name");
    const { skipped } = await manifestIn(to());
    expect(skipped).toEqual([
      { what: "messages", why: expect.stringContaining("Conversation not found"), count: 1 },
    ]);
  });
});

describe("unread counts", () => {
  test("are only estimated without --yes", async () => {
    const { output, code } = await run("--unread");
    expect(code).toBe(0);
    expect(output).toMatch(/Unread counts take \d+ calls/);
    expect(hosted.app.calls.filter((path) => path.endsWith("unread-count"))).toEqual([]);
  });
});

describe("files", () => {
  test("that cannot be fetched are listed with a reason, and stop nothing", async () => {
    const [path = ""] = Object.keys(hosted.app.data.files);
    delete hosted.app.data.files[path];
    const { code } = await run();
    expect(code).toBe(0);
    const rows = await rowsIn<FileRow>(to(), "files");
    expect(rows.filter((row) => "missing" in row)).toEqual([
      expect.objectContaining({ url: `${hosted.filesAt}${path}`, missing: "status 404" }),
    ]);
    expect((await manifestIn(to())).skipped).toEqual([expect.objectContaining({ what: "files", count: 1 })]);
  });

  test("of hosts that are not LeanCloud's are never called, but told", async () => {
    const [file] = hosted.app.data.classes._File ?? [];
    hosted.app.data.classes._File = [
      { ...file, objectId: "f".repeat(24), url: "http://intranet.invalid/secret" },
    ];
    hosted.app.data.messages = [];
    await run();
    const why = "intranet.invalid is not LeanCloud's; --file-host intranet.invalid fetches them";
    expect((await manifestIn(to())).skipped).toEqual([{ what: "files", why, count: 1 }]);
  });

  test("of a host that is gone are missing, while the API can be reached", async () => {
    const dead = "http://ac-old.clouddn.com.invalid";
    hosted.app.data.classes._File = (hosted.app.data.classes._File ?? []).map((row, at) => ({
      ...row,
      url: `${dead}/${at}`,
    }));
    hosted.app.data.messages = [];
    const { code } = await run("--file-host", "ac-old.clouddn.com.invalid");
    expect(code).toBe(0);
    const rows = await rowsIn<FileRow>(to(), "files");
    expect(rows.length).toBe(hosted.app.data.classes._File?.length);
    expect(rows.every((row) => "missing" in row && /^E/.test(row.missing))).toBe(true);
  });
});

const byKey = (one: { "msg-id"?: unknown }, other: { "msg-id"?: unknown }) =>
  String(one["msg-id"]) < String(other["msg-id"]) ? -1 : 1;
