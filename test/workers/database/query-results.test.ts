import { beforeAll, describe, expect, test } from "vitest";
import { deleteConversation, saveConversation } from "../../../src/database/conversations/save.ts";
import { Archive } from "../../../src/database/messages/archive.ts";
import { deleteMessages, saveMessages } from "../../../src/database/messages/save.ts";
import type { Json } from "../../../src/model/json.ts";
import { conversation } from "../../support/records.ts";
import { world } from "../support/world.ts";
import { message } from "./database.ts";
import { day, found, openSmallWorld, query, records, refused } from "./small-world.ts";

beforeAll(() => openSmallWorld());

describe("order and pages", () => {
  test("the latest message comes first, conversations without one last, then by id", async () => {
    const where = { objectId: { $exists: true } };
    expect(await found({ where })).toEqual(["a", "b", "c", "d", "room", "system"]);
    expect(await found({ where, sort: "" })).toEqual(["a", "b", "c", "d", "room", "system"]);
    expect(await found({ where, sort: "lm" })).toEqual(["d", "room", "system", "c", "b", "a"]);
  });

  test.each([
    ["-createdAt", ["system", "room", "d", "c", "b", "a"]],
    ["name", ["d", "a", "b", "room", "system", "c"]],
    ["-c,-objectId", ["c", "b", "system", "room", "d", "a"]],
    ["c , -updatedAt", ["system", "room", "d", "a", "b", "c"]],
    ["-attr.due.iso", ["b", "a", "c", "d", "room", "system"]],
    ["-tr,objectId", ["room", "a", "b", "c", "d", "system"]],
    ["-conv_type", ["system", "room", "a", "b", "c", "d"]],
    ["missing", ["a", "b", "c", "d", "room", "system"]],
  ])("a query sorts by %s", async (sort, expected) => {
    expect(await found({ where: { objectId: { $exists: true } }, sort })).toEqual(expected);
  });

  test.each(["-", "lm,", ",", 'attr."x"', "a,b,c,d,e,f,g,h,i", "$x"])(
    "a query with the sort %s is refused",
    async (sort) => {
      expect(await refused({ where: { sys: true }, sort })).toContain("CONVERSATION_QUERY_FAILED 102: ");
    },
  );

  test("a query returns ten rows by default, a hundred if its limit is out of range, and none for a limit of 0", async () => {
    for (let n = 0; n < 120; n++) {
      await saveConversation(
        world.DB,
        conversation(`many-${1000 + n}`, { members: ["mallory"], name: "many" }),
      );
    }
    const where = { name: "many" };
    const count = async (limit: number | undefined, skip?: number) =>
      (await found({ where, limit, skip })).length;
    expect(await count(undefined)).toBe(10);
    expect(await count(7)).toBe(7);
    expect(await count(999)).toBe(120);
    expect(await count(1000)).toBe(120);
    expect(await count(1001)).toBe(100);
    expect(await count(-1)).toBe(100);
    expect(await count(0)).toBe(0);
    expect(await count(999, 115)).toBe(5);
    expect(await count(999, -5)).toBe(120);
    expect(await count(999, 1e12)).toBe(0);
    expect(await found({ where, limit: 2, skip: 3 })).toEqual(["many-1003", "many-1004"]);
    await world.DB.prepare("DELETE FROM conversations WHERE name = 'many'").run();
    await world.DB.prepare("DELETE FROM members WHERE client_id = 'mallory'").run();
  });
});

describe("without conditions", () => {
  test.each<[Json | undefined]>([[undefined], [null], [{}]])(
    "the where %j finds the normal conversations of the client",
    async (where) => {
      expect(await found({ where })).toEqual(["a", "b", "d"]);
      expect(await found({ where, clientId: "carol" })).toEqual(["b", "c"]);
      expect(await found({ where, clientId: "nobody" })).toEqual([]);
    },
  );

  test("a query without conditions leaves out chat rooms and system conversations of the client", async () => {
    await saveConversation(world.DB, conversation("room-of-dave", { kind: "room", members: ["dave"] }));
    expect(await found({ clientId: "dave" })).toEqual([]);
    expect(await found({ clientId: "dave", where: { m: "dave" } })).toEqual(["room-of-dave"]);
    await world.DB.prepare("DELETE FROM conversations WHERE id = 'room-of-dave'").run();
  });
});

describe("answers", () => {
  test("a query returns the whole record", async () => {
    expect(await query({ where: { objectId: "a" } })).toEqual([
      { conversation: records[0], lastMessage: undefined },
    ]);
  });

  test("a query returns the newest message of each conversation if requested", async () => {
    const last = message(day + 400, { content: new Uint8Array([1, 2]), from: "bob", patchedAt: day + 600 });
    await saveMessages(Archive.of(world.DB), "a", [message(10), message(20), last]);
    await saveMessages(Archive.of(world.DB), "b", [message(day + 300)]);
    const answer = await query({ withLastMessage: true });
    if ("refused" in answer) throw new Error(answer.detail);
    expect(answer.map((each) => [each.conversation.id, each.lastMessage])).toEqual([
      ["a", last],
      ["b", message(day + 300)],
      ["d", undefined],
    ]);
  });

  test.each([
    ["was deleted", [message(8), message(9, { content: "", patchedAt: 10, deleted: true })]],
    ["is for some only", [message(8), message(9, { recipients: ["bob"] })]],
    ["has not come to D1 yet", [message(8)]],
  ])("a query returns no last message if the newest %s", async (_, messages) => {
    await saveConversation(world.DB, conversation("lately", { members: ["eve"], updatedAt: 1 }));
    await saveMessages(Archive.of(world.DB), "lately", messages);
    await saveConversation(
      world.DB,
      conversation("lately", { members: ["eve"], lastMessageAt: 9, updatedAt: 2 }),
    );
    const answer = await query({ clientId: "eve", withLastMessage: true });
    if ("refused" in answer) throw new Error(answer.detail);
    expect(answer.map(({ lastMessage }) => lastMessage)).toEqual([undefined]);
    await deleteMessages(Archive.of(world.DB), "lately", [message(8), message(9)]);
    await deleteConversation(world.DB, "lately");
  });
});
