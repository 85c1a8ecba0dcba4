import { expect, test } from "vitest";
import { Backlog } from "../../../../src/gateway/limits/backlog.ts";
import { ClientSender } from "../../../../src/gateway/session/client-sender.ts";
import { PendingRequests } from "../../../../src/gateway/session/pending-requests.ts";
import type { Command } from "../../../../src/protocol/commands.ts";
import { decodeCommand } from "../../../../src/protocol/decode.ts";
import * as replies from "../../../../src/protocol/replies.ts";
import { refusal } from "../../../support/chat.ts";
import { type CommandInit, decodeFrame, encodeCommand } from "../../../support/frames.ts";
import { unreadMeter } from "../../../support/meter.ts";

const CHAT = "0123456789abcdef01234567";

/** The pending requests of Tom's session, and what Tom was answered. */
function toms({ userAgent, backlog }: { userAgent?: string; backlog?: Backlog } = {}) {
  const answers: string[] = [];
  const socket = {
    send: (frame: Uint8Array) => {
      const answer = decodeFrame(frame);
      answers.push(`${answer.i}: ${refusal(answer) || "answered"}`);
    },
    timer: () => () => {},
  };
  const services = { now: () => 0, backlog, meter: unreadMeter() };
  const requests = new PendingRequests({ progressed: () => {} }, services, new ClientSender(socket, "tom"));
  requests.sentBy(userAgent);
  return { requests, answers };
}

function command(init: CommandInit): Command {
  const decoded = decodeCommand(encodeCommand({ peerId: "tom", ...init }));
  if (decoded === undefined) throw new Error("no command");
  return decoded;
}

const read = (i: number) => command({ cmd: "read", i, readMessage: { convs: [{ cid: CHAT }] } });
const refused = (i: number) => replies.errorReply(i, "INTERNAL_ERROR");

test("[I10] a request has one answer, and a second answer goes nowhere", () => {
  const { requests, answers } = toms();
  requests.add(read(1));
  requests.answer(1, refused(1));
  requests.answer(1, refused(1));
  expect(answers).toEqual(["1: 4200 INTERNAL_ERROR"]);
  expect(requests.size).toBe(0);
});

test("[I10] a request to several conversations is answered when all have answered, and refused if one refused it", () => {
  const { requests, answers } = toms();
  requests.add(read(1), 3);
  requests.answer(1, replies.echo(1));
  requests.answer(1, refused(1));
  expect(answers).toEqual([]);
  requests.answer(1, replies.echo(1));
  expect(answers).toEqual(["1: 4200 INTERNAL_ERROR"]);
});

test("[I10] a request that is answered is not refused any more", () => {
  const { requests, answers } = toms();
  requests.add(read(1));
  requests.refuse(read(1), "INTERNAL_ERROR");
  requests.refuse(read(1), "INTERNAL_ERROR");
  requests.refuseAll("INTERNAL_ERROR");
  expect(answers).toHaveLength(1);
});

test("[I13] a send counts in the backlog until it is answered or its session ends", () => {
  const backlog = new Backlog();
  const { requests } = toms({ backlog });
  const send = (i: number) => command({ cmd: "direct", i, directMessage: { cid: CHAT, msg: "hello" } });
  for (let serial = 1; serial <= 30; serial += 1) requests.add(send(serial));
  expect(backlog.refuses(CHAT, "jerry", 60_000)).toBe(true);
  requests.refuse(send(1), "INTERNAL_ERROR");
  requests.close();
  expect(backlog.refuses(CHAT, "jerry", 60_000)).toBe(false);
});

test("Java and Android receive no error to a query of who is online", () => {
  const { requests, answers } = toms({ userAgent: "LeanCloud-Java-SDK/8.2.28" });
  const query = command({ cmd: "session", op: "query", i: 1, sessionMessage: { sessionPeerIds: ["jerry"] } });
  requests.add(query);
  requests.refuse(query, "INTERNAL_ERROR");
  expect(answers).toEqual(["1: answered"]);
});
