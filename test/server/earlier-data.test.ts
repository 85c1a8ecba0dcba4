/** @module-tag tar */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { history, look, query, say } from "../support/chat.ts";
import { type Server, startServer } from "../support/server.ts";
import { NodeDevice } from "./support/node-device.ts";

/**
 * The newest server on data folders that earlier versions wrote and were killed over: Tom and Jerry's Kitchen and,
 * with Spike, their Cellar, of which Spike has received nothing yet. docs/platform.md says how to make one.
 */
const FOLDERS = fileURLToPath(new URL("../fixtures/data/", import.meta.url));
const versions = (await readdir(FOLDERS)).map((file) => file.replace(".tar.gz", "")).toSorted();

const KITCHEN = ["one", "two", "three", "four"];

describe.each(versions)("data of %s", (version) => {
  let folder: string;
  let server: Server;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parley-earlier-"));
    await promisify(execFile)("tar", ["-xzf", join(FOLDERS, `${version}.tar.gz`), "-C", folder]);
    server = await startServer({ data: folder });
  });
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("[I4] [I11] data of an earlier version is read, replayed, found, added to, and copied to D1 to the end", async () => {
    // Spike first: the missed events come from objects that nothing else wakes.
    const spike = await NodeDevice.of(server, "Spike");
    const [missed] = (await spike.push("unread")).unreadMessage?.convs ?? [];
    expect(missed).toMatchObject({ unread: 2, data: "the last" });
    const tom = await NodeDevice.of(server, "Tom");
    const found = await query(tom, undefined, { flag: 2 });
    expect(found.map(({ name, msg }) => [name, msg])).toEqual([
      ["Cellar", "the last"],
      ["Kitchen", "four"],
    ]);
    const [cellar, pairChat] = found.map(({ objectId }) => objectId);
    if (cellar === undefined || pairChat === undefined) throw new Error("not found");
    expect(await history(tom, pairChat)).toEqual(KITCHEN);
    expect((await history(tom, cellar)).at(-1)).toBe("the last");
    expect(await look(tom, pairChat)).toMatchObject({ name: "Kitchen", m: ["Jerry", "Tom"] });
    const ack = await say(tom, pairChat, "five");
    expect(ack.ackMessage?.uid).not.toBe("");
    expect(await query(tom, undefined, { flag: 2 })).toMatchObject([
      { name: "Kitchen", msg: "five" },
      { name: "Cellar", msg: "the last" },
    ]);
    await expect
      .poll(async () => (await archive()).texts, { timeout: 15_000 })
      .toEqual([...KITCHEN, (await history(tom, cellar)).at(0), "the last", "five"].toSorted());
    // Nothing is claimed of the time before the start until all that was left over has been copied.
    const { complete } = await archive();
    expect(complete).toBeLessThan(Number(ack.ackMessage?.t));
    await spike.ask({ cmd: "session", op: "close" });
    await tom.ask({ cmd: "session", op: "close" });
  });

  /** All that D1 has of what was said, and up to when that is said to be everything (ms). */
  async function archive(): Promise<{ texts: string[]; complete: number }> {
    const headers = { "x-lc-id": "parley-dev", "x-lc-key": "parley-dev-master,master" };
    const response = await fetch(`${server.url}/1.2/rtm/messages?limit=100`, { headers });
    const messages: { data: string }[] = await response.json();
    const complete = Number(response.headers.get("x-parley-complete-until"));
    return { texts: messages.map(({ data }) => data).toSorted(), complete };
  }
});
