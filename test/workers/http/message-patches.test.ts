import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { loggedIn, pushesOf } from "../support/commands.ts";
import { archivedAs } from "../support/d1.ts";
import { serverChat } from "../support/pair-chat.ts";
import {
  done,
  type Logged,
  messagesOf,
  outcome,
  pathOf,
  rest,
  type Sent,
  saidBy,
  textsIn,
} from "../support/rest.ts";
import type { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, openWorld, world } from "../support/world.ts";
import { serverChatWithMessages } from "./server-messages.ts";

beforeAll(() => openWorld());

const RECALLED = '{"_lctype":-127}';

describe("[A-02] [M-11] [M-20] editing and recalling, whatever the settings allow clients", () => {
  const textsOf = (device: WorkerdDevice) =>
    pushesOf(device, "patch").flatMap(({ patchMessage }) =>
      (patchMessage?.patches ?? []).map(({ data, mid }) => [mid, new TextDecoder().decode(data)]),
    );

  test.each(["subscribed", "not subscribed"] as const)(
    "[A-02] [M-16] edits and recalls reach all devices that are %s, the sender's too",
    async (how) => {
      await configure({ messages: { allowEdit: false, allowRecall: false } });
      const { tom, id, toms, jerrys, messages } = await serverChatWithMessages(how);
      const [one, two] = messages;
      const by = ({ timestamp }: Sent) => ({ from_client: tom, timestamp });
      expect(await done("PUT", pathOf(id, one), { ...by(one), message: "Hello" })).toEqual({});
      for (const device of [toms, jerrys]) {
        await device.push("patch");
        expect(textsOf(device)).toEqual([[one["msg-id"], "Hello"]]);
      }
      expect(await done("PUT", `${pathOf(id, two)}/recall`, by(two))).toEqual({});
      for (const device of [toms, jerrys]) {
        await device.push("patch");
        expect(textsOf(device).at(-1)).toEqual([two["msg-id"], RECALLED]);
      }
      expect(await textsIn(id)).toEqual(["Hello", RECALLED]);
      await archivedAs(id, ["Hello", RECALLED]);
    },
  );

  test("[A-02] [M-19] edits and recalls reach devices that were offline at their login", async () => {
    const { tom, jerry, id, jerrys } = await serverChat();
    const [first, second] = [await saidBy(tom, id, "Helo"), await saidBy(tom, id, "Oops")];
    await jerrys.message("Oops");
    jerrys.close();
    await done("PUT", pathOf(id, first), { from_client: tom, timestamp: first.timestamp, message: "Hello" });
    await done("PUT", `${pathOf(id, second)}/recall`, { from_client: tom, timestamp: second.timestamp });
    const back = await loggedIn(jerry, { lastPatchTime: second.timestamp });
    await back.until("both patches", () => (textsOf(back).length === 2 ? true : undefined));
    expect(textsOf(back)).toEqual([
      [first["msg-id"], "Hello"],
      [second["msg-id"], RECALLED],
    ]);
  });

  test("[A-02] [M-01] an edit keeps the mentions", async () => {
    const { tom, jerry, id, jerrys } = await serverChat();
    const message = await saidBy(tom, id, "Jery", { mention_client_ids: [jerry] });
    const by = { from_client: tom, timestamp: message.timestamp };
    await done("PUT", pathOf(id, message), { ...by, message: "Jerry" });
    const [patch] = (await jerrys.push("patch")).patchMessage?.patches ?? [];
    expect(patch?.mentionPids).toEqual([jerry]);
  });

  test("[A-02] [M-21] a recalled message may be recalled again, and an edit of it is answered with 404", async () => {
    const { tom, id } = await serverChat();
    const message = await saidBy(tom, id, "Oops");
    const by = { from_client: tom, timestamp: message.timestamp };
    await done("PUT", `${pathOf(id, message)}/recall`, by);
    await done("PUT", `${pathOf(id, message)}/recall`, by);
    expect(await outcome(rest("PUT", pathOf(id, message), { ...by, message: "x" }))).toBe("404 4404");
    expect(await textsIn(id)).toEqual([RECALLED]);
  });

  test("[http-api §1.1] a message id with a plus is accepted in every encoding", async () => {
    const { tom, id } = await serverChat();
    const path = messagesOf(id);
    const { timestamp } = await saidBy(tom, id, "hello");
    await runInDurableObject(world.CONVERSATIONS.getByName(id), (_, { storage }) => {
      storage.sql.exec("UPDATE messages SET id = 'a+b_c'");
    });
    const written = ["a+b_c", "a%2Bb_c", "a%20b_c"];
    for (const messageId of written) {
      const text = `by ${messageId}`;
      await done("PUT", `${path}/${messageId}`, { from_client: tom, timestamp, message: text });
      expect(await textsIn(id)).toEqual([text]);
    }
    for (const messageId of written) {
      await done("PUT", `${path}/${messageId}/recall`, { from_client: tom, timestamp });
      const after = `${path}?timestamp=${timestamp}&msgid=${messageId}&include_start=true`;
      expect(await done<Logged[]>("GET", after)).toMatchObject([{ "msg-id": "a+b_c" }]);
    }
    await done("DELETE", `${path}/a+b_c?from_client=${tom}&timestamp=${timestamp}`);
    expect(await textsIn(id)).toEqual([]);
  });
});
