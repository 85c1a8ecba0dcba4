import { describe, expect, test } from "vitest";
import { AddressLimits } from "../../../../src/gateway/limits/address-limits.ts";
import { RateLimits } from "../../../../src/gateway/limits/rate-limits.ts";
import { decodeCommand } from "../../../../src/protocol/decode.ts";
import { defaultSettings } from "../../../../src/settings/schema.ts";
import { type CommandInit, encodeCommand } from "../../../support/frames.ts";

const { limits } = defaultSettings(false);
const NOW = 1_000_000;
const CHAT = "0123456789abcdef01234567";

/** How many of so many commands are let through, all in one minute. */
function allowed(rates: RateLimits, clientId: string, init: CommandInit, times: number): number {
  const frame = encodeCommand({ i: 1, peerId: clientId, ...init });
  const command = decodeCommand(frame);
  if (command === undefined) throw new Error("no command");
  let count = 0;
  for (let at = 0; at < times; at += 1) {
    if (rates.allows(clientId, command, frame.length, limits, NOW + at)) count += 1;
  }
  return count;
}

const send: CommandInit = { cmd: "direct", directMessage: { cid: CHAT, msg: "hi" } };
const history: CommandInit = { cmd: "logs", logsMessage: { cid: CHAT, limit: 20 } };
const readOne: CommandInit = { cmd: "read", readMessage: { convs: [{ cid: CHAT }] } };
const receipts: CommandInit = { cmd: "conv", op: "max_read", convMessage: { cid: CHAT } };
const acknowledgement: CommandInit = { cmd: "ack", ackMessage: { cid: CHAT, mid: "x" } };
const list: CommandInit = { cmd: "conv", op: "query", convMessage: { where: { data: '{"name":"x"}' } } };
const lookUp: CommandInit = {
  cmd: "conv",
  op: "query",
  convMessage: { where: { data: `{"objectId":"${CHAT}"}` } },
};
const startOne: CommandInit = { cmd: "conv", op: "start", convMessage: { m: ["jerry"], unique: true } };
const login: CommandInit = { cmd: "session", op: "open" };

describe("with the default limits", () => {
  test("[L-01] [L-02] [L-03] a support agent with 300 conversations is never refused", () => {
    const rates = new RateLimits("192.0.2.1", new AddressLimits());
    for (const each of [lookUp, startOne, receipts, history, readOne]) {
      expect(allowed(rates, "agent", each, 300)).toBe(300);
    }
    expect(allowed(rates, "agent", send, 5 * 60)).toBe(300);
    // Each customer answers as often, and an SDK acknowledges and reads every message.
    expect(allowed(rates, "agent", acknowledgement, 600)).toBe(600);
    expect(allowed(rates, "agent", readOne, 600)).toBe(600);
  });

  test("[L-01] [L-02] [L-03] 200 people behind one address that log in, chat and read are never refused", () => {
    const office = new AddressLimits();
    for (let person = 0; person < 200; person += 1) {
      const rates = new RateLimits("192.0.2.1", office);
      const does = (what: CommandInit, times: number) => allowed(rates, `person ${person}`, what, times);
      expect(does(login, 3)).toBe(3);
      expect(does(list, 5)).toBe(5);
      expect(does(lookUp, 100)).toBe(100);
      expect(does(startOne, 10)).toBe(10);
      expect(does(history, 30)).toBe(30);
      expect(does(send, 30)).toBe(30);
      expect(does(readOne, 200)).toBe(200);
      expect(does(acknowledgement, 1_000)).toBe(1_000);
    }
  });

  test("[L-01] [L-03] a socket that floods is refused early, with any command and any number of clients", () => {
    const floods: [CommandInit, number][] = [
      [send, 600],
      [history, 600],
      [startOne, 300],
      [list, 150],
      [lookUp, 3_000],
    ];
    for (const [what, most] of floods) {
      const rates = new RateLimits("192.0.2.1", new AddressLimits());
      expect(allowed(rates, "mallory", what, most * 2)).toBe(most);
      let together = most;
      for (let name = 1; name < 90; name += 1) together += allowed(rates, `mallory ${name}`, what, most);
      expect(together).toBe(most * 5);
    }
  });

  test("[L-01] [L-03] an address that floods is refused early, over any number of sockets", () => {
    const floods: [CommandInit, number][] = [
      [send, 12_000],
      [startOne, 6_000],
      [list, 7_500],
    ];
    for (const [what, most] of floods) {
      const addresses = new AddressLimits();
      let together = 0;
      for (let socket = 0; socket < 300; socket += 1) {
        together += allowed(new RateLimits("192.0.2.1", addresses), `mallory ${socket}`, what, 100);
      }
      expect(together).toBe(most);
      expect(allowed(new RateLimits("192.0.2.2", addresses), "tom", what, 10)).toBe(10);
    }
  });

  test("[L-03] a client that floods a socket with frames is not answered forever", () => {
    const rates = new RateLimits(undefined, new AddressLimits());
    let taken = 0;
    while (rates.takesFrame(100, NOW)) taken += 1;
    expect(taken).toBe(60_000);
    const other = new RateLimits(undefined, new AddressLimits());
    let bytes = 0;
    while (other.takesFrame(128 * 1024, NOW)) bytes += 128 * 1024;
    expect(bytes).toBe(64 * 1024 * 1024);
  });

  test("[L-03] a frame counts by the ids it names and by its bytes", () => {
    const rates = new RateLimits(undefined, new AddressLimits());
    const convs = Array.from({ length: 1_000 }, (_, at) => ({ cid: `${at}`.padStart(24, "0") }));
    expect(allowed(rates, "tom", { cmd: "read", readMessage: { convs } }, 5)).toBe(3);
    const m = Array.from({ length: 500 }, (_, at) => `person ${at}`);
    expect(allowed(rates, "tom", { cmd: "conv", op: "start", convMessage: { m } }, 20)).toBe(12);
    const attr = { data: JSON.stringify({ attr: { text: "x".repeat(60_000) } }) };
    const update: CommandInit = { cmd: "conv", op: "update", convMessage: { cid: CHAT, attr } };
    expect(allowed(rates, "tom", update, 60)).toBe(37);
    const sessionPeerIds = Array.from({ length: 100 }, (_, at) => `person ${at}`);
    const query: CommandInit = { cmd: "session", op: "query", sessionMessage: { sessionPeerIds } };
    expect(allowed(rates, "tom", query, 40)).toBe(30);
  });
});
