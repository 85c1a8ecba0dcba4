import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { TestApp } from "../sdk/test-app.ts";
import { inOrder, type MessageRecord, type Row } from "../support/leancloud/app-data.ts";
import { HostedApp } from "../support/leancloud/hosted-app.ts";
import { runCommand } from "./commands.ts";

/** Of all of them. */
export const PASSWORD = "gruyère";
export const hex = (length: number) => randomBytes(length).toString("hex").slice(0, length);
const HOUR = 3_600_000; // ms
const BEFORE = Date.now() - 24 * HOUR;
const iso = (time: number) => new Date(time).toISOString();
const times = { createdAt: iso(BEFORE - HOUR), updatedAt: iso(BEFORE) };
const MESSAGES = 45;
/** Of Jerry. */
export const UNREAD = 3;

type User = Row & { sessionToken: string; username: string };

/** Two users with a unique conversation, as they were at LeanCloud. */
export interface Friends {
  tom: User;
  jerry: User;
  chat: Row & { createdAt: string };
  /** The oldest first; of twins, as LeanCloud has them. */
  messages: MessageRecord[];
}

export function friends(): Friends {
  const person = (username: string) => {
    return {
      objectId: hex(24),
      username: `${username} ${hex(8)}`,
      sessionToken: hex(25),
      ...hashed(PASSWORD),
      ...times,
    };
  };
  const [tom, jerry] = [person("Tom"), person("Jerry")];
  const m = [tom.objectId, jerry.objectId].toSorted();
  const uniqueId = createHash("md5").update(m.join("")).digest("hex");
  const chat = { objectId: hex(24), m, c: tom.objectId, unique: true, uniqueId, ...times };
  const messages = Array.from({ length: MESSAGES }, (_, at): MessageRecord => {
    return {
      "msg-id": randomBytes(17).toString("base64url").slice(0, 22),
      // Every third one is a twin of the one before it.
      timestamp: BEFORE + at - (at % 3 === 2 ? 1 : 0),
      to: chat.objectId,
      "conv-id": chat.objectId,
      from: tom.objectId,
      data: JSON.stringify({ _lctype: -1, _lctext: `${at}` }),
      bin: false,
      "is-conv": true,
      "is-room": false,
    };
  });
  return { tom, jerry, chat, messages: inOrder(messages).toReversed() };
}

/** A password as LeanCloud keeps it. */
function hashed(password: string) {
  const salt = hex(20);
  let digest = createHash("sha512").update(`${salt}${password}`).digest();
  for (let round = 0; round < 512; round++) digest = createHash("sha512").update(digest).digest();
  return { salt, password: digest.toString("base64") };
}

/** Moves these people from a stand-in for LeanCloud to a server. */
export async function moved(app: TestApp, all: Friends[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "parley-phones-"));
  const hosted = new HostedApp();
  await hosted.open();
  try {
    hosted.data = {
      classes: {
        _Conversation: all.map(({ chat }) => chat),
        _User: all.flatMap(({ tom, jerry }) => [tom, jerry]),
      },
      messages: inOrder(all.flatMap(({ messages }) => messages)),
      subscribers: {},
      broadcasts: {},
      blacklists: {},
      silences: {},
      unread: Object.fromEntries(
        all.map(({ jerry, chat }) => [`${jerry.objectId} ${chat.objectId}`, UNREAD]),
      ),
      files: {},
    };
    const to = join(folder, "export");
    const args = ["--server", hosted.url, "--to", to, "--unread", "--yes"];
    const exported = await runCommand("export", args, hosted.environment);
    expect(exported.code, exported.output).toBe(0);
    const env = { APP_ID: app.keys.appId, MASTER_KEY: app.masterKey };
    const imported = await runCommand("import", [to, "--server", app.url], env);
    expect(imported.code, imported.output).toBe(0);
  } finally {
    await hosted.close();
    await rm(folder, { recursive: true, force: true });
  }
}
