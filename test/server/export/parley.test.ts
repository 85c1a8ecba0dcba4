import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { say, start as startChat } from "../../support/chat.ts";
import type { Server } from "../../support/server.ts";
import { StubUpstream } from "../../support/stub-upstream.ts";
import type { MessageRecord, Row } from "../support/leancloud/app-data.ts";
import { NodeDevice } from "../support/node-device.ts";
import { callAsOwner, configure, unlimited } from "../support/owner.ts";
import { useServers } from "../support/servers.ts";
import { manifestIn, rowsIn, runExport } from "./exporting.ts";

/** `npm run export` from a Parley, whose REST API is LeanCloud's. */

const servers = useServers();
const TRIAL = { APP_ID: "parley-dev", MASTER_KEY: "parley-dev-master" };

/** What the database has of the app: it is some seconds behind. */
async function archived(server: Server, count: number): Promise<MessageRecord[]> {
  for (let attempt = 0; attempt < 120; attempt++) {
    const all = await callAsOwner<MessageRecord[]>(server, "GET", "/1.2/rtm/messages?limit=1000");
    if (all.length >= count) return all;
    await sleep(250);
  }
  throw new Error(`the database does not have ${count} messages`);
}

test("a Parley's conversations, messages, devices, users and files come out of it", async () => {
  const server = await servers.start();
  const security = { memberRoles: true, blacklists: true };
  await configure(server, { ...unlimited, users: { where: "here" }, security });
  const tom = await NodeDevice.of(server, "Tom");
  const chats = await Promise.all(
    [["Tom", "Jerry"], ["Tom", "Spike"], ["Tom"]].map((m) => startChat(tom, m)),
  );
  const [first = ""] = chats;
  const ids: { id: string; t: number }[] = [];
  for (let at = 0; at < 60; at++) {
    const said = await say(tom, chats[at % 3] ?? "", `{"_lctype":-1,"_lctext":"text ${at}"}`);
    ids.push({ id: said.ackMessage?.uid ?? "", t: Number(said.ackMessage?.t) });
  }
  await say(tom, first, "", { binaryMsg: new Uint8Array([0, 1, 254, 255]) });
  const [edited, , , recalled] = ids;
  const path = (id = "") => `/1.2/rtm/conversations/${first}/messages/${encodeURIComponent(id)}`;
  const from = { from_client: "Tom" };
  await callAsOwner(server, "PUT", path(edited?.id), { ...from, timestamp: edited?.t, message: "edited" });
  await callAsOwner(server, "PUT", `${path(recalled?.id)}/recall`, { ...from, timestamp: recalled?.t });
  const about = `/1.2/rtm/conversations/${first}`;
  await callAsOwner(server, "POST", `${about}/member-infos`, { clientId: "Jerry", role: "Manager" });
  await callAsOwner(server, "POST", `${about}/permanent-silenceds`, { client_ids: ["Jerry"] });
  await callAsOwner(server, "POST", `${about}/blacklists`, { client_ids: ["Tyke", "Butch"] });
  const device = { deviceType: "ios", deviceToken: "a".repeat(64), channels: ["Tom"], badge: 1.0 };
  await callAsOwner(server, "POST", "/1.1/installations", device);
  const createdAt = "2026-01-01T00:00:00.000Z";
  const users = Array.from({ length: 230 }, (_, at) => {
    const objectId = at.toString(16).padStart(24, "0");
    const sessionToken = `token-of-user-${at}`.padEnd(25, "x");
    return { objectId, username: `user ${at}`, sessionToken, createdAt, updatedAt: createdAt };
  });
  for (const at of [0, 100, 200]) {
    const rows = { results: users.slice(at, at + 100) };
    const answer = await callAsOwner(server, "POST", "/admin/import/users", rows);
    expect(answer).toMatchObject({ refused: [] });
  }
  await callAsOwner(server, "POST", "/1.1/files", { name: "a.png", url: "https://example.com/a.png" });
  tom.close();
  for (let attempt = 0; ; attempt++) {
    const all = await archived(server, 61);
    if (all.some(({ data }) => data === "edited") && all.some(({ data }) => data.includes("-127"))) break;
    if (attempt > 120) throw new Error("the database does not have the changes");
    await sleep(250);
  }

  const to = join(servers.folder, "export");
  const { code, output } = await runExport(["--server", server.url, "--to", to, "--unread", "--yes"], TRIAL);
  expect(output).toContain("The export is whole");
  expect(code).toBe(0);
  const conversations = await rowsIn<Row>(to, "classes/_Conversation");
  expect(conversations.map(({ objectId }) => objectId).toSorted()).toEqual(chats.toSorted());
  const messages = await rowsIn<MessageRecord>(to, "messages");
  expect(messages).toEqual(await archived(server, 61));
  expect(messages.length).toBe(61);
  expect(messages.filter(({ bin }) => bin).map(({ data }) => data)).toEqual(["AAH+/w=="]);
  const [installation] = await rowsIn<Row>(to, "classes/_Installation");
  expect(installation).toMatchObject({ deviceToken: "a".repeat(64), channels: ["Tom"] });
  expect((await rowsIn<Row>(to, "classes/_User")).map(({ objectId }) => objectId)).toEqual(
    users.map(({ objectId }) => objectId),
  );
  expect(await rowsIn<Row>(to, "classes/_File")).toEqual([expect.objectContaining({ name: "a.png" })]);
  const [role, ...others] = await rowsIn<Row>(to, "classes/_ConversationMemberInfo");
  expect(role).toMatchObject({ cid: first, clientId: "Jerry", role: "Manager" });
  expect(others).toEqual([]);
  expect(await rowsIn(to, "lists/silences")).toEqual([{ conv_id: first, client_id: "Jerry" }]);
  const blocked = ["Butch", "Tyke"].map((client) => ({ conv_id: first, client_id: client }));
  expect(await rowsIn(to, "lists/blacklists")).toEqual(blocked);
  const unread = await rowsIn(to, "lists/unread");
  expect(unread).toContainEqual({ conv_id: first, client_id: "Jerry", count: 21 });

  const whole = join(servers.folder, "by-conversation");
  await runExport(["--server", server.url, "--to", whole, "--conversation", "all"], TRIAL);
  const texts = (rows: MessageRecord[]) =>
    rows.map(({ to: cid, timestamp, data }) => `${cid} ${timestamp} ${data}`);
  expect(texts(await rowsIn(whole, "messages")).toSorted()).toEqual(texts(messages).toSorted());

  const since = join(servers.folder, "since");
  await runExport(["--server", server.url, "--to", since, "--since", to], TRIAL);
  expect(await rowsIn(since, "messages")).toEqual(messages);
  expect((await rowsIn(since, "classes/_User")).length).toBe(230);
  const told = (await manifestIn(to)).skipped.map(({ what }) => what);
  expect(told).toContain("schemas");
  for (const served of ["lists/blacklists", "messages", "classes/_SysMessage"])
    expect(told).not.toContain(served);
  expect(told.filter((what) => /_Conversation$|_Installation|_File/.test(what))).toEqual([]);
});

test("a Parley's conversations and users come from itself, also where an upstream has none and takes other keys", async () => {
  const upstream = new StubUpstream();
  upstream.answer = ({ url }, response) => {
    const isSchemas = url.startsWith("/1.1/schemas");
    response.writeHead(isSchemas ? 401 : 200, { "Content-Type": "application/json" });
    response.end(isSchemas ? '{"code":401,"error":"Unauthorized."}' : '{"results":[]}');
  };
  await upstream.open();
  try {
    const server = await servers.start();
    await configure(server, { ...unlimited, users: { where: "here" }, upstream: { url: upstream.url } });
    const tom = await NodeDevice.of(server, "Tom");
    const chat = await startChat(tom, ["Tom", "Jerry"]);
    tom.close();
    const user = { username: "Tom", password: "cheese-and-mice" };
    const { objectId } = await callAsOwner<Row>(server, "POST", "/1.1/users", user);
    const to = join(servers.folder, "export");
    const { code } = await runExport(["--server", server.url, "--to", to], TRIAL);
    expect(code).toBe(0);
    const idsOf = async (kind: string) => (await rowsIn<Row>(to, kind)).map((row) => row.objectId);
    expect(await idsOf("classes/_Conversation")).toEqual([chat]);
    expect(await idsOf("classes/_User")).toEqual([objectId]);
    expect(
      upstream.requests.filter(({ url }) => /_Conversation|_User|_File|_Installation/.test(url)),
    ).toEqual([]);
  } finally {
    await upstream.close();
  }
});
