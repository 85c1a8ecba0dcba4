import { beforeAll, expect, test } from "vitest";
import { registerClients } from "../../../src/database/conversations/memberships.ts";
import { saveConversation } from "../../../src/database/conversations/save.ts";
import { conversation } from "../../support/records.ts";
import { database } from "../support/world.ts";

const NOON = 1_795_608_000_000;

let db: D1Database;
beforeAll(async () => {
  db = await database();
  await saveConversation(db, conversation("both", { members: ["Tom", "Jerry"] }));
  await saveConversation(db, conversation("alone", { members: ["Tom"] }));
  const subscribe = db.prepare(
    "INSERT INTO early_subscriptions (client_id, conversation_id, since) VALUES (?, ?, ?)",
  );
  await db.batch([subscribe.bind("Jerry", "news", NOON), subscribe.bind("Jerry", "letters", 0)]);
});

test("first logins at the same moment are each told their own conversations and services", async () => {
  expect(await registerClients(db, ["Jerry", "Nobody", "Tom"], NOON)).toEqual([
    {
      conversations: ["letters", "both"],
      more: false,
      subscribed: [{ conversationId: "news", since: NOON }],
    },
    { conversations: [], more: false, subscribed: [] },
    { conversations: ["alone", "both"], more: false, subscribed: [] },
  ]);
});

test("a client with very many conversations is told a page of them, and nobody beside it less", async () => {
  await db
    .prepare(
      `WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 1500)
       INSERT INTO members (client_id, conversation_id)
       SELECT 'Spike', printf('group-%05d', number) FROM numbers`,
    )
    .run();
  const [spike, tom] = await registerClients(db, ["Spike", "Tom"], NOON);
  expect(spike?.conversations).toHaveLength(1_000);
  expect(spike?.conversations.at(-1)).toBe("group-01000");
  expect(spike?.more).toBe(true);
  expect(tom).toEqual({ conversations: ["alone", "both"], more: false, subscribed: [] });
});

test("a client that conversations have informed of everything is told none again", async () => {
  await db.prepare("INSERT INTO clients (client_id, since) VALUES ('Butch', 0)").run();
  await saveConversation(db, conversation("told", { members: ["Butch"] }));
  const [butch] = await registerClients(db, ["Butch"], NOON);
  expect(butch?.conversations).toEqual([]);
});
