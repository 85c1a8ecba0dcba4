import { describe, expect, test } from "vitest";
import { change, named, notices, refusal, settle, start, update } from "../../support/chat.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { called, hooks, settledChat, useHookEngine } from "./hook-engine.ts";

useHookEngine();

describe("[H-05] [H-06] [H-07] [H-08] hooks before changes of a conversation", () => {
  test("[H-05] a start is refused with the app's own code and text", async () => {
    const [jerry] = named("jerry");
    const { tom, toms } = await onlineClients("tom");
    hooks._conversationStart = ({ members }) =>
      Array.isArray(members) && members.includes(jerry)
        ? { reject: true, code: 5, detail: "not with him" }
        : {};
    const attr = { data: JSON.stringify({ name: "cheese" }) };
    const refused = await toms.ask({ cmd: "conv", op: "start", convMessage: { m: [tom, jerry], attr } });
    expect(refused.errorMessage).toMatchObject({ code: 4305, appCode: 5, appMsg: "not with him" });
    expect(called("_conversationStart")).toMatchObject([
      { initBy: tom, members: [tom, jerry].toSorted(), attr: { name: "cheese" } },
    ]);
  });

  test("[H-05] a start of a unique conversation that exists does not call the hook again", async () => {
    const { tom, jerry, toms } = await settledChat();
    const made = await start(toms, [tom, jerry], { unique: true });
    expect(await start(toms, [tom, jerry], { unique: true })).toBe(made);
    expect(called("_conversationStart")).toHaveLength(1);
  });

  test("[H-06] [H-07] adding and removing members call hooks, and leaving does not", async () => {
    const { tom, jerry, toms, jerrys, cid } = await settledChat();
    const [spike] = named("spike");
    hooks._conversationAdd = () => ({ reject: true, code: 1 });
    hooks._conversationRemove = () => ({ reject: true, code: 2 });
    expect((await change(toms, "add", cid, [spike])).errorMessage).toMatchObject({ code: 4305, appCode: 1 });
    expect((await change(toms, "remove", cid, [jerry])).errorMessage).toMatchObject({
      code: 4305,
      appCode: 2,
    });
    expect(refusal(await change(jerrys, "remove", cid, [jerry]))).toBe("");
    expect(called("_conversationAdd")).toMatchObject([{ initBy: tom, convId: cid, members: [spike] }]);
    expect(called("_conversationRemove")).toMatchObject([{ initBy: tom, convId: cid, members: [jerry] }]);
    await settle(cid, toms);
    expect(notices(toms, cid).filter((notice) => notice.startsWith("members_left"))).toHaveLength(1);
  });

  test("[H-08] an update of attributes is refused, or made with the hook's attributes", async () => {
    const { toms, cid } = await settledChat();
    hooks._conversationUpdate = () => ({ reject: true, code: 6, detail: "no" });
    expect((await update(toms, cid, { name: "mice" })).errorMessage).toMatchObject({
      code: 4305,
      appCode: 6,
    });
    hooks._conversationUpdate = () => ({ attr: { name: "cats" } });
    const changed = await update(toms, cid, { name: "mice" });
    expect(JSON.parse(changed.convMessage?.attr?.data ?? "")).toEqual({ name: "cats" });
  });
});
