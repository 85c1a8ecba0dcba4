import type { CommandInit } from "../../../support/frames.ts";
import type { Random } from "../random.ts";
import { someOrder, someWhere } from "./costly-queries.ts";
import { attributes, HEAVY, type Heavy, messageId } from "./heavy-data.ts";

/** Frames that are within every limit and as expensive as they can be. What is named may be there or not. */

type Make = (random: Random, heavy: Heavy, me: string) => CommandInit;

const times = <Item>(count: number, item: (at: number) => Item): Item[] =>
  Array.from({ length: count }, (_, at) => item(at));

/** Up to so many, more often than not all of them. */
const upTo = (random: Random, most: number): number => (random.chance(0.6) ? most : 1 + random.below(most));

function someConversation(random: Random, { real, indexed, long, fat }: Heavy): string {
  const dice = random.next();
  if (dice < 0.6) return random.pick(real);
  if (dice < 0.75) return random.pick(indexed);
  if (dice < 0.95)
    return random
      .below(2 ** 40)
      .toString(16)
      .padStart(24, "e");
  return random.pick([long, fat]);
}

function someTime(random: Random, { first }: Heavy): number {
  const at = first + random.below(30_000) * 1_000;
  return random.pick([at, at, first - 1, Date.now(), 1]);
}

const conv = (op: CommandInit["op"], convMessage: CommandInit["convMessage"]): CommandInit => {
  return { cmd: "conv", op, convMessage };
};

const invented = (random: Random, count: number): string[] => {
  const run = random.below(50);
  return times(count, (at) => `guest ${run} ${at}`);
};

/** Commands on attributes: many operations on one big list, or on many, or depth. */
function someChanges(random: Random): Record<string, unknown> {
  const many = times(upTo(random, 5_000), () => `w${random.below(20_000)}`);
  const lists = { objects: many };
  return random.pick([
    () => ({ "attr.list": { __op: "AddUnique", ...lists } }),
    () => ({ "attr.list": { __op: "Remove", ...lists } }),
    () => ({ "attr.list": { __op: "Add", ...lists } }),
    () => ({ attr: attributes(random, upTo(random, 50_000)) }),
    () => Object.fromEntries(times(1_500, (at) => [`attr.n${at}`, { __op: "Increment", amount: at }])),
    () => Object.fromEntries(times(800, (at) => [`attr.k${at}.a.b.c`, { d: [at] }])),
    () => Object.fromEntries(times(1_000, (at) => [`attr.k${at}`, { __op: "Delete" }])),
    () => ({ attr: JSON.parse(`${'{"a":'.repeat(90)}1${"}".repeat(90)}`) }),
    () => ({ attr: { numbers: times(5_000, (at) => at + 0.5) } }),
  ])();
}

const data = (value: unknown) => ({ data: JSON.stringify(value) });

export const frames: Record<string, Make> = {
  "read of many": (random, heavy) => ({
    cmd: "read",
    readMessage: {
      convs: times(upTo(random, 1_000), () => {
        return { cid: someConversation(random, heavy), timestamp: someTime(random, heavy) };
      }),
    },
  }),
  "read of one's own": (_, { real, fat, long }) => ({
    cmd: "read",
    readMessage: { convs: [...real, fat, long].map((cid) => ({ cid })) },
  }),
  "read of much": (random, heavy) => ({
    cmd: "read",
    readMessage: {
      convs: [{ cid: random.pick([heavy.long, heavy.fat]), timestamp: someTime(random, heavy) }],
    },
  }),
  "ack of old times": (random, heavy) => ({
    cmd: "ack",
    ackMessage: { cid: random.pick([heavy.long, heavy.fat]), fromts: 1, tots: someTime(random, heavy) },
  }),
  "ack of many ids": (random, { long }) => ({
    cmd: "ack",
    ackMessage: { cid: long, ids: times(upTo(random, 2_000), (at) => messageId(at)) },
  }),
  "edit of many": (random, heavy) => {
    const count = upTo(random, 100);
    return {
      cmd: "patch",
      op: "modify",
      patchMessage: {
        patches: times(count, () => {
          const at = random.below(30_000);
          return {
            cid: random.chance(0.8) ? heavy.long : someConversation(random, heavy),
            mid: messageId(at),
            timestamp: heavy.first + at * 1_000,
            recall: random.chance(0.3),
            data: new Uint8Array(Math.floor(30_000 / count)).fill(97),
          };
        }),
        lastPatchTime: 1,
      },
    };
  },
  "list query": (random, heavy, me) =>
    conv("query", {
      where: data(someWhere(random, heavy, me)),
      sort: someOrder(random),
      flag: random.below(4),
      limit: upTo(random, 1_000),
      skip: random.chance(0.3) ? random.below(3_000) : 0,
    }),
  "query of one's own": (random) =>
    conv("query", { sort: someOrder(random), flag: random.below(4), limit: upTo(random, 1_000) }),
  "query by ids": (random, heavy) =>
    conv("query", {
      where: data({ objectId: { $in: times(upTo(random, 300), () => someConversation(random, heavy)) } }),
      limit: 1_000,
      flag: random.below(4),
    }),
  "query of temporary ones": (random) =>
    conv("query", { tempConvIds: times(upTo(random, 100), (at) => `_tmp:${random.below(99)}-${at}`) }),
  history: (random, heavy) => ({
    cmd: "logs",
    logsMessage: {
      cid: random.pick([heavy.long, heavy.fat]),
      limit: upTo(random, 1_000),
      t: someTime(random, heavy),
      tt: random.chance(0.5) ? someTime(random, heavy) : 0,
      direction: 1 + random.below(2),
    },
  }),
  "history by type": (random, heavy) => ({
    cmd: "logs",
    logsMessage: {
      cid: random.pick([heavy.long, heavy.fat]),
      limit: upTo(random, 1_000),
      t: Date.now(),
      lctype: random.pick([7, -1, 99]),
    },
  }),
  "start with many": (random, _, me) =>
    conv("start", {
      m: [me, ...invented(random, upTo(random, 80))],
      unique: random.chance(0.3),
      attr: data({ name: "n", attr: attributes(random, upTo(random, 50_000)) }),
    }),
  "start among many": (random, { real }, me) =>
    conv("start", {
      m: [me, ...HEAVY, "popular", random.pick(real)],
      unique: true,
      attr: data({ attr: { a: "x".repeat(60_000) } }),
    }),
  "add of many": (random, { real }) =>
    conv("add", { cid: random.pick(real), m: invented(random, upTo(random, 60)) }),
  "removal of many": (random, { real }) =>
    conv("remove", { cid: random.pick(real), m: invented(random, upTo(random, 1_000)) }),
  "change of attributes": (random, { real }) =>
    conv("update", { cid: random.pick(real.slice(0, 10)), attr: data(someChanges(random)) }),
  "who is online": (random) => ({
    cmd: "session",
    op: "query",
    sessionMessage: { sessionPeerIds: [...HEAVY, ...invented(random, 90)] },
  }),
  "who is a member": (random, heavy) =>
    conv("is_member", { cids: times(upTo(random, 100), () => someConversation(random, heavy)) }),
  "all marks": (random, heavy) =>
    conv("max_read", { cid: someConversation(random, heavy), queryAllMembers: true }),
  mute: (random, heavy) => conv(random.pick(["mute", "unmute"]), { cid: someConversation(random, heavy) }),
  "long message": (random, heavy) => ({
    cmd: "direct",
    directMessage: {
      cid: random.pick(heavy.real),
      msg: JSON.stringify({ _lctype: -1, _lctext: "a b ".repeat(8_000) }),
      mentionPids: times(600, (at) => `person ${at}`),
      r: true,
      transient: random.chance(0.2),
    },
  }),
  "big will": (random, heavy) => ({
    cmd: "direct",
    directMessage: { cid: random.pick(heavy.real), msg: "w".repeat(32_000), will: true },
  }),
  "login again": (random) => ({
    cmd: "session",
    op: "open",
    appId: "parley-dev",
    sessionMessage: {
      ua: "js/5.0.0",
      configBitmap: 187,
      r: random.chance(0.5),
      lastPatchTime: random.pick([0, 1]),
      tag: `tag ${random.below(1_000)}`,
      deviceToken: `device ${random.below(1_000)}`,
      ...(random.chance(0.2) && { st: "a".repeat(100_000) }),
    },
  }),
};
