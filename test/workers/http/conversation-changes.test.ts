import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { look, notices, refusal, say, settle } from "../../support/chat.ts";
import { caughtUp, loggedIn, notifications } from "../support/commands.ts";
import { archivedAs, breakTable, repair } from "../support/d1.ts";
import { cheeseChat } from "../support/pair-chat.ts";
import { done, outcome, CONVERSATIONS as PATH, rest } from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, openWorld } from "../support/world.ts";
import { find, type Row } from "./conversation-calls.ts";

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await repair();
});

describe("[A-01] changing", () => {
  const updated = (id: string) => ({ objectId: id, updatedAt: expect.stringMatching(/^\d{4}-.*Z$/) });

  test("[A-01] [B-06] [B-07] adding members notifies them and the members there are", async () => {
    const { tom, jerry, spike, id, toms } = await cheeseChat();
    const path = `${PATH}/${id}`;
    const spikes = await WorkerdDevice.of(spike);
    const body = { client_ids: [spike, tom] };
    expect(await done("POST", `${path}/members`, body)).toEqual(updated(id));
    await spikes.push("conv", "members_joined");
    await toms.push("conv", "members_joined");
    expect(notices(spikes, id)).toEqual(["joined by ", `members_joined ${spike} by `]);
    expect(notices(toms, id)).toEqual([`members_joined ${spike} by `]);
    expect(await done("GET", `${path}/members`)).toEqual({ result: [jerry, tom, spike] });
    expect(refusal(await say(spikes, id, "woof"))).toBe("");
    expect((await find({ m: spike })).map(({ objectId }) => objectId)).toEqual([id]);
  });

  test("[A-01] adding a client that is a member changes nothing and notifies nobody", async () => {
    const { jerry, id, toms } = await cheeseChat();
    const path = `${PATH}/${id}`;
    const before = await look(toms, id);
    const { updatedAt } = await done<Row>("POST", `${path}/members`, { client_ids: [jerry] });
    expect(updatedAt).toBe(before.updatedAt);
    await settle(id, toms);
    expect(notices(toms, id)).toEqual([]);
  });

  test("[A-01] [B-06] [B-07] removing a member notifies all and ends the member's sends", async () => {
    const { tom, jerry, id, toms } = await cheeseChat();
    const path = `${PATH}/${id}`;
    const jerrys = await WorkerdDevice.of(jerry);
    await caughtUp(id, jerrys);
    expect(await done("DELETE", `${path}/members`, { client_ids: [jerry] })).toEqual(updated(id));
    await jerrys.push("conv", "left");
    await toms.push("conv", "members_left");
    expect(notices(jerrys, id)).toEqual(["left by "]);
    expect(notices(toms, id)).toEqual([`members_left ${jerry} by `]);
    expect(refusal(await say(jerrys, id, "hello?"))).toBe("4401 INVALID_MESSAGING_TARGET");
    expect(await done("GET", `${path}/members`)).toEqual({ result: [tom] });
    expect(await find({ m: jerry })).toEqual([]);
  });

  test("[A-01] [B-08] a member that is offline receives the changes at the next login", async () => {
    const { spike, id } = await cheeseChat();
    const path = `${PATH}/${id}`;
    await done("POST", `${path}/members`, { client_ids: [spike] });
    await done("PUT", path, { name: "Bones" });
    const { token } = await loggedIn(spike);
    const { body } = await notifications(spike, token, { notification_type: "permanent" });
    expect(body).toMatchObject({
      notifications: [
        { op: "joined", cid: id, initBy: "" },
        { op: "members_joined", cid: id, m: [spike], initBy: "" },
        { op: "updated", cid: id, initBy: "", attr: { data: '{"name":"Bones"}' } },
      ],
    });
  });

  test("[A-01] [B-17] [B-18] columns are set, incremented and removed, and the devices of all members are notified", async () => {
    const { id, toms } = await cheeseChat();
    const path = `${PATH}/${id}`;
    const changes = { name: "More", "attr.holes": { __op: "Increment", amount: 2 }, kind: "blue" };
    expect(await done("PUT", path, changes)).toEqual(updated(id));
    const { convMessage } = await toms.push("conv", "updated");
    expect([convMessage?.cid, convMessage?.initBy]).toEqual([id, ""]);
    expect(JSON.parse(convMessage?.attrModified?.data ?? "")).toMatchObject({ name: "More" });
    expect(await look(toms, id)).toMatchObject({ name: "More", attr: { holes: 5 }, kind: "blue" });
    await done("PUT", path, { kind: { __op: "Delete" } });
    const [row] = await find({ objectId: id });
    expect(row).toMatchObject({ name: "More", attr: { holes: 5 } });
    expect(row).not.toHaveProperty("kind");
  });

  test.each([null, { __op: "Delete" }])("[A-01] name and attributes are removed by %j", async (nothing) => {
    const { id } = await cheeseChat();
    const path = `${PATH}/${id}`;
    await done("PUT", path, { name: "More", kind: "blue" });
    await done("PUT", path, { name: nothing, attr: nothing, kind: nothing });
    const [row] = await find({ objectId: id });
    expect(row).toMatchObject({ attr: {} });
    for (const column of ["name", "kind"]) expect(row?.[column] ?? undefined).toBeUndefined();
  });

  test.each([
    "objectId",
    "c",
    "createdAt",
    "muted",
    "msg",
    "ttl",
    "joined",
    "bin",
    "lm",
    "lm.iso",
    "mu",
    "unique",
  ])("[A-01] the column %s belongs to the server and is refused by name", async (column) => {
    const { id } = await cheeseChat();
    const path = `${PATH}/${id}`;
    const before = await find({ objectId: id });
    const response = await rest("PUT", path, { name: "More", [column]: "x" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 105, error: expect.stringMatching(`^${column}: `) });
    expect(await find({ objectId: id })).toEqual(before);
  });

  test("[A-01] [M-46] mutes are shown to devices, in queries and in the list", async () => {
    const { tom, jerry, spike, id, toms } = await cheeseChat();
    const path = `${PATH}/${id}`;
    expect(await done("POST", `${path}/mutes`, { client_ids: [jerry, spike] })).toEqual(updated(id));
    expect(await done("GET", `${path}/mutes`)).toEqual({ result: [jerry] });
    expect(await look(toms, id)).toMatchObject({ mu: [jerry] });
    expect(await find({ mu: jerry })).toMatchObject([{ objectId: id }]);
    await done("POST", `${path}/mutes`, { client_ids: [tom] });
    expect(await done("DELETE", `${path}/mutes`, { client_ids: [jerry] })).toEqual(updated(id));
    expect(await done("GET", `${path}/mutes`)).toEqual({ result: [tom] });
  });

  test("[A-01] [L-06] adding too many members is refused, and nobody is added", async () => {
    const { tom, jerry, spike, id } = await cheeseChat();
    const path = `${PATH}/${id}`;
    await configure({ limits: { members: 2 } });
    expect(await outcome(rest("POST", `${path}/members`, { client_ids: [spike] }))).toBe("409 4304");
    await configure({ limits: { members: null } });
    expect(await done("GET", `${path}/members`)).toEqual({ result: [jerry, tom] });
  });

  test.each([
    ["PUT", "", { m: ["Tom"] }, "400 105"],
    ["PUT", "", { name: "x".repeat(1_025) }, "400 4306"],
    ["PUT", "", { name: 7 }, "400 4306"],
    ["PUT", "", { attr: [] }, "400 4306"],
    ["PUT", "", { "attr.holes": { __op: "Explode" } }, "400 4306"],
    ["POST", "/members", {}, "400 105"],
    ["POST", "/members", { client_ids: [] }, "400 105"],
    ["DELETE", "/members", { client_ids: "Tom" }, "400 105"],
    ["POST", "/mutes", { client_ids: [""] }, "400 105"],
    ["POST", "/mutes", { client_ids: Array.from({ length: 501 }, (_, at) => `c${at}`) }, "400 105"],
  ])("[A-01] %s …%s refuses %j with %s and changes nothing", async (method, sub, body, expected) => {
    const { id } = await cheeseChat();
    const path = `${PATH}/${id}`;
    const before = await find({ objectId: id });
    expect(await outcome(rest(method, path + sub, body))).toBe(expected);
    expect(await find({ objectId: id })).toEqual(before);
  });

  test.each([
    ["PUT", "", { name: "x" }],
    ["DELETE", "", undefined],
    ["POST", "/members", { client_ids: ["Tom"] }],
    ["DELETE", "/members", { client_ids: ["Tom"] }],
    ["GET", "/members", undefined],
    ["POST", "/mutes", { client_ids: ["Tom"] }],
    ["DELETE", "/mutes", { client_ids: ["Tom"] }],
    ["GET", "/mutes", undefined],
    ["GET", "/messages", undefined],
    ["POST", "/messages", { from_client: "Tom", message: "x" }],
  ])("[A-01] %s …%s of an unknown conversation is answered with 404 and 4303", async (method, sub, body) => {
    expect(await outcome(rest(method, `${PATH}/65537a0e0000000000000009${sub}`, body))).toBe("404 4303");
    expect(await find({ objectId: "65537a0e0000000000000009" })).toEqual([]);
  });

  test("[A-01] [I11] a change while D1 fails is made, notifies members and reaches queries later", async () => {
    const { jerry, id, toms } = await cheeseChat();
    const path = `${PATH}/${id}`;
    vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.spyOn(console, "error").mockImplementation(() => {});
    await breakTable("conversations");
    expect(await done("DELETE", `${path}/members`, { client_ids: [jerry] })).toEqual(updated(id));
    await toms.push("conv", "members_left");
    expect(await outcome(rest("GET", PATH))).toBe("503 503");
    expect(await outcome(rest("GET", "/1.2/rtm/all-conversations"))).toBe("503 503");
    await repair();
    await archivedAs(id, []);
    expect(await find({ m: jerry })).toEqual([]);
    expect(await find({ objectId: id })).toHaveLength(1);
  });
});
