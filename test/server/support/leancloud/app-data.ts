import { createHash } from "node:crypto";
import { Random } from "../random.ts";

export type Row = Record<string, unknown> & { objectId: string };

/** A message as history tells it. */
export interface MessageRecord {
  "msg-id": string;
  timestamp: number;
  to: string;
  "conv-id": string;
  from: string;
  data: string;
  bin: boolean;
  "is-conv": boolean;
  "is-room": boolean;
  "from-ip"?: string;
  "ack-at"?: number;
}

/** Everything that an app has at LeanCloud. */
export interface AppData {
  classes: Record<string, Row[]>;
  messages: MessageRecord[];
  /** By service conversation: clients with the time of their subscription (ms). */
  subscribers: Record<string, { subscriber: string; timestamp: number }[]>;
  broadcasts: Record<string, object[]>;
  blacklists: Record<string, string[]>;
  silences: Record<string, string[]>;
  /** By `client conversation`. */
  unread: Record<string, number>;
  /** Contents by path, such as `/abc.png`. */
  files: Record<string, Buffer>;
}

export interface Size {
  conversations: number;
  messages: number;
  users: number;
}

/** The moment at which the app's time ends: messages are from the weeks before (ms). */
const NOW = Date.UTC(2026, 10, 20);
const DAY = 86_400_000;

/**
 * An app by seed: rooms, service conversations, odd ids, twins in one millisecond, edits, recalls, binary messages,
 * files with and without rows, devices and users.
 *
 * @param filesAt where files are served, such as `http://127.0.0.1:40123`
 */
export function randomApp(seed: number, size: Size, filesAt: string): AppData {
  const random = new Random(seed);
  const users = Array.from({ length: size.users }, (_, at) => userRow(random, at));
  const clients = users.map(({ objectId }) => objectId);
  const conversations = Array.from({ length: size.conversations }, () => conversationRow(random, clients));
  const files: AppData["files"] = {};
  const fileRows = Array.from({ length: Math.ceil(size.users / 4) }, () => fileRow(random, files, filesAt));
  const messages = messagesOf(random, conversations, clients, size.messages, { files, fileRows, filesAt });
  const services = conversations.filter(({ sys }) => sys === true);
  const normal = conversations.filter(({ sys }) => sys !== true);
  const some = () => clients.filter(() => random.chance(0.3));
  return {
    classes: {
      _Conversation: byId(conversations),
      _ConversationMemberInfo: byId(normal.slice(0, 30).map((row) => roleRow(random, row, clients))),
      _Installation: byId(users.map((user) => installationRow(random, user.objectId))),
      _User: byId(users),
      _File: byId(fileRows),
      _SysMessage: byId(services.map((row) => sysMessageRow(random, row))),
      Todo: byId(
        Array.from({ length: 3 }, (_, at) => ({ ...base(random), title: `todo ${at}`, order: 1.5 })),
      ),
    },
    messages,
    subscribers: Object.fromEntries(
      services.map(({ objectId }) => [
        objectId,
        clients.map((subscriber, at) => ({ subscriber, timestamp: NOW - DAY + at })),
      ]),
    ),
    broadcasts: Object.fromEntries(
      services.map(({ objectId }) => [objectId, [{ "msg-id": `sb_${idOf(random)}`, valid_till: NOW + DAY }]]),
    ),
    blacklists: Object.fromEntries(
      conversations.map(({ objectId, m }) => {
        const members = membersOf(m);
        return [objectId, some().filter((client) => !members.includes(client))];
      }),
    ),
    silences: Object.fromEntries(normal.map(({ objectId }) => [objectId, some()])),
    unread: Object.fromEntries(
      normal.flatMap(({ objectId, m }) =>
        membersOf(m).map((client) => [`${client} ${objectId}`, random.below(3)]),
      ),
    ),
    files,
  };
}

/** Newest first, as history has it. */
export function inOrder(messages: MessageRecord[]): MessageRecord[] {
  return messages.toSorted((one, other) => {
    if (one.timestamp !== other.timestamp) return other.timestamp - one.timestamp;
    return one["msg-id"] < other["msg-id"] ? 1 : -1;
  });
}

function messagesOf(
  random: Random,
  conversations: Row[],
  clients: string[],
  count: number,
  { files, fileRows, filesAt }: { files: AppData["files"]; fileRows: Row[]; filesAt: string },
): MessageRecord[] {
  const messages: MessageRecord[] = [];
  let timestamp = NOW;
  for (let at = 0; at < count; at++) {
    // Twins and triplets share a millisecond.
    if (!random.chance(0.2)) timestamp -= 1 + random.below(Math.ceil((20 * DAY) / count));
    const { objectId: to } = random.pick(conversations);
    const bin = random.chance(0.05);
    const data = bin
      ? Buffer.from(random.bytes(20)).toString("base64")
      : textOf(random, at, files, fileRows, filesAt);
    messages.push({
      "msg-id": idOf(random),
      timestamp,
      to,
      "conv-id": to.padEnd(32, "0"),
      from: random.pick(clients),
      data,
      bin,
      "is-conv": true,
      "is-room": false,
      ...(random.chance(0.5) && { "from-ip": "203.0.113.9" }),
      ...(random.chance(0.5) && { "ack-at": timestamp + 40 }),
    });
  }
  return inOrder(messages);
}

function textOf(
  random: Random,
  at: number,
  files: AppData["files"],
  fileRows: Row[],
  filesAt: string,
): string {
  const kind = random.below(12);
  if (kind === 0) return JSON.stringify({ _lctype: -127 });
  if (kind === 1) return `plain words ${at} \u2028 "quoted" \\ 🧀`;
  if (kind === 2) {
    const row = random.pick(fileRows);
    return JSON.stringify({
      _lctype: -2,
      _lcfile: { objId: row.objectId, url: row.url, metaData: { size: 3 } },
    });
  }
  // Its row is gone, or it never had one.
  if (kind === 3) return JSON.stringify({ _lctype: -2, _lcfile: { url: newFile(random, files, filesAt) } });
  return JSON.stringify({
    _lctype: -1,
    _lctext: `message ${at}\nsecond line`,
    _lcattrs: { n: 1.0, big: at * 1e12 },
  });
}

function newFile(random: Random, files: AppData["files"], filesAt: string): string {
  const path = `/${hex(random, 40)}.png`;
  files[path] = Buffer.from(random.bytes(1 + random.below(2_000)));
  return `${filesAt}${path}`;
}

function conversationRow(random: Random, clients: string[]): Row {
  const m = [...new Set(Array.from({ length: 1 + random.below(5) }, () => random.pick(clients)))].toSorted();
  const kind = random.below(10);
  const unique = random.chance(0.5);
  return {
    ...base(random),
    name: random.chance(0.7) ? `crew ${random.below(1000)}` : undefined,
    ...(kind === 0 && { sys: true }),
    ...(kind === 1 && { tr: true }),
    ...(kind > 1 && { m, c: m[0], mu: m.filter(() => random.chance(0.2)) }),
    ...(kind > 1 && unique && { unique, uniqueId: createHash("md5").update(m.join("")).digest("hex") }),
    attr: { score: 1.0, nested: { list: [1, null, "two"] } },
    lm: { __type: "Date", iso: new Date(NOW - random.below(DAY)).toISOString() },
  };
}

const userRow = (random: Random, at: number): Row => {
  return {
    ...base(random),
    username: `user ${at}`,
    sessionToken: hex(random, 25),
    salt: hex(random, 8),
    password: Buffer.from(random.bytes(64)).toString("base64"),
  };
};

const roleRow = (random: Random, { objectId: cid, m }: Row, clients: string[]): Row => {
  const members = membersOf(m);
  return {
    ...base(random),
    cid,
    clientId: random.pick(members.length > 1 ? members.slice(1) : clients),
    role: "Manager",
  };
};

const installationRow = (random: Random, client: string): Row => {
  return { ...base(random), deviceType: "ios", deviceToken: hex(random, 64), channels: [client], badge: 2 };
};

const sysMessageRow = (random: Random, { objectId }: Row): Row => {
  const conv = { __type: "Pointer", className: "_Conversation", objectId };
  return { ...base(random), conv, msgId: idOf(random), data: "hello service", timestamp: NOW };
};

function fileRow(random: Random, files: AppData["files"], filesAt: string): Row {
  const url = newFile(random, files, filesAt);
  const key = url.slice(filesAt.length + 1);
  return { ...base(random), name: "a picture.png", key, url, bucket: "abc", metaData: { size: 3 } };
}

function base(random: Random): Row {
  const createdAt = new Date(NOW - DAY * (10 + random.below(100))).toISOString();
  const updatedAt = new Date(NOW - random.below(DAY * 9)).toISOString();
  return { objectId: hex(random, 24), createdAt, updatedAt };
}

function membersOf(m: unknown): string[] {
  return Array.isArray(m) ? m.filter((each) => typeof each === "string") : [];
}

const byId = (rows: Row[]) => rows.toSorted((one, other) => (one.objectId < other.objectId ? -1 : 1));

const hex = (random: Random, length: number) =>
  Array.from({ length }, () => random.below(16).toString(16)).join("");

/** 22 characters, `+` and `_` among them. */
const idOf = (random: Random) =>
  Buffer.from(random.bytes(16)).toString("base64").slice(0, 22).replaceAll("/", "_");
