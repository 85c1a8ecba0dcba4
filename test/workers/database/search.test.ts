import { beforeAll, expect, test } from "vitest";
import { OWNERS_SLICE } from "../../../src/bounds.ts";
import { saveConversation } from "../../../src/database/conversations/save.ts";
import {
  type ConversationSearch,
  type SearchPlace,
  searchConversations,
} from "../../../src/database/conversations/search.ts";
import { database, world } from "../support/world.ts";
import { records } from "./small-world.ts";

/** An owner's search for conversations, over the small world (G-03). */

beforeAll(async () => {
  await database();
  for (const record of records) await saveConversation(world.DB, record);
});

async function found(search: Partial<ConversationSearch>): Promise<string[]> {
  const page = await searchConversations(world.DB, { limit: 100, ...search }, OWNERS_SLICE);
  if ("refused" in page) throw new Error(page.detail);
  return page.map(({ id }) => id);
}

const active = ({ createdAt, lastMessageAt = 0 }: { createdAt: number; lastMessageAt: number | undefined }) =>
  Math.max(createdAt, lastMessageAt);

test("[G-03] all kinds come in one list, the newest activity first", async () => {
  const expected = records.toSorted((a, b) => active(b) - active(a) || (a.id < b.id ? -1 : 1));
  expect(await found({})).toEqual(expected.map(({ id }) => id));
});

test("[G-03] pages of two together are the whole list, each conversation once", async () => {
  const seen: string[] = [];
  let after: SearchPlace | undefined;
  for (;;) {
    const page = await searchConversations(world.DB, { limit: 2, after }, OWNERS_SLICE);
    if ("refused" in page) throw new Error(page.detail);
    if (page.length === 0) break;
    seen.push(...page.map(({ id }) => id));
    after = page.at(-1);
  }
  expect(seen).toEqual(await found({}));
});

test("[G-03] a conversation is found by its id and its beginning", async () => {
  expect(await found({ idPrefix: "a" })).toEqual(["a"]);
  expect(await found({ idPrefix: "aa" })).toEqual([]);
});

test("[G-03] a conversation is found by its name, and by a part of it in either case", async () => {
  expect(await found({ name: "Alpha" })).toEqual(["a"]);
  expect(await found({ name: "alpha" })).toEqual([]);
  expect(await found({ nameContains: "LPH" })).toEqual(["a"]);
  expect(await found({ nameContains: "群聊" })).toEqual(["c"]);
  expect(await found({ nameContains: "%" })).toEqual([]);
});

test("[G-03] a conversation is found by member, creator, kind and condition together", async () => {
  expect(await found({ member: "o'hara" })).toEqual(["c"]);
  expect(await found({ creator: "bob" })).toEqual(["b"]);
  expect(await found({ member: "alice", creator: "alice", where: { "attr.level": 1 } })).toEqual(["a"]);
  for (const kind of ["room", "system", "normal"] as const) {
    const those = records.filter((record) => record.kind === kind).map(({ id }) => id);
    expect((await found({ kind })).toSorted()).toEqual(those.toSorted());
  }
});

test("[G-03] a summary counts the members and shows some of them", async () => {
  const [alpha] = await searchConversations(world.DB, { idPrefix: "b", limit: 1 }, OWNERS_SLICE).then(
    (page) => ("refused" in page ? [] : page),
  );
  expect(alpha).toMatchObject({ members: 3, someMembers: ["alice", "bob", "carol"], creator: "bob" });
});

test("[G-03] a condition that is not understood is refused", async () => {
  const page = await searchConversations(world.DB, { where: { name: { $what: 1 } }, limit: 1 }, OWNERS_SLICE);
  expect(page).toHaveProperty("refused");
});
