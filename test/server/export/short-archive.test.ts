import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { runCommand } from "../moving/commands.ts";
import type { MessageRecord } from "../support/leancloud/app-data.ts";
import { callAsOwner, configure, unlimited } from "../support/owner.ts";
import { useServers } from "../support/servers.ts";
import { manifestIn, rowsIn, runExport } from "./exporting.ts";

/** `npm run export` and `npm run verify` where D1 does not have all of a Parley's messages. */

const servers = useServers();
const TRIAL = { APP_ID: "parley-dev", MASTER_KEY: "parley-dev-master" };

test("an export and a comparison have every message of a Parley whose D1 lacks the older ones, or all", async () => {
  const server = await servers.start();
  await configure(server, { ...unlimited, history: { archive: "off" } });
  const chats: string[] = [];
  for (const name of ["cheese", "mice"]) {
    const body = { name, m: ["Tom", "Jerry"] };
    const made = await callAsOwner<{ objectId: string }>(server, "POST", "/1.2/rtm/conversations", body);
    chats.push(made.objectId);
  }
  const say = async (message: string) => {
    for (const chat of chats) {
      const body = { from_client: "Tom", message };
      await callAsOwner(server, "POST", `/1.2/rtm/conversations/${chat}/messages`, body);
    }
  };
  await say("not in D1");
  await expectWhole(server, "off", ["not in D1"]);

  await configure(server, { history: { archive: "all" } });
  // Copies follow the new setting ten seconds after the change.
  await sleep(10_500);
  await say("in D1");
  const listed = () => callAsOwner<MessageRecord[]>(server, "GET", "/1.2/rtm/messages");
  await expect.poll(listed, { timeout: 30_000 }).toHaveLength(chats.length);
  await expectWhole(server, "all", ["not in D1", "in D1"]);

  async function expectWhole(
    { url }: { url: string },
    name: string,
    texts: readonly string[],
  ): Promise<void> {
    const to = join(servers.folder, name);
    const { code, output } = await runExport(["--server", url, "--to", to], TRIAL);
    expect(code, output).toBe(0);
    const found = (await rowsIn<MessageRecord>(to, "messages")).map((row) => `${row.to} ${row.data}`);
    expect(found.toSorted()).toEqual(
      chats.flatMap((chat) => texts.map((text) => `${chat} ${text}`)).toSorted(),
    );
    expect((await manifestIn(to)).skipped).toContainEqual({
      what: "messages",
      why: expect.stringContaining("each conversation is read by itself"),
      count: 1,
    });
    const verified = await runCommand("verify", [to, "--server", url, "--sample", "all"]);
    expect(verified.output).toContain("Nothing is missing, and nothing differs.");
    expect(verified.code).toBe(0);
  }
});
