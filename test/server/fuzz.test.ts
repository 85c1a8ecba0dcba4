import { afterAll, beforeAll, expect, test } from "vitest";
import { heard, refusal, say, start } from "../support/chat.ts";
import { type Server, startServer } from "../support/server.ts";
import { GarbageSender } from "./support/garbage-sender.ts";
import { wholeHistory } from "./support/history.ts";
import { NodeDevice } from "./support/node-device.ts";
import { configure, unlimited } from "./support/owner.ts";
import { Random, seedOfThisRun } from "./support/random.ts";

const FRAMES = 10_000;
const APP_ID = "parley-dev";

let server: Server;

beforeAll(async () => {
  server = await startServer();
  await configure(server, { ...unlimited, messages: { allowEdit: true, allowRecall: true } });
});
afterAll(() => server.stop());

const PROTOCOLS = ["lc.protobuf2.3", "lc.proto2base64.3", "lc.protobuf2.1", "lc.proto2base64.1"];

/** Four clients that send garbage, two and two in a conversation, each with a protocol of its own. */
async function garbageSenders(seed: number): Promise<GarbageSender[]> {
  const all: GarbageSender[] = [];
  for (const [me, other] of [
    ["spike", "tyke"],
    ["tyke", "spike"],
    ["butch", "quacker"],
    ["quacker", "butch"],
  ] as const) {
    const device = await NodeDevice.of(server, me);
    const conversationId = await start(device, [me, other], { unique: true });
    const accepted = await say(device, conversationId, `I am ${me}`);
    device.close();
    const messageId = accepted.ackMessage?.uid ?? "";
    const sentAt = Number(accepted.ackMessage?.t);
    const scene = { appId: APP_ID, me, other, conversationId, messageId, sentAt };
    all.push(new GarbageSender(server, new Random(seed + all.length), PROTOCOLS[all.length] ?? "", scene));
  }
  return all;
}

test(`[I10] ${FRAMES} frames of garbage are each answered once or close the socket, and other clients' messages pass`, async () => {
  const seed = seedOfThisRun();
  const everybody = await garbageSenders(seed);
  const toms = await NodeDevice.of(server, "tom");
  const jerrys = await NodeDevice.of(server, "jerry");
  const chat = await start(toms, ["tom", "jerry"]);
  const said = { tom: [] as string[], jerry: [] as string[], both: [] as string[] };

  const talk = async () => {
    for (const [speaker, listener, texts] of [
      [toms, jerrys, said.tom],
      [jerrys, toms, said.jerry],
    ] as const) {
      const text = `${said.both.length}: ${speaker.clientId} to ${listener.clientId}`;
      texts.push(text);
      said.both.push(text);
      const accepted = await say(speaker, chat, text);
      expect(refusal(accepted)).toBe("");
      await listener.message(text);
    }
  };

  let sent = 0;
  while (sent < FRAMES) {
    const [, ...counts] = await Promise.all([talk(), ...everybody.map((sender) => sender.round())]);
    for (const count of counts) sent += count;
  }
  for (const sender of everybody) sender.leave();
  await talk();

  expect(heard(jerrys, chat)).toEqual(said.tom);
  expect(heard(toms, chat)).toEqual(said.jerry);
  for (const reader of [toms, jerrys]) {
    expect((await wholeHistory(reader, chat)).map(({ text }) => text)).toEqual(said.both);
  }
  expect([toms.closed, jerrys.closed]).toEqual([undefined, undefined]);
  expect(server.output()).not.toMatch(/error|exception|uncaught|unhandled/i);

  // The garbage got past the first parse, and not all of it.
  const outcomes = new Map<string, number>();
  for (const [what, count] of everybody.flatMap((sender) => [...sender.outcomes])) {
    outcomes.set(what, (outcomes.get(what) ?? 0) + count);
  }
  const enough: [string, number][] = [
    ["result", 1_000],
    ["closed 4114", 100],
    ["closed 4109", 10],
    ["4310 CONVERSATION_QUERY_FAILED", 50],
    ["4306 CONVERSATION_UPDATE_FAILED", 20],
  ];
  for (const [what, least] of enough) expect(outcomes.get(what) ?? 0, what).toBeGreaterThan(least);
  // Some ask for too much at once; nothing else may be refused so.
  expect(outcomes.get("4200 INTERNAL_ERROR") ?? 0).toBeLessThan(20);
});
