import type { CommandInit } from "../../support/frames.ts";

/** Who sends, and what there is to name. */
export interface Scene {
  appId: string;
  me: string;
  other: string;
  conversationId: string;
  messageId: string;
  sentAt: number;
}

/** Every command of the protocol as an SDK would send it, and some that only servers send. */
export function everyCommand(scene: Scene): CommandInit[] {
  const { appId, me, other, conversationId: cid, messageId: mid, sentAt } = scene;
  const peerId = me;
  const signed = { t: sentAt, n: "nonce", s: "signature" };
  const where = (condition: object) => ({ data: JSON.stringify(condition) });
  const conv = (op: CommandInit["op"], convMessage: CommandInit["convMessage"]): CommandInit => {
    return { cmd: "conv", op, peerId, convMessage };
  };
  const session = (op: CommandInit["op"], sessionMessage: CommandInit["sessionMessage"]): CommandInit => {
    return { cmd: "session", op, appId, peerId, sessionMessage };
  };
  const direct = (directMessage: CommandInit["directMessage"]): CommandInit => {
    return { cmd: "direct", peerId, directMessage: { cid, ...directMessage } };
  };
  return [
    session("open", { ua: "js/5.0.0", r: true, configBitmap: 187, lastPatchTime: sentAt, ...signed }),
    session("open", { ua: "ios/13", tag: "mobile", deviceToken: "token", st: "not a token", sp: true }),
    session("refresh", { st: "not a token" }),
    session("query", { sessionPeerIds: [me, other, "nobody"] }),
    session("close", {}),
    conv("start", {
      m: [me, other],
      unique: true,
      attr: { data: '{"name":"n","attr":{"a":[1]}}' },
      ...signed,
    }),
    conv("start", { m: [other], attr: { data: '{"name":"two","attr":{"a":{"b":1}},"own":2}' } }),
    conv("start", { m: [], transient: true }),
    conv("start", { m: [other], tempConv: true, tempConvTTL: 60 }),
    conv("query", { where: where({ objectId: cid }), flag: 2 }),
    conv("query", { where: where({ objectId: { $in: [cid, "nothing"] } }), limit: 5, skip: 1, flag: 1 }),
    conv("query", { where: where({ m: { $all: [me] } }), sort: "-lm,createdAt", limit: 10, flag: 3 }),
    conv("query", { where: where({ name: { $regex: "^t.o$", $options: "i" } }), limit: 10 }),
    conv("query", { where: where({ $or: [{ "attr.a.b": { $gte: 1 } }, { own: { $exists: true } }] }) }),
    conv("query", {}),
    conv("query", { tempConvIds: ["_tmp:one,_tmp:two"] }),
    conv("add", { cid, m: [me], ...signed }),
    conv("add", { cid, m: [other, "tuffy"] }),
    conv("remove", { cid, m: ["tuffy"], ...signed }),
    conv("update", {
      cid,
      attr: { data: '{"name":"one","attr.a.b":1,"own":{"__op":"Increment","amount":1}}' },
    }),
    conv("mute", { cid }),
    conv("unmute", { cid }),
    conv("count", { cid }),
    conv("members", { cid, limit: 10 }),
    conv("max_read", { cid, queryAllMembers: true }),
    conv("is_member", { cids: [cid, "nothing", "_tmp:one"] }),
    conv("member_info_update", {
      cid,
      targetClientId: other,
      info: { pid: other, role: "Manager" },
      ...signed,
    }),
    conv("add_shutup", { cid, m: [other] }),
    conv("query_shutup", { cid, limit: 10, next: "1" }),
    conv("check_shutup", { cid, m: [other] }),
    direct({ msg: '{"_lctype":-1,"_lctext":"héllo 😀"}', dt: "token", r: true }),
    direct({ msg: "both", binaryMsg: new Uint8Array([0, 1, 254, 255]), id: "local", timestamp: sentAt }),
    direct({ msg: "look", mentionPids: [other], mentionAll: true, pushData: '{"alert":"look"}' }),
    direct({ msg: "now", transient: true }),
    direct({ msg: "gone", will: true }),
    { cmd: "ack", peerId, ackMessage: { cid, mid } },
    { cmd: "ack", peerId, ackMessage: { cid, fromts: sentAt, tots: sentAt } },
    { cmd: "ack", peerId, ackMessage: { ids: ["push"], type: "x" } },
    { cmd: "logs", peerId, logsMessage: { cid, l: 10, t: sentAt, mid, tIncluded: true } },
    { cmd: "logs", peerId, logsMessage: { cid, limit: 10, tt: 1, tmid: mid, direction: 2, lctype: -1 } },
    { cmd: "read", peerId, readMessage: { convs: [{ cid, timestamp: sentAt, mid }, { cid: "nothing" }] } },
    { cmd: "read", peerId, readMessage: { cid, cids: [cid] } },
    {
      cmd: "patch",
      op: "modify",
      peerId,
      patchMessage: {
        patches: [{ cid, mid, timestamp: sentAt, data: new Uint8Array([65]), mentionPids: [other] }],
        lastPatchTime: sentAt,
      },
    },
    {
      cmd: "patch",
      op: "modify",
      peerId,
      patchMessage: { patches: [{ cid, mid, timestamp: sentAt, recall: true }] },
    },
    { cmd: "blacklist", op: "block", peerId, blacklistMessage: { srcCid: cid, toPids: [other], ...signed } },
    { cmd: "blacklist", op: "query", peerId, blacklistMessage: { srcCid: cid, limit: 10 } },
    { cmd: "echo", peerId: appId },
    { cmd: "login", appId, installationId: "installation", service: 0, loginMessage: {} },
    { cmd: "report", op: "upload", peerId, reportMessage: { initiative: true, type: "token", data: "t" } },
    { cmd: "rcp", peerId, rcpMessage: { id: mid, cid, t: sentAt, read: true } },
    { cmd: "room", op: "join", peerId, roomMessage: { roomId: cid, roomPeerIds: [other] } },
    { cmd: "presence", op: "query", peerId, presenceMessage: { sessionPeerIds: [other] } },
    { cmd: "pubsub", op: "subscribe", peerId, pubsubMessage: { cid, topic: "t" } },
    { cmd: "unread", peerId, unreadMessage: { convs: [{ cid, unread: 1 }] } },
    { cmd: "data", peerId, dataMessage: { ids: ["1"], msg: [{ data: "{}" }] } },
    { cmd: "error", peerId, errorMessage: { code: 1, reason: "r", pids: [other] } },
    { cmd: "logout", peerId },
    { cmd: "goaway" },
  ];
}

const ids = (count: number, tag: string) =>
  Array.from({ length: count }, (_, at) => `${tag}${String(at).padStart(6, "0")}`);

/** Well-formed commands that name as much at once as they may, or far more. */
export function giants(scene: Scene): CommandInit[] {
  const { me: peerId, conversationId: cid, messageId: mid, sentAt } = scene;
  const distinct = ids(1_000, `${peerId}-`);
  const inList = JSON.stringify({ objectId: { $in: distinct } });
  const linkable = distinct.slice(0, 300);
  const named = (op: CommandInit["op"], convMessage: CommandInit["convMessage"]): CommandInit => {
    return { cmd: "conv", op, peerId, convMessage };
  };
  return [
    named("start", { m: ids(6_000, "crowd-") }),
    named("start", { m: ids(200, `${peerId}-guest-`) }),
    named("add", { cid, m: ids(6_000, "crowd-") }),
    named("remove", { cid, m: ids(6_000, "crowd-") }),
    named("is_member", { cids: distinct }),
    named("query", { where: { data: inList } }),
    named("query", {
      where: { data: JSON.stringify({ m: { $in: ids(5_000, "crowd-") } }) },
      limit: 2 ** 31 - 1,
    }),
    named("query", { tempConvIds: [distinct.map((id) => `_tmp:${id}`).join()] }),
    { cmd: "session", op: "query", peerId, sessionMessage: { sessionPeerIds: ids(6_000, "crowd-") } },
    { cmd: "direct", peerId, directMessage: { cid, msg: "x".repeat(120_000) } },
    { cmd: "direct", peerId, directMessage: { cid, msg: "x", mentionPids: ids(1_000, "crowd-") } },
    { cmd: "read", peerId, readMessage: { convs: linkable.map((id) => ({ cid: id })) } },
    {
      cmd: "patch",
      op: "modify",
      peerId,
      patchMessage: { patches: linkable.map((id) => ({ cid: id, mid, timestamp: sentAt, recall: true })) },
    },
  ];
}
