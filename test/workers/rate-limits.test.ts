import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { INVITATIONS_OF_ONE, INVITATIONS_PER_SOCKET } from "../../src/bounds.ts";
import { named, refusal, start } from "../support/chat.ts";
import type { CommandInit } from "../support/frames.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

/** With the default limits unless a test sets others: people never reach them, and a flood does at once. */

const DEFAULTS = {
  sendsPerMinute: null,
  historyQueriesPerMinute: null,
  otherCommandsPerMinute: null,
  peoplePerAddress: null,
};
beforeAll(() => openWorld({ limits: DEFAULTS }));
afterEach(() => configure({ limits: DEFAULTS }));

const TOO_FAST = "4116 MESSAGE_SENT_QUOTA_EXCEEDED";

/** Gives commands without waiting in between; how each was refused, or "". */
async function allOf(device: WorkerdDevice, commands: CommandInit[], first = 10_000): Promise<string[]> {
  const peerId = device.clientId;
  for (const [at, command] of commands.entries()) device.send({ peerId, ...command, i: first + at });
  const outcomes: string[] = [];
  for (const at of commands.keys()) {
    const answer = await device.expect("an answer", (frame) => frame.i === first + at);
    outcomes.push(refusal(answer));
  }
  return outcomes;
}

function refused(outcomes: string[]): number {
  return outcomes.filter((outcome) => outcome !== "").length;
}

const send = (cid: string, msg = "hi"): CommandInit => ({ cmd: "direct", directMessage: { cid, msg } });
const lookUp = (cid: string): CommandInit => {
  return { cmd: "conv", op: "query", convMessage: { where: { data: JSON.stringify({ objectId: cid }) } } };
};

describe("people", () => {
  test("[L-01] [L-02] [L-03] a support agent opens many conversations at once and writes a message a second in five windows", async () => {
    const [agent] = named("agent");
    const desk = await WorkerdDevice.of(agent);
    const conversations = 80; // all 300 of a desk are counted in test/rules/gateway/limits/rate-limits.test.ts
    const starts = Array.from({ length: conversations }, (_, at): CommandInit => {
      return { cmd: "conv", op: "start", convMessage: { m: [`${agent} customer ${at}`], unique: true } };
    });
    expect(refused(await allOf(desk, starts))).toBe(0);
    const cids = desk.received.flatMap(({ convMessage }) =>
      convMessage?.cid && convMessage.cdate ? [convMessage.cid] : [],
    );
    expect(cids.length).toBe(conversations);
    expect(refused(await allOf(desk, cids.map(lookUp), 20_000))).toBe(0);
    const pages = cids.map((cid): CommandInit => ({ cmd: "logs", logsMessage: { cid, limit: 20 } }));
    expect(refused(await allOf(desk, pages, 30_000))).toBe(0);
    const reads = cids.map((cid): CommandInit => ({ cmd: "read", readMessage: { convs: [{ cid }] } }));
    expect(refused(await allOf(desk, reads, 40_000))).toBe(0);
    const receipts = cids.map((cid): CommandInit => ({ cmd: "conv", op: "max_read", convMessage: { cid } }));
    expect(refused(await allOf(desk, receipts, 50_000))).toBe(0);
    const minute = Array.from({ length: 300 }, (_, at) =>
      send(cids[at % Math.min(5, cids.length)] ?? "", `${at}`),
    );
    expect(refused(await allOf(desk, minute, 60_000))).toBe(0);
  }, 60_000);

  test("[L-01] [L-02] [L-03] an office behind one address logs in, chats and reads in the same minute", async () => {
    const headers = { "cf-connecting-ip": "198.41.200.7" };
    // All 200 of an office are counted in test/rules/gateway/limits/rate-limits.test.ts.
    const people = Array.from({ length: 80 }, (_, at) => named(`person ${at}`)[0] ?? "");
    const groups: string[] = [];
    let refusals = 0;
    for (const [at, person] of people.entries()) {
      const device = await WorkerdDevice.of(person, { headers });
      if (at % 20 === 0) groups.push(await start(device, people.slice(at, at + 20), { unique: true }));
      const cid = groups.at(-1) ?? "";
      const commands: CommandInit[] = [
        { cmd: "conv", op: "query", convMessage: { where: { data: '{"name":"x"}' } } },
        lookUp(cid),
        send(cid),
        { cmd: "logs", logsMessage: { cid, limit: 20 } },
        { cmd: "read", readMessage: { convs: [{ cid }] } },
        { cmd: "conv", op: "max_read", convMessage: { cid } },
      ];
      refusals += refused(await allOf(device, commands));
    }
    expect(refusals).toBe(0);
  }, 60_000);
});

describe("floods", () => {
  test("[L-01] [L-03] a socket that floods in ever new names is refused after five clients' worth", async () => {
    const { tom, toms: device } = await onlineClients("tom");
    const cid = await start(device, [tom]);
    await configure({ limits: { sendsPerMinute: 10 } });
    let taken = 0;
    for (let name = 0; name < 8; name += 1) {
      await device.login(`${tom} ${name}`);
      const outcomes = await allOf(
        device,
        Array.from({ length: 11 }, () => send(cid)),
        1_000 * (name + 1),
      );
      // Not a member, so refused by the conversation: but it was asked.
      taken += outcomes.filter((outcome) => outcome !== TOO_FAST).length;
      expect(outcomes.at(-1)).toBe(TOO_FAST);
    }
    expect(taken).toBe(50);
  });

  test("[L-01] [L-03] an address that floods over ever new sockets is refused, and another is not", async () => {
    const [tom] = named("tom");
    const cid = await start(await WorkerdDevice.of(tom), [tom]);
    await configure({ limits: { sendsPerMinute: 10, peoplePerAddress: 30 } });
    const from = async (address: string) => {
      const device = await WorkerdDevice.of(tom, { headers: { "cf-connecting-ip": address } });
      return refused(
        await allOf(
          device,
          Array.from({ length: 10 }, () => send(cid)),
        ),
      );
    };
    const outcomes: number[] = [];
    for (let socket = 0; socket < 5; socket += 1) outcomes.push(await from("198.41.200.8"));
    expect(outcomes).toEqual([0, 0, 0, 10, 10]);
    expect(await from("198.41.200.9")).toBe(0);
  });
});

describe("invitations", () => {
  const begin = (members: string[]): CommandInit => {
    return { cmd: "conv", op: "start", convMessage: { m: members, unique: false } };
  };
  const times = <T>(count: number, make: (at: number) => T) =>
    Array.from({ length: count }, (_, at) => make(at));
  const BY_SOCKET = INVITATIONS_OF_ONE.bySocket.atOnce;

  test("two full groups and many chats with many people stay within the limits on invitations", async () => {
    const { tom, toms } = await onlineClients("tom");
    const people = times(200, (at) => `${tom} friend ${at}`);
    const chats = people.slice(0, 40).map((friend) => begin([friend]));
    expect(refused(await allOf(toms, [begin(people), begin(people), ...chats]))).toBe(0);
  }, 60_000);

  test("one client is invited to at most a hundred conversations at once, and invitations of others go on", async () => {
    const [jerry, spike] = named("jerry", "spike");
    const { tom, toms } = await onlineClients("tom");
    const outcomes = await allOf(
      toms,
      times(BY_SOCKET + 20, () => begin([jerry])),
    );
    expect(outcomes.slice(0, BY_SOCKET)).toEqual(times(BY_SOCKET, () => ""));
    expect(outcomes.at(-1)).toBe(TOO_FAST);
    expect(refusal(await toms.ask(begin([spike])))).toBe("");
    // Nor into one that is there already, nor in another name of the same socket; some comes back meanwhile.
    const chat = await start(toms, [tom], { unique: false });
    const add: CommandInit = { cmd: "conv", op: "add", convMessage: { cid: chat, m: [jerry] } };
    expect(
      (
        await allOf(
          toms,
          times(20, () => add),
          20_000,
        )
      ).at(-1),
    ).toBe(TOO_FAST);
    await toms.login(`${tom} again`);
    expect(
      (
        await allOf(
          toms,
          times(20, () => begin([jerry])),
          30_000,
        )
      ).at(-1),
    ).toBe(TOO_FAST);
  }, 60_000);

  test("one socket invites at most a thousand clients at once", async () => {
    const { tom, toms } = await onlineClients("tom");
    await configure({ limits: { members: 1_100 } });
    const crowd = (count: number) => begin(times(count, (at) => `${tom} ${at}`));
    expect(refusal(await toms.ask(crowd(INVITATIONS_PER_SOCKET.atOnce + 1)))).toBe(TOO_FAST);
    expect(refusal(await toms.ask(crowd(3)))).toBe("");
    await configure({ limits: { members: null } });
  });
});
