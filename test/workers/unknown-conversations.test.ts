import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { KnownConversations } from "../../src/conversation/creation/known-conversations.ts";
import { newConversationId } from "../../src/conversation/messages/ids.ts";
import { named, query, refusal, start } from "../support/chat.ts";
import { breakTable, repair } from "./support/d1.ts";
import { inboxOf, objects } from "./support/objects.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { rest } from "./support/rest.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

/** No object for a conversation that does not exist (I13). */

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await repair();
});

const conversations = () => Array.from({ length: 5 }, () => newConversationId(Date.now()));

describe("a question about conversations that do not exist wakes no object", () => {
  const asking: [string, (toms: WorkerdDevice, ids: string[]) => Promise<unknown>][] = [
    ["a query by id", (toms, [objectId = ""]) => query(toms, { objectId })],
    ["a query by ids", (toms, ids) => query(toms, { objectId: { $in: ids } })],
    ["is_member", (toms, cids) => toms.ask({ cmd: "conv", op: "is_member", convMessage: { cids } })],
    ["a temporary one", (toms, [cid]) => query(toms, {}, { tempConvIds: [`_tmp:${cid}`] })],
    ["a message", (toms, [cid = ""]) => toms.ask({ cmd: "direct", directMessage: { cid, msg: "hi" } })],
    ["history", (toms, [cid = ""]) => toms.ask({ cmd: "logs", logsMessage: { cid, l: 10 } })],
    ["joining", (toms, [cid = ""]) => toms.ask({ cmd: "conv", op: "add", convMessage: { cid, m: ["x"] } })],
    ["members", (toms, [cid = ""]) => toms.ask({ cmd: "conv", op: "count", convMessage: { cid } })],
    [
      "a read cursor",
      (toms, ids) => toms.ask({ cmd: "read", readMessage: { convs: ids.map((cid) => ({ cid })) } }),
    ],
    [
      "a will",
      (toms, [cid = ""]) => toms.ask({ cmd: "direct", directMessage: { cid, msg: "bye", will: true } }),
    ],
  ];
  test.each(asking)(
    "a question about conversations that do not exist wakes no object: %s",
    async (_, ask) => {
      const { tom, toms } = await onlineClients("tom");
      const before = await objects();
      await ask(toms, conversations());
      expect(await objects()).toEqual(before);
      expect(await inboxOf(tom)).toEqual([]);
    },
  );

  const paths: [string, string, object?][] = [
    ["GET", "/1.2/rtm/conversations/ID/members"],
    ["GET", "/1.2/rtm/conversations/ID/mutes"],
    ["GET", "/1.2/rtm/conversations/ID/messages"],
    ["POST", "/1.2/rtm/conversations/ID/members", { client_ids: ["x"] }],
    ["DELETE", "/1.2/rtm/conversations/ID/members", { client_ids: ["x"] }],
    ["PUT", "/1.2/rtm/conversations/ID", { name: "x" }],
    ["DELETE", "/1.2/rtm/conversations/ID"],
    ["POST", "/1.2/rtm/conversations/ID/messages", { from_client: "x", message: "x" }],
    ["GET", "/1.1/classes/_Conversation/ID"],
    ["PUT", "/1.1/classes/_Conversation/ID", { name: "x" }],
    ["DELETE", "/1.1/classes/_Conversation/ID"],
    ["GET", "/1.1/rtm/messages/unread/nobody/ID"],
    ["GET", "/1.2/rtm/clients/nobody/unread-count?conv_id=ID"],
  ];
  test.each(paths)(
    "%s %s about a conversation that does not exist wakes no object",
    async (method, path, body) => {
      const before = await objects();
      const [id = ""] = conversations();
      expect((await rest(method, path.replace("ID", id), body)).status).toBe(404);
      expect(await objects()).toEqual(before);
    },
  );
});

describe("a conversation that exists is found", () => {
  test("a new conversation is found at once by a client that was notified of it", async () => {
    const [jerry] = named("jerry");
    const { toms } = await onlineClients("tom");
    const cid = await start(toms, [jerry]);
    const jerrys = await WorkerdDevice.of(jerry);
    expect(await query(jerrys, { objectId: cid })).toMatchObject([{ objectId: cid }]);
  });

  test("a conversation is found while D1 does not answer, and after D1 was down at its creation", async () => {
    const { jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    // Other isolates have not met it.
    vi.spyOn(KnownConversations.prototype, "add").mockImplementation(() => {});
    await breakTable("conversations");
    const cid = await start(toms, [jerry]);
    const ids = async () => (await query(jerrys, { objectId: cid })).map(({ objectId }) => objectId);
    expect(await ids()).toEqual([cid]);
    await repair();
    // An index that failed is left alone for a second.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await ids()).toEqual([cid]);
    expect(refusal(await jerrys.ask({ cmd: "direct", directMessage: { cid, msg: "hi" } }))).toBe("");
  });
});
