import { createHash } from "node:crypto";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { CommandType, OpType } from "../../../src/protocol/generated/message_pb.js";
import type { CommandInit } from "../../support/frames.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { NodeDevice } from "../support/node-device.ts";
import { type Friends, friends, moved, UNREAD } from "./friends.ts";

/** After a move: frames as the SDKs write them whose phones cannot be run here, from their sources. */

type Session = NonNullable<CommandInit["sessionMessage"]>;
type Logs = NonNullable<CommandInit["logsMessage"]>;

/** How an SDK logs in and pages back. */
interface Replay {
  name: string;
  agent: string;
  open: Session;
  /** When the connection comes back, beside what proves who it is. */
  reopen: Session;
  /** Whether it comes back with the session token of the server before. */
  keepsToken: boolean;
  /** What it sends with every command. */
  always: Pick<CommandInit, "appId">;
  /** Of a page of history. */
  page: Pick<CommandInit, "op"> & { logsMessage: Logs };
}

const deviceToken = "e".repeat(64);
const deviceId = "0b0a7f6e-2f43-4f7c-9b0a-1f4f3d9d1c11";
const app = useTestApp({ security: { signLogin: true } });
const appId = () => app().keys.appId;

const replays: Replay[] = [
  {
    name: "Swift",
    agent: "LeanCloud-Swift-SDK/17.11.0",
    open: { configBitmap: 187, ua: "LeanCloud-Swift-SDK/17.11.0", deviceToken, r: false },
    reopen: { configBitmap: 187, ua: "LeanCloud-Swift-SDK/17.11.0", deviceToken, r: true },
    keepsToken: true,
    always: {},
    page: { logsMessage: { limit: 20, direction: 1 } },
  },
  {
    name: "Objective-C",
    agent: "LeanCloud-Objc-SDK/13.9.0",
    open: { configBitmap: 171, ua: "LeanCloud-Objc-SDK/13.9.0", deviceToken },
    reopen: { configBitmap: 171, ua: "LeanCloud-Objc-SDK/13.9.0", deviceToken, r: true },
    keepsToken: true,
    always: {},
    page: { logsMessage: { limit: 20 } },
  },
  {
    name: "C#",
    agent: "LeanCloud-CSharp-SDK/2.4.1",
    open: { configBitmap: 171, ua: "LeanCloud-CSharp-SDK/2.4.1", deviceId, tag: "default", r: false },
    reopen: { deviceId, tag: "default", r: true },
    keepsToken: false,
    always: {
      get appId() {
        return appId();
      },
    },
    page: { op: "open", logsMessage: { limit: 20, direction: 1 } },
  },
];
const pairs = new Map(replays.map(({ name }) => [name, friends()]));
beforeAll(() => moved(app(), [...pairs.values()]));

const devices: NodeDevice[] = [];
afterEach(() => {
  for (const device of devices.splice(0)) device.close();
});

async function connect(): Promise<NodeDevice> {
  const device = await NodeDevice.connect({ port: Number(new URL(app().url).port) }, { appId: appId() });
  devices.push(device);
  return device;
}

describe.each(replays)("after the move, $name", ({ name, agent, open, reopen, keepsToken, always, page }) => {
  const pair = (): Friends => {
    const found = pairs.get(name);
    if (found === undefined) throw new Error("no friends");
    return found;
  };

  /** A signature for the user of a session token. */
  async function signed(sessionToken: string): Promise<{ status: number; signature: Session }> {
    const { keys, url } = app();
    const now = Date.now();
    const digest = createHash("md5").update(`${now}${keys.appKey}`).digest("hex");
    const response = await fetch(`${url}/1.1/rtm/sign`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "User-Agent": agent,
        "X-LC-Id": keys.appId,
        "X-LC-Sign": `${digest},${now}`,
      },
      body: JSON.stringify({ session_token: sessionToken }),
    });
    if (!response.ok) return { status: response.status, signature: {} };
    const answer: { signature: string; nonce: string; timestamp: number } = JSON.parse(await response.text());
    const { signature: s, nonce: n, timestamp: t } = answer;
    return { status: response.status, signature: { s, n, t } };
  }

  async function opened(peerId: string, session: Session): Promise<{ device: NodeDevice; cmd: number }> {
    const device = await connect();
    device.clientId = peerId;
    const { cmd, op } = await device.ask({
      cmd: "session",
      op: "open",
      appId: appId(),
      sessionMessage: session,
    });
    if (cmd === CommandType.session) expect(op).toBe(OpType.opened);
    return { device, cmd };
  }

  async function logIn({ objectId, sessionToken }: Friends["tom"]): Promise<NodeDevice> {
    const { signature } = await signed(sessionToken);
    return (await opened(objectId, { ...open, ...signature })).device;
  }

  test("logs in with the session token that its user had, and with no other", async () => {
    const { tom } = pair();
    await logIn(tom);
    expect((await signed(`${tom.sessionToken}x`)).status).toBeGreaterThanOrEqual(400);
    expect((await opened(tom.objectId, open)).cmd).toBe(CommandType.error);
  });

  test("comes back from the server before, whose session it still holds", async () => {
    const { tom } = pair();
    const { signature } = await signed(tom.sessionToken);
    if (keepsToken) {
      const device = await connect();
      device.clientId = tom.objectId;
      const refused = await device.ask({
        cmd: "session",
        op: "open",
        appId: appId(),
        sessionMessage: { ...reopen, st: "a-session-token-of-leancloud" },
      });
      // On this answer it tries again with a signature.
      expect(refused.errorMessage?.code).toBe(4112);
      const again = { ...reopen, ...signature };
      const answer = await device.ask({ cmd: "session", op: "open", appId: appId(), sessionMessage: again });
      expect(answer.op).toBe(OpType.opened);
    } else {
      await opened(tom.objectId, { ...reopen, ...signature });
    }
  });

  test("is told the unread count of the day before", async () => {
    const { jerry, chat } = pair();
    const jerrys = await logIn(jerry);
    const { unreadMessage } = await jerrys.push("unread");
    const counted = unreadMessage?.convs.find(({ cid }) => cid === chat.objectId);
    expect(counted?.unread).toBe(UNREAD);
  });

  test("finds the unique conversation, and pages back through here and there without gap or repeat", async () => {
    const { tom, jerry, chat, messages } = pair();
    const toms = await logIn(tom);
    const m = [jerry.objectId, tom.objectId];
    const started = await toms.ask({ ...always, cmd: "conv", op: "start", convMessage: { m, unique: true } });
    expect(started.convMessage?.cid).toBe(chat.objectId);
    const direct = { cid: chat.objectId, msg: '{"_lctype":-1,"_lctext":"here"}' };
    const { ackMessage } = await toms.ask({ ...always, cmd: "direct", directMessage: direct });
    const read: { id: string; timestamp: number }[] = [];
    for (let start: Logs = {}; ; ) {
      const logsMessage = { ...page.logsMessage, ...start, cid: chat.objectId };
      const answer = await toms.ask({ ...always, ...page, cmd: "logs", logsMessage });
      const logs = answer.logsMessage?.logs ?? [];
      const found = logs.map(({ msgId, timestamp }) => ({ id: msgId, timestamp: Number(timestamp) }));
      expect(found).toEqual(found.toSorted((one, other) => one.timestamp - other.timestamp));
      read.unshift(...found);
      const [oldest] = logs;
      if (oldest === undefined || logs.length < 20) break;
      start = { t: oldest.timestamp, mid: oldest.msgId, tIncluded: false };
    }
    const before = messages.map((message) => ({ id: message["msg-id"], timestamp: message.timestamp }));
    expect(read).toEqual([...before, { id: ackMessage?.uid, timestamp: Number(ackMessage?.t) }]);
  });
});
