import { expect, test } from "vitest";
import type { FileRow } from "../../../scripts/moving/format.ts";
import { inOrder, type MessageRecord, type Row } from "../support/leancloud/app-data.ts";
import { asJson, manifestIn, rowsIn } from "./exporting.ts";
import { useHostedApp } from "./hosted.ts";

/** `npm run export -- --since <folder>`: what is new since an earlier export, and some days before it. */

const DAY = 86_400_000;

const hosted = useHostedApp(3, { conversations: 30, messages: 2_000, users: 20 });
const { to, runTo: run } = hosted;

/** Sent a minute after everything else. */
function sayMore(count: number): MessageRecord[] {
  const [newest] = hosted.app.data.messages;
  if (newest === undefined) throw new Error("no message");
  const more = Array.from({ length: count }, (_, at): MessageRecord => {
    return { ...newest, "msg-id": `new-${at}`, timestamp: newest.timestamp + 60_000 + at, data: `new ${at}` };
  });
  hosted.app.data.messages = inOrder([...hosted.app.data.messages, ...more]);
  return more;
}

test("an export of changes has new messages, and those of the days before with what was edited in them", async () => {
  await run("first");
  const until = (await manifestIn(to("first"))).messagesUntil ?? 0;
  sayMore(3);
  const edited = hosted.app.data.messages[40];
  if (edited === undefined) throw new Error("no message");
  edited.data = '{"_lctype":-127}';
  await run("second", "--since", to("first"), "--overlap-days", "1");
  const wanted = hosted.app.data.messages.filter(({ timestamp }) => timestamp >= until - DAY);
  expect(wanted).toContainEqual(edited);
  expect(wanted.length).toBeLessThan(hosted.app.data.messages.length / 2);
  expect(await rowsIn(to("second"), "messages")).toEqual(asJson(wanted));
});

test("an export of changes without any overlap has the millisecond at which the earlier one ended", async () => {
  await run("first");
  const until = (await manifestIn(to("first"))).messagesUntil ?? 0;
  const more = sayMore(2);
  await run("second", "--since", to("first"), "--overlap-days", "0");
  const found = await rowsIn<MessageRecord>(to("second"), "messages");
  expect(found.map((row) => row["msg-id"])).toEqual(expect.arrayContaining(more.map((row) => row["msg-id"])));
  expect(found.every(({ timestamp }) => timestamp >= until)).toBe(true);
});

test("an export of changes has rows that changed, and every conversation", async () => {
  await run("first");
  const { startedAt } = await manifestIn(to("first"));
  const user = hosted.app.data.classes._User?.[0];
  if (user === undefined) throw new Error("no user");
  user.updatedAt = new Date(Date.parse(startedAt) + DAY).toISOString();
  await run("second", "--since", to("first"), "--overlap-days", "0.01");
  expect(await rowsIn<Row>(to("second"), "classes/_User")).toEqual([asJson(user)]);
  expect((await rowsIn(to("second"), "classes/_Conversation")).length).toBe(30);
});

test("an export of changes fetches new files, and those that were missing", async () => {
  const [path = ""] = Object.keys(hosted.app.data.files);
  const content = hosted.app.data.files[path] ?? Buffer.alloc(0);
  delete hosted.app.data.files[path];
  await run("first");
  hosted.app.data.files[path] = content;
  await run("second", "--since", to("first"), "--overlap-days", "1000");
  const rows = await rowsIn<FileRow>(to("second"), "files");
  expect(rows).toEqual([expect.objectContaining({ url: `${hosted.filesAt}${path}`, bytes: content.length })]);
});

test("a file is fetched once in a row of exports", async () => {
  await run("first");
  await run("second", "--since", to("first"), "--overlap-days", "1000");
  await run("third", "--since", to("second"), "--overlap-days", "1000");
  expect((await manifestIn(to("first"))).totals.files).toBeGreaterThan(5);
  expect((await manifestIn(to("second"))).totals.files).toBeUndefined();
  expect((await manifestIn(to("third"))).totals.files).toBeUndefined();
});

test("after an export without files, the next one fetches again only what was missing before it", async () => {
  const [path = ""] = Object.keys(hosted.app.data.files);
  const content = hosted.app.data.files[path] ?? Buffer.alloc(0);
  delete hosted.app.data.files[path];
  await run("first");
  hosted.app.data.files[path] = content;
  await run("second", "--since", to("first"), "--overlap-days", "0", "--without", "files");
  await run("third", "--since", to("second"), "--overlap-days", "0");
  const rows = await rowsIn<FileRow>(to("third"), "files");
  expect(rows).toEqual([expect.objectContaining({ url: `${hosted.filesAt}${path}`, bytes: content.length })]);
});

test("a third export goes on from the second, also if that one had nothing new", async () => {
  await run("first");
  await run("second", "--since", to("first"), "--overlap-days", "0", "--without", "messages");
  const first = await manifestIn(to("first"));
  expect((await manifestIn(to("second"))).messagesUntil).toBe(first.messagesUntil);
  const more = sayMore(1);
  await run("third", "--since", to("second"), "--overlap-days", "0");
  const [newest] = await rowsIn<MessageRecord>(to("third"), "messages");
  expect(newest).toEqual(asJson(more[0]));
});

test("an export that is not finished is nothing to go on from", async () => {
  hosted.app.callsADay = 5;
  await run("first");
  const { code, output } = await run("second", "--since", to("first"));
  expect(code).toBe(1);
  expect(output).toContain("no finished export");
});
