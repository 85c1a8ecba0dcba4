import { beforeEach, describe, expect, test, vi } from "vitest";
import { copyCallsOf } from "../../../src/conversation/copy/copy-calls.ts";
import { saveConversation } from "../../../src/database/conversations/save.ts";
import { adoptedArchive, checkArchive } from "../../../src/database/messages/archive.ts";
import type { Generation } from "../../../src/database/messages/generations.ts";
import { saveMessages } from "../../../src/database/messages/save.ts";
import { conversation } from "../../support/records.ts";
import { ask } from "../http/ask.ts";
import { prepareDatabases } from "../support/several-databases.ts";
import { masterKeys, openWorld, world } from "../support/world.ts";
import { message } from "./database.ts";

/** D1 keeps the list of databases that messages were last written by; what does not fit it is not used. */

const HOUR = 60 * 60 * 1_000;
const ID = "65f000000000000000000001";
const first: Generation = { since: 0, databases: ["DB"] };
let now: number;

beforeEach(async () => {
  await openWorld();
  await prepareDatabases();
  await world.DB.batch(
    ["DELETE FROM settings WHERE key = 'archive'", "DELETE FROM messages", "DELETE FROM conversations"].map(
      (query) => world.DB.prepare(query),
    ),
  );
  await world.DB_1.prepare("DELETE FROM messages").run();
  await saveConversation(world.DB, conversation(ID));
  now = Date.now();
});

const envOf = (list: readonly Generation[] | undefined) => ({
  ...world,
  ...(list && { ARCHIVE: JSON.stringify(list) }),
});

async function written(list: readonly Generation[] | undefined, timestamp: number): Promise<void> {
  const archive = await adoptedArchive(envOf(list));
  await saveMessages(archive, ID, [message(timestamp)]);
}

const twoFrom = (since: number) => [first, { since, databases: ["DB_1"] }];

describe("a list of databases that does not fit the messages", () => {
  test("a generation that begins before the newest message is refused until it begins later", async () => {
    await written(undefined, now - HOUR);
    await expect(adoptedArchive(envOf(twoFrom(now - 2 * HOUR)))).rejects.toThrow(
      /ARCHIVE does not fit the messages in D1: the new generation .* must begin later/,
    );
    const archive = await adoptedArchive(envOf(twoFrom(now + HOUR)));
    expect(archive.of(ID, now + HOUR)).toBe(world.DB_1);
  });

  test("a list that lost a generation with messages is refused, and the list that has it is used again", async () => {
    await adoptedArchive(envOf(twoFrom(now - HOUR)));
    await written(twoFrom(now - HOUR), now - 1_000);
    for (const wrong of [
      undefined,
      twoFrom(now - 2 * HOUR),
      [first, { since: now - HOUR, databases: ["DB"] }],
    ])
      await expect(adoptedArchive(envOf(wrong))).rejects.toThrow(/does not fit .* is changed or missing/);
    expect((await adoptedArchive(envOf(twoFrom(now - HOUR)))).databases).toEqual([world.DB, world.DB_1]);
  });

  test("a generation that began while nobody wrote is taken, and the daily check takes one before it begins", async () => {
    await written(undefined, now - 2 * HOUR);
    await adoptedArchive(envOf(twoFrom(now - HOUR)));
    const grown = [...twoFrom(now - HOUR), { since: now + 24 * HOUR, databases: ["DB_2"] }];
    await checkArchive(envOf(grown));
    const stored = await world.DB.prepare("SELECT value FROM settings WHERE key = 'archive'").first("value");
    expect(JSON.parse(String(stored))).toEqual(grown);
  });

  test("while a list does not fit, nothing is copied or deleted, and history across conversations is answered with 503", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    await written(undefined, now - 1_000);
    const env = envOf(twoFrom(now - HOUR));
    const copy = copyCallsOf(env);
    await expect(
      copy.saveMessages(ID, [message(now)], { unlisted: new Set(), progress: "later" }),
    ).rejects.toThrow("does not fit");
    await expect(copy.deleteMessages(ID, [message(now - 1_000)])).rejects.toThrow("does not fit");
    await expect(copy.deleteConversation(ID)).rejects.toThrow("does not fit");
    const asked = (path: string) => ask(`https://im.example.com${path}`, { headers: masterKeys, env });
    expect((await asked("/1.2/rtm/messages")).status).toBe(503);
    expect(await (await asked("/admin/health")).json()).toMatchObject({
      archive: {
        problem: expect.stringContaining("must begin later"),
        databases: [
          { name: "DB", receives: false, answers: true },
          { name: "DB_1", receives: true, answers: true },
        ],
      },
    });
    expect(await (await asked("/admin/attention")).json()).toMatchObject({
      results: expect.arrayContaining([
        expect.objectContaining({ severity: "error", code: "archive_misfit" }),
      ]),
    });
    await checkArchive(env);
  });

  test("a list that is wrong by itself, and one whose binding is missing, are told by health", async () => {
    for (const [ARCHIVE, problem] of [
      ["[{", "ARCHIVE: is not JSON"],
      [JSON.stringify([{ since: 0, databases: ["DB", "DB_9"] }]), "ARCHIVE names DB_9"],
    ]) {
      const env = { ...world, ARCHIVE };
      const answer = await ask("https://im.example.com/admin/health", { headers: masterKeys, env });
      expect(await answer.json()).toMatchObject({
        archive: { problem: expect.stringContaining(problem ?? "") },
      });
    }
  });
});
