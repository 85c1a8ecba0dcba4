import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { randomApp } from "../support/leancloud/app-data.ts";
import { archiveOf, linesOfClass } from "../support/leancloud/archive.ts";
import { HostedApp } from "../support/leancloud/hosted-app.ts";
import { expectFiles } from "./comparison.ts";
import { asJson, manifestIn, rowsIn, runExport, textsIn } from "./exporting.ts";

/** `npm run export -- --from-archive`: what LeanCloud's console gives becomes the same kind of folder. */

let folder: string;
const at = (name: string) => join(folder, name);
const read = (...paths: string[]) =>
  runExport([...paths.flatMap((path) => ["--from-archive", at(path)]), "--to", at("export")]);

const { classes } = randomApp(5, { conversations: 30, messages: 10, users: 25 }, "https://lost.invalid");

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-archive-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("an archive's rows of every class come out, and what it lacks is told", async () => {
  await writeFile(at("app.tar.gz"), await archiveOf({ ...classes, _SysMessage: [] }));
  const { code } = await read("app.tar.gz");
  expect(code).toBe(0);
  for (const name of ["_Conversation", "_User", "_Installation", "Todo"]) {
    expect(await rowsIn(at("export"), `classes/${name}`), name).toEqual(asJson(classes[name]));
  }
  const { skipped, source } = await manifestIn(at("export"));
  expect(source).toEqual({ kind: "archive", files: [at("app.tar.gz")] });
  expect(skipped).toContainEqual({ what: "classes/_SysMessage", why: "the archive has none", count: 1 });
  expect(skipped).toContainEqual({
    what: "messages",
    why: expect.stringContaining("only the API"),
    count: 1,
  });
});

test("a folder of files with marks of byte order, Windows' line ends, blank lines and gzip is read", async () => {
  await mkdir(at("folder"));
  const users = linesOfClass("_User", classes._User ?? []).replaceAll("\n", "\r\n\r\n");
  await writeFile(at("folder/_User.0.jsonl"), `\uFEFF${users}`);
  await writeFile(at("folder/_File.0.jsonl.gz"), gzipSync(linesOfClass("_File", classes._File ?? [])));
  await writeFile(at("folder/readme.txt"), "hello");
  expect((await read("folder")).code).toBe(0);
  expect(await rowsIn(at("export"), "classes/_User")).toEqual(asJson(classes._User));
  expect(await rowsIn(at("export"), "classes/_File")).toEqual(asJson(classes._File));
  const told = (await manifestIn(at("export"))).skipped.map(({ what }) => what);
  expect(told).toContain("readme.txt");
});

test("an old document of results is read, numbers as they were written", async () => {
  const rows =
    '{"objectId":"a","n":1.0},\n  {"objectId":"b","big":9007199254740993,\n "list":[{"results":[1]}]}';
  await writeFile(at("_User.json"), `\uFEFF{ "results" : [\n${rows}\n], "more": 1 }`);
  await writeFile(at("_Conversation_all.json"), `[${rows}]`);
  expect((await read("_User.json", "_Conversation_all.json")).code).toBe(0);
  const texts = [
    '{"objectId":"a","n":1.0}',
    '{"objectId":"b","big":9007199254740993,"list":[{"results":[1]}]}',
  ];
  expect(await textsIn(at("export"), "classes/_User")).toEqual(texts);
  expect(await textsIn(at("export"), "classes/_Conversation")).toEqual(texts);
});

test("files that end in the middle are told, and their whole rows are kept", async () => {
  await writeFile(at("_User.0.jsonl"), '{"objectId":"a"}\n{"objectId":"b","na');
  await writeFile(at("_Conversation.json"), '{"results":[{"objectId":"a"},{"objectId":"b"');
  expect((await read("_User.0.jsonl", "_Conversation.json")).code).toBe(0);
  expect(await rowsIn(at("export"), "classes/_User")).toEqual([{ objectId: "a" }]);
  expect(await rowsIn(at("export"), "classes/_Conversation")).toEqual([{ objectId: "a" }]);
  const told = (await manifestIn(at("export"))).skipped.filter(({ why }) => why === "it ends in the middle");
  expect(told.map(({ what }) => what)).toEqual(["_User.0.jsonl", "_Conversation.json"]);
});

test("a backup for mongorestore is told as what it is", async () => {
  await writeFile(at("_User.bson"), "x");
  await read("_User.bson");
  expect((await manifestIn(at("export"))).skipped[0]?.why).toContain("mongorestore");
});

test("a damaged archive ends the command with code 1, and read again when it is whole, has each row once", async () => {
  const whole = await archiveOf(classes);
  await writeFile(at("app.tar.gz"), whole.subarray(0, whole.length / 2));
  const { code, output } = await read("app.tar.gz");
  expect(code).toBe(1);
  expect(output).toContain("cannot be read");
  await writeFile(at("app.tar.gz"), whole);
  expect((await read("app.tar.gz")).code).toBe(0);
  expect(await rowsIn(at("export"), "classes/_User")).toEqual(asJson(classes._User));
});

test("contents of the files that an archive names are fetched while LeanCloud lives", async () => {
  const app = new HostedApp();
  await app.open();
  try {
    app.data = randomApp(6, { conversations: 5, messages: 0, users: 12 }, `${app.url}/files`);
    await writeFile(at("app.tar.gz"), await archiveOf(app.data.classes));
    const host = new URL(app.url).host;
    const args = ["--from-archive", at("app.tar.gz"), "--to", at("export"), "--file-host", host];
    expect((await runExport(args)).code).toBe(0);
    await expectFiles(at("export"), app.data, `${app.url}/files`);
  } finally {
    await app.close();
  }
});
