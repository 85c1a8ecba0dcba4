import { beforeAll, describe, expect, test } from "vitest";
import { change, look, notices, query, refusal, say, start } from "../support/chat.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { CONVERSATIONS, conversationOf, done } from "./support/rest.ts";
import type { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

/** [B-03] The unique conversation of some people is the one that exactly they are in now. */

beforeAll(() => openWorld());

/** Asks for the unique conversation. Returns whether it existed and who created it. */
async function meet(device: WorkerdDevice, members: string[]) {
  const { convMessage } = await device.ask({
    cmd: "conv",
    op: "start",
    convMessage: { m: members, unique: true },
  });
  const { cid = "", existing = false, uniqueId } = convMessage ?? {};
  return { cid, existing, uniqueId };
}

describe("a unique conversation", () => {
  test("a start after a member was added to a unique conversation creates another one, which that member cannot read", async () => {
    const { tom, jerry, spike, toms, jerrys, spikes } = await onlineClients("tom", "jerry", "spike");
    const first = await meet(toms, [jerry]);
    await change(toms, "add", first.cid, [spike]);
    const second = await meet(toms, [jerry]);
    expect(second).toEqual({
      cid: expect.not.stringMatching(first.cid),
      existing: false,
      uniqueId: first.uniqueId,
    });
    await jerrys.push("conv", "members_joined");
    await say(toms, second.cid, "only for jerry");
    expect((await look(toms, second.cid)).m).toEqual([jerry, tom]);
    expect(refusal(await spikes.ask({ cmd: "logs", logsMessage: { cid: second.cid } }))).toMatch(/^4312/);
    expect((await look(jerrys, second.cid, 2)).msg).toBe("only for jerry");
    expect(await meet(jerrys, [tom])).toEqual({ ...second, existing: true });
    const found = await query(toms, { uniqueId: first.uniqueId });
    expect(found.map(({ objectId }) => objectId)).toEqual([second.cid]);
  });

  test("a start after a member left a unique conversation creates another one, which reaches that member", async () => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry", "spike");
    const first = await meet(toms, [jerry]);
    await change(jerrys, "remove", first.cid, [jerry]);
    const second = await meet(toms, [jerry]);
    expect(second.existing).toBe(false);
    expect(second.cid).not.toBe(first.cid);
    expect(refusal(await say(toms, second.cid, "come back"))).toBe("");
    expect((await jerrys.message("come back")).directMessage?.cid).toBe(second.cid);
    expect(await meet(jerrys, [tom])).toEqual({ ...second, existing: true });
    expect(notices(jerrys, second.cid)).toEqual([
      `joined by ${tom}`,
      `members_joined ${jerry} ${tom} by ${tom}`,
    ]);
  });

  test("starts of a unique conversation at once all return the same one, each time its members changed", async () => {
    const { tom, jerry, spike, toms, jerrys } = await onlineClients("tom", "jerry", "spike");
    const seen = new Set<string>();
    let current = await meet(toms, [jerry]);
    for (let round = 0; round < 4; round++) {
      seen.add(current.cid);
      await change(toms, "add", current.cid, [spike]);
      const asked = await Promise.all(
        [toms, jerrys, toms, jerrys, toms].map((device) => meet(device, [tom, jerry])),
      );
      expect(new Set(asked.map(({ cid }) => cid)).size).toBe(1);
      expect(asked.filter(({ existing }) => !existing)).toHaveLength(1);
      current = asked[0] ?? current;
      expect(seen).not.toContain(current.cid);
      expect((await look(toms, current.cid)).m).toEqual([jerry, tom]);
    }
  });

  test("a start returns the same unique conversation if an added member was removed again before", async () => {
    const { jerry, spike, toms } = await onlineClients("tom", "jerry", "spike");
    const first = await meet(toms, [jerry]);
    await change(toms, "add", first.cid, [spike]);
    await change(toms, "remove", first.cid, [spike]);
    expect(await meet(toms, [jerry])).toEqual({ ...first, existing: true });
  });

  test("a start creates a unique conversation anew after it was deleted, also one that replaced another", async () => {
    const { jerry, spike, tom, toms } = await onlineClients("tom", "jerry", "spike");
    const first = await meet(toms, [jerry]);
    await change(toms, "add", first.cid, [spike]);
    const second = await meet(toms, [jerry]);
    await done("DELETE", `${CONVERSATIONS}/${first.cid}`);
    expect(await meet(toms, [jerry])).toEqual({ ...second, existing: true });
    await done("DELETE", `${CONVERSATIONS}/${second.cid}`);
    const third = await meet(toms, [jerry]);
    expect(third.existing).toBe(false);
    expect((await look(toms, third.cid)).m).toEqual([jerry, tom]);
    expect(await meet(toms, [jerry])).toEqual({ ...third, existing: true });
  });

  test("a unique conversation is the same one over HTTP", async () => {
    const { tom, jerry, spike, toms } = await onlineClients("tom", "jerry", "spike");
    const first = await conversationOf([tom, jerry], { unique: true });
    expect(await meet(toms, [jerry])).toMatchObject({ cid: first, existing: true });
    await done("POST", `${CONVERSATIONS}/${first}/members`, { client_ids: [spike] });
    const second = await conversationOf([tom, jerry], { unique: true });
    expect(second).not.toBe(first);
    expect(await meet(toms, [jerry])).toMatchObject({ cid: second, existing: true });
    expect(await start(toms, [jerry], { unique: false })).not.toBe(second);
  });
});
