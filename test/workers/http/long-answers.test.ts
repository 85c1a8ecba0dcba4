import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { saveConversation } from "../../../src/database/conversations/save.ts";
import { conversation } from "../../support/records.ts";
import { done } from "../support/rest.ts";
import { openWorld } from "../support/world.ts";

/** Answers that are made in pieces, with a turn for everybody else between (I13). */

beforeAll(() => openWorld());

interface Rows {
  results: { objectId: string; attr: { text: string } }[];
  count?: number;
}

test("[B-19] a thousand rows of any size are returned, alone and in a batch", async () => {
  const text = "é".repeat(3_000);
  const ids = Array.from({ length: 150 }, (_, at) => `long-${String(at).padStart(4, "0")}`);
  for (const id of ids)
    await saveConversation(env.DB, conversation(id, { name: "long", attributes: { text } }));
  const query = { where: JSON.stringify({ name: "long" }), order: "objectId", limit: "1000", count: "1" };
  const path = "/1.1/classes/_Conversation";
  const alone = await done<Rows>("GET", `${path}?${new URLSearchParams(query)}`);
  expect(alone.count).toBe(150);
  expect(alone.results.map(({ objectId }) => objectId)).toEqual(ids);
  expect(alone.results.every(({ attr }) => attr.text === text)).toBe(true);
  const part = { method: "GET", path, params: query };
  const answers = await done<{ success: Rows }[]>("POST", "/1.1/batch", { requests: [part, part] });
  expect(answers.map(({ success }) => success)).toEqual([alone, alone]);
});
