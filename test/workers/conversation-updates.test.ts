import { beforeAll, describe, expect, test } from "vitest";
import { OpType } from "../../src/protocol/generated/message_pb.js";
import { look, notices, refusal, settle, update } from "../support/chat.ts";
import { attr, updated } from "./support/attributes.ts";
import { trioChat } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

describe("updating", () => {
  test("[B-18] an update is sent to all sessions of all members except the one that made it", async () => {
    const { tom, toms, jerrys, marys, chat } = await trioChat();
    const tablet = await WorkerdDevice.of(tom);
    const reply = await update(toms, chat, { name: "Cheese" });
    await settle(chat, toms, jerrys, tablet);
    await settle(chat, jerrys, toms);
    expect(notices(jerrys, chat).slice(2)).toEqual([`updated by ${tom}`]);
    expect(notices(tablet, chat)).toEqual([`updated by ${tom}`]);
    expect(notices(toms, chat)).toHaveLength(2);
    expect(notices(marys, chat)).toEqual([]);
    const push = await jerrys.push("conv", "updated");
    expect(push.convMessage?.udate).toBe(reply.convMessage?.udate);
    expect(updated(push)).toEqual(updated(reply));
  });

  const before = { name: "Cheese", topic: "food", attr: { a: 1, deep: { x: 1, y: 2 }, list: ["p", "q"] } };
  const { attr: attributes } = before;

  test.each<[string, object, object, object]>([
    ["a name", { name: "Holes" }, { name: "Holes" }, { name: "Holes" }],
    ["attr whole", { attr: { z: 1 } }, { attr: { z: 1 } }, { attr: { z: 1 } }],
    ["a path", { "attr.a": 2 }, { "attr.a": 2 }, { attr: { ...attributes, a: 2 } }],
    [
      "a deep path",
      { "attr.deep.x": [1] },
      { "attr.deep.x": [1] },
      { attr: { ...attributes, deep: { x: [1], y: 2 } } },
    ],
    [
      "a path that was not there",
      { "attr.new.deeper.still": 1 },
      { "attr.new.deeper.still": 1 },
      { attr: { ...attributes, new: { deeper: { still: 1 } } } },
    ],
    ["a column on top", { topic: "drink" }, { topic: "drink" }, { topic: "drink" }],
    ["a new column on top", { year: 2024 }, { year: 2024 }, { year: 2024 }],
    [
      "several at once",
      { name: "Holes", "attr.a": 2, "attr.b": 3 },
      { name: "Holes", "attr.a": 2, "attr.b": 3 },
      { name: "Holes", attr: { ...attributes, a: 2, b: 3 } },
    ],
    [
      "Delete in attr",
      { "attr.a": { __op: "Delete" } },
      { "attr.a": null },
      { attr: { deep: attributes.deep, list: attributes.list } },
    ],
    ["Delete of a name", { name: { __op: "Delete" } }, { name: null }, {}],
    ["Delete of a column on top", { topic: { __op: "Delete" } }, { topic: null }, {}],
    ["Delete of nothing", { "attr.none": { __op: "Delete" } }, { "attr.none": null }, { attr: attributes }],
    [
      "Increment",
      { "attr.a": { __op: "Increment", amount: 41 } },
      { "attr.a": 42 },
      { attr: { ...attributes, a: 42 } },
    ],
    [
      "Increment from nothing",
      { "attr.n": { __op: "Increment", amount: -1 } },
      { "attr.n": -1 },
      { attr: { ...attributes, n: -1 } },
    ],
    [
      "Add",
      { "attr.list": { __op: "Add", objects: ["q", "r"] } },
      { "attr.list": ["p", "q", "q", "r"] },
      { attr: { ...attributes, list: ["p", "q", "q", "r"] } },
    ],
    [
      "AddUnique",
      { "attr.list": { __op: "AddUnique", objects: ["q", "r"] } },
      { "attr.list": ["p", "q", "r"] },
      { attr: { ...attributes, list: ["p", "q", "r"] } },
    ],
    [
      "Remove",
      { "attr.list": { __op: "Remove", objects: ["q"] } },
      { "attr.list": ["p"] },
      { attr: { ...attributes, list: ["p"] } },
    ],
  ])("[wire §4.5.4] an update applies an operation: %s", async (_, changes, changed, resulting) => {
    const { toms, jerrys, chat } = await trioChat(["tom", "jerry"], { attr: attr(before) });
    const reply = await update(toms, chat, changes);
    const push = await jerrys.push("conv", "updated");
    expect(updated(reply)).toEqual({ changed, resulting });
    expect(updated(push)).toEqual({ changed, resulting });
    const after = { ...before, ...resulting };
    const found = await look(toms, chat);
    for (const [path, value] of Object.entries(changed)) {
      if (value === null && !path.includes(".")) expect(found).not.toHaveProperty(path);
      else expect(found).toMatchObject(value === null ? { attr: after.attr } : resulting);
    }
    expect(found.attr).toEqual(after.attr);
  });

  test.each<[string, object]>([
    ["an unknown operation", { "attr.a": { __op: "Explode" } }],
    ["Increment of a text", { "attr.text": { __op: "Increment", amount: 1 } }],
    ["Add to a number", { "attr.a": { __op: "Add", objects: [1] } }],
    ["a path through a number", { "attr.a.b": 1 }],
    ["a path that ends nowhere", { "attr.": 1 }],
    ["a name that is no text", { name: { a: 1 } }],
    ["attr that is no object", { attr: "x" }],
    ["a prototype", { "attr.__proto__.polluted": true }],
    ["a name too long", { name: "x".repeat(1_025) }],
    ["attributes too large", { "attr.long": "x".repeat(70_000) }],
  ])(
    "[wire §4.5.4] an update with %s is refused with 4306 and changes nothing, nor do its other changes",
    async (_, changes) => {
      const { toms, jerrys, chat } = await trioChat(["tom", "jerry"], {
        attr: attr({ attr: { a: 1, text: "x" } }),
      });
      const known = await look(toms, chat);
      expect(refusal(await update(toms, chat, { topic: "food", ...changes }))).toBe(
        "4306 CONVERSATION_UPDATE_FAILED",
      );
      expect(await look(toms, chat)).toEqual(known);
      await settle(chat, toms, jerrys);
      expect(notices(jerrys, chat)).toHaveLength(2);
    },
  );

  test("[B-17] an update by a stranger is refused with 4309", async () => {
    const { marys, toms, chat } = await trioChat();
    expect(refusal(await update(marys, chat, { name: "Mine" }))).toBe("4309 CONVERSATION_UPDATE_REJECTED");
    expect(await look(toms, chat)).not.toHaveProperty("name");
  });

  test("[I2] concurrent updates from many devices all count, and every device receives them in one order", async () => {
    const { tom, toms, jerrys, chat } = await trioChat();
    const devices = [toms, jerrys, await WorkerdDevice.of(tom), await WorkerdDevice.of(tom)];
    const increment = { "attr.n": { __op: "Increment", amount: 1 } };
    const replies = await Promise.all(
      devices.flatMap((device) => Array.from({ length: 5 }, () => update(device, chat, increment))),
    );
    expect((await look(toms, chat)).attr).toEqual({ n: 20 });
    expect(new Set(replies.map(({ convMessage }) => convMessage?.udate)).size).toBe(20);
    await settle(chat, toms, jerrys);
    const seen = jerrys.received
      .filter((frame) => frame.op === OpType.updated)
      .map((frame) => frame.convMessage?.udate);
    expect(seen).toEqual(seen.toSorted());
    expect(seen).toHaveLength(20);
  });
});
