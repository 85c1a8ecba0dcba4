import { expect, test } from "vitest";
import { fromBase64 } from "../../../src/protocol/base64.ts";
import { decodeByLibrary, decodeCommand } from "../../../src/protocol/decode.ts";
import { readSend } from "../../../src/protocol/read-send.ts";
import { type CommandInit, encodeCommand } from "../../support/frames.ts";

const ROUNDS = 20_000;
/** Milliseconds one frame of a few hundred bytes may take on a busy machine. */
const FRAME_TIME_MAX = 250;

/** Mulberry32: a failing round can be had again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const inits: CommandInit[] = [
  { cmd: "session", op: "open", i: 1, peerId: "alice", sessionMessage: { ua: "js", t: 5, n: "n", s: "s" } },
  {
    cmd: "conv",
    op: "start",
    i: -3,
    convMessage: { m: ["a", "b"], attr: { data: '{"name":"n","attr":{"a":[1]}}' } },
  },
  {
    cmd: "conv",
    op: "query",
    i: 3,
    convMessage: { where: { data: '{"m":{"$all":["a"]}}' }, tempConvIds: ["a,b"] },
  },
  {
    cmd: "conv",
    op: "update",
    i: 4,
    convMessage: { cid: "c", attr: { data: '{"attr.a.b":{"__op":"Delete"}}' } },
  },
  {
    cmd: "direct",
    i: 5,
    directMessage: { cid: "c", msg: "héllo 😀", binaryMsg: new Uint8Array([1, 2]), pushData: "{}" },
  },
  { cmd: "logs", i: 6, logsMessage: { cid: "c", l: 10, t: 1_700_000_000_000, mid: "m" } },
  {
    cmd: "patch",
    op: "modify",
    patchMessage: { patches: [{ cid: "c", mid: "m", timestamp: 1, data: new Uint8Array([65]) }] },
  },
  { cmd: "read", readMessage: { convs: [{ cid: "c", timestamp: 9 }] } },
  { cmd: "ack", ackMessage: { cid: "c", fromts: 1, tots: 2 } },
];
const frames = inits.map(encodeCommand);

/** Frames that send a message, as SDKs and the gateway write them. */
const sends: CommandInit[] = [
  { cmd: "direct", i: 5, appId: "app", peerId: "Tom", directMessage: { cid: "5f0e", msg: "héllo 😀" } },
  { cmd: "direct", i: 65_536, priority: 1, directMessage: { cid: "c", msg: "x".repeat(300), r: true } },
  { cmd: "direct", priority: 3, directMessage: { cid: "c", msg: "", transient: true, will: true } },
  { cmd: "direct", i: 0, supervised: true, directMessage: { cid: "c", binaryMsg: new Uint8Array([0, 255]) } },
  { cmd: "direct", i: 1, pushes: 2, directMessage: { cid: "c", msg: "\ufeffa", pushData: '{"alert":"ü"}' } },
  {
    cmd: "direct",
    i: 7,
    service: 2,
    installationId: "device",
    directMessage: { cid: "c", msg: "m", dt: "t", mentionPids: ["Tom", "汤姆"], mentionAll: false },
  },
  // Java sets both, and fields that nothing reads.
  { cmd: "direct", i: 8, directMessage: { cid: "c", msg: "text", binaryMsg: new Uint8Array([1]) } },
];

function pick<Item>(random: () => number, items: readonly Item[]): Item | undefined {
  return items[Math.floor(random() * items.length)];
}

function noise(random: () => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

function mutated(random: () => number, of: readonly Uint8Array[] = frames): Uint8Array {
  const source = pick(random, of) ?? new Uint8Array();
  const frame = new Uint8Array(source);
  for (let count = Math.ceil(random() * 6); count > 0; count--) {
    frame[Math.floor(random() * frame.length)] = Math.floor(random() * 256);
  }
  if (random() < 0.2) return frame.subarray(0, Math.floor(random() * frame.length));
  if (random() < 0.2) return Uint8Array.from([...frame, ...(pick(random, frames) ?? [])]);
  if (random() < 0.2) return Uint8Array.from([...frame, ...noise(random, 20)]);
  return frame;
}

test("[I10] the decoder neither throws nor takes long on any bytes", () => {
  const random = randomFrom(20_231_114);
  const seen = new Map<string, number>();
  let slowest = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const frame = random() < 0.3 ? noise(random, Math.floor(random() * 400)) : mutated(random);
    const start = performance.now();
    const name = decodeCommand(frame)?.name ?? "none";
    slowest = Math.max(slowest, performance.now() - start);
    seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  expect(slowest).toBeLessThan(FRAME_TIME_MAX);
  // The mutations reach past the outermost parse.
  for (const name of ["none", "malformed", "unsupported", "message.send", "conversation.start"]) {
    expect(seen.get(name), name).toBeGreaterThan(0);
  }
});

test("a frame that sends a message is read without the library", () => {
  for (const send of sends) expect(readSend(encodeCommand(send)), JSON.stringify(send)).toBeDefined();
});

test("fields that come twice count as the library counts them", () => {
  const more: CommandInit[] = [
    { directMessage: { msg: "more", dt: "t2", mentionPids: ["Spike"] } },
    { peerId: "Spike", i: 9, priority: 2, service: 1 },
    { cmd: "ack" },
    { cmd: "direct", directMessage: {} },
  ];
  for (const send of sends) {
    for (const fields of more) {
      const frame = Uint8Array.from([...encodeCommand(send), ...encodeCommand(fields)]);
      expect(decodeCommand(frame), JSON.stringify([send, fields])).toEqual(decodeByLibrary(frame));
    }
  }
});

test("whatever bytes a frame that sends a message has, it is read as the library reads it", () => {
  const random = randomFrom(20_261_129);
  const whole = sends.map(encodeCommand);
  let quick = 0;
  for (const frame of whole) expect(decodeCommand(frame)).toEqual(decodeByLibrary(frame));
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const frame = mutated(random, whole);
    const read = readSend(frame);
    if (read === undefined) continue;
    quick += 1;
    expect(read, Buffer.from(frame).toString("hex")).toEqual(decodeByLibrary(frame));
  }
  expect(quick).toBeGreaterThan(ROUNDS / 10);
});

test("deeply nested groups of unknown fields are refused", () => {
  expect(decodeCommand(new Uint8Array(100_000).fill(0xfb))).toBeUndefined();
  expect(decodeCommand(new Uint8Array(100_000).fill(0x7b))).toBeUndefined();
});

test("the decoder's time is proportional to the length of a frame", () => {
  const frame = encodeCommand({
    cmd: "conv",
    op: "start",
    convMessage: { m: Array(100_000).fill("member") },
  });
  const start = performance.now();
  expect(decodeCommand(frame)?.name).toBe("conversation.start");
  expect(performance.now() - start).toBeLessThan(2_000);
});

test("the Base64 decoder throws on no text", () => {
  const random = randomFrom(7);
  for (let round = 0; round < 2_000; round++) {
    const text = String.fromCharCode(
      ...noise(random, 60).map((byte) => (random() < 0.5 ? 32 + (byte % 95) : byte)),
    );
    const bytes = fromBase64(text);
    if (bytes !== undefined) decodeCommand(bytes);
  }
});
